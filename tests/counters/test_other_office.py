"""Who works in one office sees, does and watches nothing of another one, whatever they ask for."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from websockets.sync.client import connect
from websockets.typing import Origin

from counters.actions import DESK, HALL
from counters.views import DESK_SHEETS, HALL_SHEETS
from ltsa.configuring import ConfigureOffice
from ltsa.office import example_office
from tests.counters.conftest import staffed
from tests.counters.presses import Presses
from tests.staff import hire
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Office

NOTE = "Pak Rudi menitipkan berkas di Batam"


def found_batam(here: House) -> None:
    """Sets a second office up."""
    batam = replace(example_office(), id="batam")
    here.ledger.do(
        ConfigureOffice(office="batam", at=0, by="system", key="batam", configuration=batam, since="1970-01-01")
    )
    here.catch_up()


@pytest.fixture
def rudi(presses: Presses) -> Presses:
    """An officer of Batam, who has called A001 to counter 3 and written a note about her."""
    found_batam(presses.house)
    rudi = presses.of("rudi", "officer", office="batam")
    rudi.takes("information")
    rudi.does("open", services=["information"])
    rudi.does("call-next")
    rudi.does("note", text=NOTE)
    return rudi


def addresses(office: str) -> list[tuple[str, str]]:
    """Every address of the desk and of the supervisor's page, in an office."""
    desk, hall = f"/desk/{office}", f"/supervisor/{office}"
    asked = [("GET", path) for path in (desk, f"{desk}/3", f"{desk}/3/notes?number=A001", hall)]
    asked += [("GET", f"{desk}/3/sheet/{sheet}?number=A001") for sheet in sorted(DESK_SHEETS)]
    asked += [("GET", f"{hall}/sheet/{sheet}") for sheet in sorted(HALL_SHEETS)]
    asked += [("POST", f"{desk}/3/{action}") for action in DESK]
    asked += [("POST", f"{desk}/3/notes/some/erase")]
    return asked + [("POST", f"{hall}/{action}") for action in HALL]


@pytest.mark.parametrize("role", ["officer", "supervisor", "manager", "auditor", "headquarters", "admin"])
def test_no_address_shows_or_does_anything_of_another_office(presses: Presses, rudi: Presses, role: str) -> None:
    person, before = presses.of("wayan", role), rudi.day.version
    for method, path in addresses("batam"):
        body = {"number": "A001", "present": "A001", "services": ["information"], "text": "x", "reason": "break"}
        answer = person.send(path, body) if method == "POST" else person.client.get(path)
        assert answer.status_code == 403, (path, answer.text)
        assert "A001" not in answer.text
        assert NOTE not in answer.text
    assert rudi.day.version == before


def test_a_refusal_is_the_same_for_an_office_that_there_is_not(presses: Presses, rudi: Presses) -> None:
    del rudi
    said = [presses.send(f"/desk/{office}/3/open").get_json() for office in ("batam", "nowhere")]
    assert said[0] == said[1]


def test_a_body_that_names_another_office_or_counter_changes_neither(presses: Presses, rudi: Presses) -> None:
    before = rudi.day.version
    presses.does("open", office="batam", services=["information"])
    presses.does("close", office="batam")
    yuni = presses.of("yuni", "supervisor")
    assert yuni.send("/supervisor/ltsa/close-day", {"office": "batam"}).status_code == 200
    assert rudi.day.version == before
    assert not presses.day.open


def test_a_note_of_another_office_is_neither_read_nor_erased(presses: Presses, rudi: Presses) -> None:
    (note,) = rudi.day.tickets["A001"].notes
    presses.takes("information")
    presses.does("open", services=["information"])
    presses.does("call-next")
    assert presses.day.counters["3"].ticket == "A001", "the same number at the same counter, in another office"
    assert NOTE not in presses.client.get("/desk/ltsa/3/notes?number=A001").text
    assert presses.refused(f"notes/{note}/erase") == (422, "unknown-note")
    assert NOTE in rudi.client.get("/desk/batam/3/notes?number=A001").text


