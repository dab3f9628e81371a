"""What people and programs are told when something cannot be done, and which requests the office does not take."""

import logging

import html5lib
import pytest
from flask.testing import FlaskClient

from ltsa.message import Refusal
from tests.web.look_app import look_app
from web.errors import status_of
from web.security import BODY_LIMIT

A_PROGRAM = {"Accept": "application/json"}
A_WINDOW = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"}


@pytest.fixture
def office() -> FlaskClient:
    return look_app().test_client()


@pytest.fixture
def running() -> FlaskClient:
    """An office as people use it: a failure is answered, not thrown at the test."""
    return look_app(testing=False).test_client()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("unknown-office", 404),
        ("unknown-ticket", 404),
        ("unknown-service", 422),
        ("unknown-reasons", 422),
        ("wrong-date", 422),
        ("no-services", 422),
        ("nobody-waiting", 409),
        ("too-late", 409),
        ("key-reused", 409),
    ],
)
def test_a_refusal_s_status_says_whose_turn_it_is(code: str, status: int) -> None:
    assert status_of(Refusal(code, "…")) == status


def test_a_script_reads_code_field_and_state_and_shows_the_message_in_the_page_s_language(office: FlaskClient) -> None:
    answer = office.get("/served", headers=A_PROGRAM)
    assert answer.status_code == 409
    assert answer.json == {
        "code": "being-served",
        "message": "Anda sedang dilayani. Sampaikan kepada petugas.",
        "field": None,
        "state": "serving",
    }
    english = office.get("/served?lang=en", headers=A_PROGRAM)
    assert english.json
    assert english.json["message"] == "You are being served. Tell the officer."


def test_a_program_reads_the_rule_s_own_english_sentence(office: FlaskClient) -> None:
    answer = office.get("/api/nobody")
    assert answer.status_code == 409
    assert answer.json == {
        "code": "nobody-waiting",
        "message": "Nobody is waiting for the services of this counter.",
        "field": None,
        "state": "free",
    }


def test_a_refusal_that_no_room_translated_is_still_said(office: FlaskClient) -> None:
    answer = office.get("/unspoken", headers=A_PROGRAM)
    assert answer.status_code == 422
    assert answer.json == {
        "code": "wrong-moon",
        "message": "The moon must be <full>.",
        "field": "moon",
        "state": None,
    }
    assert "The moon must be &lt;full&gt;." in office.get("/unspoken", headers=A_WINDOW).text


def test_a_person_reads_what_happened_what_was_kept_and_what_to_do_next(office: FlaskClient) -> None:
    page = office.get("/served", headers=A_WINDOW)
    assert page.status_code == 409
    for said in (
        "Yang terjadi",
        "Anda sedang dilayani",
        "Sedang dilayani",
        "Tidak ada yang berubah",
        "Yang dapat dilakukan",
    ):
        assert said in page.text
    html5lib.HTMLParser(strict=True).parse(page.text)


def test_a_person_can_go_back_to_the_office_s_own_page_and_to_no_other(office: FlaskClient) -> None:
    own = office.get("/served", headers={**A_WINDOW, "Referer": "http://localhost/desk/ltsa/3?lang=en"})
    assert 'href="/desk/ltsa/3?lang=en"' in own.text
    foreign = office.get("/served", headers={**A_WINDOW, "Referer": "http://evil.example/desk/ltsa/3"})
    assert "/desk/ltsa/3" not in foreign.text


@pytest.mark.parametrize(
    ("asked", "body", "status", "code"),
    [
        ("GET /nothing-here", None, 404, "not-found"),
        ("GET /api/nothing-here", None, 404, "not-found"),
        ("GET /nowhere", None, 404, "unknown-office"),
        ("DELETE /change", None, 405, "method-not-allowed"),
        ("POST /change", b"x" * (BODY_LIMIT + 1), 413, "too-large"),
        ("POST /api/change", b"{", 400, "bad-request"),
        ("POST /api/change", "plain", 415, "unsupported-media-type"),
        ("GET /broken", None, 500, "failed"),
        ("GET /full-disk", None, 503, "ledger-unavailable"),
    ],
)
def test_every_error_has_the_one_shape_and_the_one_page(
    running: FlaskClient, asked: str, body: bytes | str | None, status: int, code: str
) -> None:
    method, path = asked.split()
    kind = "application/json" if isinstance(body, bytes) and path.startswith("/api/") else "text/plain"
    answer = running.open(path, method=method, data=body, content_type=kind, headers=A_PROGRAM)
    assert answer.status_code == status
    assert answer.json
    assert list(answer.json) == ["code", "field", "message", "state"]
    assert answer.json["code"] == code
    assert answer.json["message"]
    if not path.startswith("/api/"):
        page = running.open(path, method=method, data=body, content_type=kind, headers=A_WINDOW)
        assert page.status_code == status
        assert page.mimetype == "text/html"
        html5lib.HTMLParser(strict=True).parse(page.text)


def test_a_wrong_method_is_told_the_right_ones(office: FlaskClient) -> None:
    assert "POST" in office.delete("/change").headers["Allow"]


def test_a_failure_is_logged_in_full_and_told_without_a_word_of_it(
    running: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        pages = [running.get("/broken", headers=headers).text for headers in (A_PROGRAM, A_WINDOW)]
    assert "swordfish" in caplog.text
    assert "Traceback" in caplog.text
    for page in pages:
        assert "swordfish" not in page
        assert "Traceback" not in page
        assert "RuntimeError" not in page


def test_a_full_disk_says_that_it_may_not_be_on_record(running: FlaskClient) -> None:
    page = running.get("/full-disk", headers=A_WINDOW)
    assert page.status_code == 503
    assert "tidak tercatat" in page.text


@pytest.mark.parametrize("path", ["/", "/gallery", "/served", "/nothing-here", "/static/web/look.css"])
def test_every_answer_tells_the_browser_what_to_refuse(office: FlaskClient, path: str) -> None:
    with office.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_a_shared_screen_keeps_no_page_of_the_person_before(office: FlaskClient) -> None:
    assert office.get("/").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {},  # a program: says nothing of where it comes from
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Origin": "http://192.168.1.10:8000", "Host": "192.168.1.10:8000"},
        {"Origin": "http://[::1]:8000", "Host": "[::1]:8000"},
        {"Origin": "https://antrean.example.go.id", "Host": "127.0.0.1:8000"},  # behind a proxy
    ],
)
def test_changes_come_from_programs_and_from_the_office_s_own_pages(
    office: FlaskClient, headers: dict[str, str]
) -> None:
    assert office.post("/change", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
    ],
)
def test_a_change_from_anywhere_else_is_refused(office: FlaskClient, headers: dict[str, str]) -> None:
    answer = office.post("/change", headers={**headers, **A_PROGRAM})
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["code"] == "other-origin"
