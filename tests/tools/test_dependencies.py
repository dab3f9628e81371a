"""The audit of what is pinned, against services that answer, find, hang, or are not there, over real HTTP."""

import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from tools import checks, dependencies
from tools.dependencies import NOT_PROVEN, Answer, browser_code, python_packages, verdict

HOLE = {
    "id": "PYSEC-2026-1",
    "summary": "Anybody may enter.",
    "affected": [
        {
            "package": {"name": "flask", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9"}]}],
        }
    ],
}

Reply = Callable[[dict[str, Any]], object]


@pytest.fixture
def service() -> Iterator[Callable[[Reply], str]]:
    """Starts a service that answers every POST of JSON with what the function says; its address."""
    running = []

    def start(reply: Reply) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                said = json.dumps(reply(json.loads(asked) if asked[:1] == b"{" else {})).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def closed() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


@pytest.fixture
def pins(tmp_path: Path) -> list[Path]:
    file = tmp_path / "requirements.txt"
    file.write_text("# two of them\nflask==3.1.3\n\nZope_Event==6.2\n", encoding="utf-8")
    return [file]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    about = {"name": "ltsa", "version": "0.1.0", "dependencies": {"axe-core": "4.14.1"}}
    (tmp_path / "package.json").write_text(json.dumps(about), encoding="utf-8")
    packages = {"": about, "node_modules/axe-core": {"version": "4.14.1", "integrity": "sha512-AAAA"}}
    file = tmp_path / "package-lock.json"
    file.write_text(json.dumps({**about, "lockfileVersion": 3, "requires": True, "packages": packages}), "utf-8")
    return file


def osv(url: str) -> dict[str, list[str]]:
    return {"OSV": ["--vulnerability-service=osv", f"--osv-url={url}"]}


def test_packages_without_a_known_vulnerability_pass(service: Callable[[Reply], str], pins: list[Path]) -> None:
    answer = python_packages(pins, osv(service(lambda _: {})))

    assert (answer.outcome, answer.silent) == (0, [])
    assert str(answer) == "Python packages: 2 of 2 answered for, 0 known vulnerabilities"


def test_a_known_vulnerability_fails_and_says_which_version_mends_it(
    service: Callable[[Reply], str], pins: list[Path]
) -> None:
    url = service(lambda asked: {"vulns": [HOLE]} if asked["package"]["name"] == "flask" else {})
    answer = python_packages(pins, osv(url))

    assert answer.outcome == 1
    assert answer.found == ["flask 3.1.3: PYSEC-2026-1, mended in 9.9. Anybody may enter."]


def test_a_vulnerability_that_was_judged_and_accepted_fails_no_longer(
    service: Callable[[Reply], str], pins: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dependencies.ACCEPTED, "PYSEC-2026-1", "nobody enters there")
    assert python_packages(pins, osv(service(lambda _: {"vulns": [HOLE]}))).outcome == 0


def test_where_the_services_cannot_be_reached_nothing_is_proven_and_nothing_fails(
    pins: list[Path], closed: str
) -> None:
    answer = python_packages(pins, osv(closed))

    assert answer.outcome == NOT_PROVEN
    assert "NOT PROVEN for 2 (flask, zope-event): OSV: " in str(answer)


def test_a_service_that_never_answers_is_given_up(service: Callable[[Reply], str], pins: list[Path]) -> None:
    held = Event()
    answer = python_packages(pins, osv(service(lambda _: held.wait())), patience=2)
    held.set()

    assert (answer.outcome, answer.why) == (NOT_PROVEN, "OSV: no answer within 2 s")


def test_a_second_service_is_asked_about_what_the_first_left_open(
    service: Callable[[Reply], str], pins: list[Path], closed: str
) -> None:
    answer = python_packages(pins, {"first": osv(closed)["OSV"], "second": osv(service(lambda _: {}))["OSV"]})
    assert answer.outcome == 0


def test_browser_code_without_a_known_vulnerability_passes(service: Callable[[Reply], str], lock: Path) -> None:
    answer = browser_code(f"--registry={service(lambda _: {})}", lock=lock)
    assert (answer.outcome, answer.asked) == (0, 1)


def test_a_known_vulnerability_of_the_browser_code_fails(service: Callable[[Reply], str], lock: Path) -> None:
    hole = {"id": 1, "url": "https://github.com/advisories/GHSA-1", "title": "Anybody may look", "severity": "high"}
    url = service(lambda _: {"axe-core": [{**hole, "vulnerable_versions": "<9"}]})
    answer = browser_code(f"--registry={url}", lock=lock)

    assert answer.outcome == 1
    assert answer.found[0].startswith("axe-core <9: high, Anybody may look (https://")


def test_where_npms_service_cannot_be_reached_nothing_is_proven_and_nothing_fails(lock: Path, closed: str) -> None:
    answer = browser_code(f"--registry={closed}", lock=lock)

    assert (answer.outcome, answer.silent) == (NOT_PROVEN, ["axe-core"])
    assert answer.why


def test_what_was_found_weighs_more_than_what_could_not_be_asked() -> None:
    clean, silent = Answer("npm", 1, [], []), Answer("npm", 1, [], ["axe-core"], "closed")
    found = Answer("Python", 1, ["flask: PYSEC-2026-1"], [])

    assert verdict([clean, clean]) == 0
    assert verdict([clean, silent]) == NOT_PROVEN
    assert verdict([found, silent]) == 1


def test_the_summary_is_loud_about_what_was_not_proven_and_fails_only_what_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = ["npm packages: 0 of 1 answered for", "NOT PROVEN for 1 (axe-core): no answer within 120 s"]
    results = [checks.Result("lint", 0, 1.0, []), checks.Result("npm audit", NOT_PROVEN, 1.0, said)]
    checks._summarize(results)
    shown = capsys.readouterr().out

    assert "passed      lint" in shown
    assert "NOT PROVEN  npm audit" in shown
    assert "!! NPM AUDIT COULD NOT LOOK EVERYWHERE, so what it proves is not proven here:" in shown
    assert "NOT PROVEN for 1 (axe-core): no answer within 120 s" in shown
    assert [result.outcome for result in results] == ["passed", "NOT PROVEN"]
    assert checks.Result("types", 2, 1.0, []).outcome == "FAILED"