def test_a_note_of_another_ticket_is_neither_read_nor_erased(presses: Presses) -> None:
    presses.takes("labour")
    presses.takes("labour")
    presses.does("open")
    presses.does("call-next")
    presses.does("note", text=NOTE)
    (note,) = presses.day.tickets["C001"].notes
    presses.does("no-show")
    budi = presses.of("budi")
    budi.does("open", counter="4", services=["labour"])
    budi.does("call-next", counter="4")
    assert NOTE not in budi.client.get("/desk/ltsa/4/notes?number=C001").text
    assert budi.refused(f"notes/{note}/erase", counter="4") == (422, "unknown-note")


def test_who_works_in_two_offices_acts_in_each(presses: Presses, rudi: Presses) -> None:
    both = rudi.of("wayan", "officer", office="batam").of("wayan", "officer", office="ltsa")
    assert both.send("/desk/batam/5/open").status_code == 200
    assert both.send("/desk/ltsa/5/open").status_code == 200
    assert presses.day.counters["5"].officer == "wayan"


# --- The socket


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Office]:
    """A running installation with the offices ltsa and batam, and an officer of Batam."""
    office = staffed(tmp_path / "office")
    with closing(House(Settings(data=office.data, port=0))) as here:
        found_batam(here)
        office.secrets["rudi"] = hire(here, "rudi", ("officer",), "batam")
    office.start()
    yield office
    office.kill()


def answers(office: Office, cookie: str, *views: str) -> dict[str, str]:
    """What a page that watches these views is answered for each: "shown", or the code of a refusal."""
    address = f"ws://127.0.0.1:{office.port}/socket.io/?EIO=4&transport=websocket"
    headers = {"Cookie": cookie} if cookie else {}
    said: dict[str, str] = {}
    with connect(address, origin=Origin(office.url), additional_headers=headers, proxy=None) as socket:
        assert str(socket.recv(10)).startswith("0{")
        socket.send("40")
        assert str(socket.recv(10)).startswith("40{")
        socket.send("42" + json.dumps(["watch", {"views": views}]))
        while set(said) < set(views):
            frame = str(socket.recv(10))
            if frame == "2":
                socket.send("3")
            if not frame.startswith("42"):
                continue
            event, body = json.loads(frame[2:])
            if event == "view":
                said[body["view"]] = "shown"
            elif event == "refused":
                said[body["view"]] = body["code"]
                assert "html" not in body
    return said


def test_no_view_of_another_office_is_watched(both: Office) -> None:
    def watched(office: str) -> list[str]:
        return [f"desk:{office}:3", f"line:{office}:3", f"counters:{office}", f"desk:{office}:3@en"]

    def halls(office: str) -> list[str]:
        return [f"hall:{office}", f"hall:{office}:hall.lead,desk.work"]

    def seen_by(secret: str, kind: str = "session") -> dict[str, str]:
        everything = [view for office in ("ltsa", "batam") for view in (*watched(office), *halls(office))]
        return answers(both, f"{kind}={both.secrets[secret]}", *everything)

    def allowed(*views: str) -> Any:
        everything = [view for office in ("ltsa", "batam") for view in (*watched(office), *halls(office))]
        return {view: "shown" if view in views else "not-allowed" for view in everything}

    assert seen_by("siti") == allowed(*watched("ltsa"))
    assert seen_by("rudi") == allowed(*watched("batam"))
    assert seen_by("yuni") == allowed(*watched("ltsa"), *halls("ltsa"))
    assert seen_by("agus") == allowed(*halls("ltsa"))
    assert seen_by("computer", "device") == allowed()
    assert answers(both, "", "desk:ltsa:3", "hall:ltsa") == {"desk:ltsa:3": "not-allowed", "hall:ltsa": "not-allowed"}
