"""Requests that cannot be meant: each is refused with the right status and the name of what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ltsa.access import EVERYWHERE

if TYPE_CHECKING:
    from tests.api.program import Program

TICKETS = "/api/v1/offices/ltsa/tickets"
KEY = {"Idempotency-Key": "k"}
JSON = {**KEY, "Content-Type": "application/json"}


def refused(
    program: Program, data: bytes, headers: dict[str, str] | None = None, path: str = TICKETS
) -> tuple[Any, ...]:
    """Status, code and field of a POST that must be refused."""
    answer = program.send("POST", path, data=data, headers=JSON if headers is None else headers)
    assert answer.json, answer.text
    assert answer.json["message"]
    return answer.status_code, answer.json["code"], answer.json["field"]


@pytest.mark.parametrize("key", ["", " ", "a b", "kopi ☕", "é", "x" * 201, "tab\t!", "\x7f"])
def test_a_key_is_visible_ascii_of_at_most_200_characters(program: Program, key: str) -> None:
    headers = {**JSON, "Idempotency-Key": key.encode().decode("latin-1")}
    assert refused(program, b'{"services": ["bank"]}', headers) == (400, "wrong-key", "Idempotency-Key")


def test_a_change_without_a_key_is_refused_with_a_sentence(program: Program) -> None:
    headers = {"Content-Type": "application/json"}
    assert refused(program, b'{"services": ["bank"]}', headers) == (400, "missing-key", "Idempotency-Key")


def test_the_longest_key_is_taken(program: Program) -> None:
    assert program.post("/offices/ltsa/tickets", {"services": ["bank"]}, key="~" * 200).status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/jsonx",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "json",
        "",
        ";;;=,",
    ],
)
def test_a_body_of_another_type_is_not_read(program: Program, kind: str) -> None:
    assert refused(program, b'{"services": ["bank"]}', {**KEY, "Content-Type": kind})[:2] == (
        415,
        "unsupported-media-type",
    )


def test_a_compressed_body_is_not_read(program: Program) -> None:
    assert refused(program, b"\x1f\x8b", {**JSON, "Content-Encoding": "gzip"})[0] == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_is_known_however_its_type_is_spelled(program: Program, kind: str) -> None:
    headers = {**KEY, "Content-Type": kind}
    assert program.send("POST", TICKETS, data=b'{"services": ["bank"]}', headers=headers).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{]",
        b'{"services": ["bank"]} {}',
        b'{"services": ["bank"],}',
        b"{'services': ['bank']}",
        b'{"services": ["bank"], "language": NaN}',
        b'{"services": ["\xff"]}',
        b'{"\xff": 1}',
        b'{"services": ["\xed\xa0\x80"]}',
        b'{"services": ["\\ud800"]}',
        b'{"services": ["\x00"]}',
        b"\xef\xbb\xbf{}",
        '{"services": []}'.encode("utf-16"),
        b"\x00",
        b" ",
    ],
)
def test_what_is_not_json_is_a_bad_request(program: Program, body: bytes) -> None:
    assert refused(program, body) == (400, "bad-json", None)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", "missing-field", "services"),
        (b"[]", "wrong-value", None),
        (b"null", "wrong-value", None),
        (b'"bank"', "wrong-value", None),
        (b"[" * 60_000, "wrong-value", None),
        (b'{"priority": null}', "missing-field", "services"),
        (b'{"services": "bank"}', "wrong-value", "services"),
        (b'{"services": [1]}', "wrong-value", "services"),
        (b'{"services": [["bank"]]}', "wrong-value", "services"),
        (b'{"services": ' + b"[" * 60_000, "wrong-value", "services"),
        (b'{"services": null}', "wrong-value", "services"),
        (b'{"services": []}', "no-services", "services"),
        (b'{"services": ["bank", "bank"]}', "service-twice", "services"),
        (b'{"services": ["tea"]}', "unknown-service", "services"),
        (b'{"services": ["\\u0000"]}', "unknown-service", "services"),
        (b'{"services": ["' + b"x" * 41 + b'"]}', "wrong-value", "services"),
        (b'{"services": [' + b'"bank",' * 50 + b'"bank"]}', "wrong-value", "services"),
        (b'{"services": ["bank"], "priority": 1e400}', "wrong-value", "priority"),
        (b'{"services": ["bank"], "priority": ' + b"9" * 5000 + b"}", "wrong-value", "priority"),
        (b'{"services": ["bank"], "priority": true}', "wrong-value", "priority"),
        (b'{"services": ["bank"], "priority": "king"}', "unknown-priority", "priority"),
        (b'{"services": ["bank"], "language": "fr"}', "wrong-value", "language"),
        (b'{"services": ["bank"], "token": "x"}', "unknown-field", "token"),
        (b'{"services": ["bank"], "key": "x"}', "unknown-field", "key"),
        (b'{"services": ["bank"], "": 1}', "unknown-field", ""),
        (b'{"services": ["bank"], "a` - at `$.b": 1}', "unknown-field", "a` - at `$.b"),
        (b'{"services": ["bank"], "deep": ' + b"[" * 60_000, "unknown-field", "deep"),
        (b'{"services": ["bank"], "' + b"n" * 9000 + b'": 1}', "unknown-field", "n" * 60 + "…"),
    ],
)
def test_a_wrong_field_is_named(program: Program, body: bytes, code: str, field: str | None) -> None:
    assert refused(program, body) == (422, code, field or None)


def test_no_body_is_an_empty_object(program: Program) -> None:
    program.opens("5", "Sri")
    path = "/api/v1/offices/ltsa/counters/5/close"
    assert program.send("POST", path, headers=KEY).status_code == 200


@pytest.mark.parametrize("note", ["bell\a", "nul\0", "escape\x1b[31m", "x" * 1001, ""])
def test_a_note_is_plain_text_of_a_few_lines(program: Program, note: str) -> None:
    assert program.refused("/offices/ltsa/counters/5/note", {"note": note}) == (422, "wrong-value")


def test_a_body_of_64_kilobytes_is_read_and_a_longer_one_refused(program: Program) -> None:
    start = b'{"services": ["bank"]'
    exactly = start + b" " * (64 * 1024 - len(start) - 1) + b"}"
    assert program.send("POST", TICKETS, data=exactly, headers=JSON).status_code == 201
    assert refused(program, exactly + b" ")[:2] == (413, "too-large")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=", "after"),
        ("after=1.5", "after"),
        ("after=" + "9" * 5000, "after"),
        ("after=99999999999999999999", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=%00", "limit"),
        ("limit=%ff", "limit"),
        ("until=3", "until"),
    ],
)
def test_a_wrong_parameter_is_named(program: Program, query: str, field: str) -> None:
    date = program.get("/offices/ltsa/board").json["date"]
    answer = program.of("auditor").send("GET", f"/api/v1/offices/ltsa/days/{date}/events?{query}")
    assert (answer.status_code, answer.json["field"]) == (422, field)


@pytest.mark.parametrize(
    "path",
    [
        "/offices/nowhere/board",
        "/offices/ltsa%00/board",
        "/offices/%ff%fe/board",
        "/offices/day:ltsa:2026-11-21/board",
        "/offices/" + "x" * 5000 + "/board",
        "/offices/ltsa/board/",
        "/offices/LTSA/board",
        "/tickets/%ED%A0%80",
        "/tickets/..%2F..%2Fetc",
        "/",
        "",
    ],
)
def test_an_address_of_nothing_is_not_found(program: Program, path: str) -> None:
    answer = program.of("supervisor", EVERYWHERE).send("GET", "/api/v1" + path)
    assert answer.status_code == 404, answer.text


def test_an_unknown_office_or_counter_in_the_address_is_not_found(program: Program) -> None:
    anywhere = program.of("supervisor", EVERYWHERE)
    assert anywhere.refused("/offices/nowhere/tickets", {"services": ["bank"]}) == (404, "unknown-office")
    assert program.refused("/offices/ltsa/counters/99/open", {"officer": "Sri"}) == (404, "unknown-counter")
    assert program.refused("/offices/ltsa/counters/5/dance") == (404, "not-found")
    assert program.refused("/offices/ltsa/counters/5/call", {"number": "A\0"})[0] in {404, 409}


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/offices"), ("GET", "/offices/ltsa/tickets"), ("PUT", "/offices")]
)
def test_a_method_that_an_address_does_not_take_is_said_with_those_it_takes(
    program: Program, method: str, path: str
) -> None:
    answer = program.send(method, "/api/v1" + path, headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (405, "method-not-allowed")
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://["},
        {"Origin": "null"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://localhost:x"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_address_may_not_change_anything(program: Program, headers: dict[str, str]) -> None:
    assert refused(program, b'{"services": ["bank"]}', {**JSON, **headers})[:2] == (403, "other-origin")


@pytest.mark.parametrize(
    "headers", [{"Referer": "http://["}, {"Accept": "text/html"}, {"Accept": ";;q=x"}, {"Cookie": "session=x"}]
)
def test_odd_headers_change_nothing(program: Program, headers: dict[str, str]) -> None:
    said = {**JSON, "Sec-Fetch-Site": "same-origin", **headers}
    answer = program.send("POST", TICKETS, data=b'{"services": ["tea"]}', headers=said)
    assert (answer.status_code, answer.json["code"]) == (422, "unknown-service")
