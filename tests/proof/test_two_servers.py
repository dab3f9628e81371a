"""Two server processes on one folder: what is decided in one counts in the other at once, in open pages too."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from ltsa.access import BarPerson, RevokeDevice, TakeRole
from ltsa.configuring import ChangeOffice
from ltsa.ledger import Ledger
from tests.conftest import Office
from tests.proof.hostile import Socket, asks, comes_true
from tests.staff import hire, pair
from web.credentials import Credentials
from web.house import House
from web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ltsa.ledger import AnyCommand

PIN = "402817"
STAFF = ("siti", "budi", "dewi", "joko", "rini")


@dataclass
class Second(Office):
    """The other process, with a terminal of its own."""

    @property
    def terminal(self) -> Path:
        return self.data.with_suffix(".second")


class Town:
    """An office that runs in two processes; its supervisors are signed in at the first, their pages open at the other.

    Decisions are made in a third process: this one.
    """

    def __init__(self, folder: Path) -> None:
        data = folder / "office"
        with closing(House(Settings(data=data, port=0))) as here:
            for person in STAFF:
                hire(here, person, ("supervisor",), "ltsa")
            self.screen, self.computer = pair(here, "display"), pair(here, "counter", "loket-4", counter="4")
            self.ids = {device.kind: device.id for device in here.access.devices.values()}
            here.credentials.set_pin("siti", PIN, here.now())
            seed = here.seed
        nobody = {"session": ""}
        self.one, self.other = Office(data, secrets=nobody), Second(data, secrets=nobody)
        self.one.start()
        self.other.start()
        self.ledger = Ledger(data / "ledger.sqlite")
        self.credentials = Credentials(data / "credentials.sqlite", seed)
        self.keys = count(1)

    def session(self, person: str, device: str = "", *, strong: bool = True) -> str:
        """The cookie of a new session."""
        return f"session={self.credentials.open_session(person, 'password', device, _now(), second_factor=strong)}"

    def decides(self, command: type[AnyCommand], **fields: Any) -> None:
        """Somebody decides something."""
        self.ledger.do(command(office="ltsa", at=_now(), by="command line", key=f"decided {next(self.keys)}", **fields))

    def is_open(self, path: str, cookie: str) -> bool:
        """Whether the other process shows a page."""
        return asks(self.other, path, cookie).status == 200

    def close(self) -> None:
        self.ledger.close()
        self.credentials.close()
        self.one.kill()
        self.other.kill()


def _now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(tmp_path_factory.mktemp("town"))
    yield found
    found.close()


def test_signing_out_everywhere_ends_every_page_and_session(town: Town) -> None:
    here, there = town.session("budi"), town.session("budi")
    with Socket(town.other, there, "hall:ltsa") as page:
        assert page.sees()
        assert town.is_open("/supervisor/ltsa", there)
        assert asks(town.one, "/account/sessions", here, form={}).status == 303
        assert page.is_shut_out()
        assert comes_true(lambda: not town.is_open("/supervisor/ltsa", there))
        assert asks(town.one, "/supervisor/ltsa", here).status == 200, "but for the one that asked for it"


def test_a_role_that_is_taken_is_gone_everywhere(town: Town) -> None:
    cookie = town.session("dewi")
    with Socket(town.other, cookie, "hall:ltsa") as page:
        assert page.sees()
        town.decides(TakeRole, person="dewi", role="supervisor")
        assert page.is_shut_out()
        assert comes_true(lambda: asks(town.other, "/supervisor/ltsa", cookie).status == 403)


def test_who_is_barred_is_out_everywhere(town: Town) -> None:
    cookie = town.session("joko")
    with Socket(town.other, cookie, "desk:ltsa:2") as page:
        assert page.sees()
        town.decides(BarPerson, person="joko", why="hilang")
        assert page.is_shut_out()
        assert comes_true(lambda: not town.is_open("/account", cookie))


def test_a_screen_that_is_revoked_goes_dark_everywhere(town: Town) -> None:
    cookie = f"device={town.screen}"
    with Socket(town.other, cookie, "display:ltsa") as page:
        assert page.sees()
        town.decides(RevokeDevice, device=town.ids["display"])
        assert page.is_shut_out()
        assert comes_true(lambda: not town.is_open("/display/ltsa", cookie))


def test_a_counter_that_is_locked_shows_nothing_more_at_either(town: Town) -> None:
    cookie = f"{town.session('siti', town.ids['counter'])}; device={town.computer}"
    with Socket(town.other, cookie, "desk:ltsa:4") as page, Socket(town.one, cookie, "desk:ltsa:4") as same:
        assert page.sees()
        assert same.sees()
        assert asks(town.one, "/lock", cookie, form={}).status == 303
        assert same.is_shut_out()
        assert page.is_shut_out()
        assert comes_true(lambda: asks(town.other, "/desk/ltsa/4", cookie).location.startswith("/unlock?"))


def test_a_second_step_that_the_office_asks_for_from_now_on_is_asked_of_those_who_are_in(town: Town) -> None:
    weak, strong = town.session("rini", strong=False), town.session("rini")
    with Socket(town.other, weak, "hall:ltsa") as page, Socket(town.other, strong, "hall:ltsa") as safe:
        assert page.sees()
        assert safe.sees()
        today = town.ledger.present().office_at("ltsa", _now())[1].isoformat()
        town.decides(ChangeOffice, since=today, why="aturan baru", changes={"second_factor": ["supervisor"]})
        assert page.is_shut_out()
        assert comes_true(lambda: "second-factor" in asks(town.other, "/supervisor/ltsa", weak).location)
        assert not safe.is_shut_out(within=1)
        assert town.is_open("/supervisor/ltsa", strong)
