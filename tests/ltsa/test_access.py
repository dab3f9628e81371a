"""Who may act: stories of people, devices and programs, told to the rules alone."""

from itertools import count

import pytest

from ltsa import access as a
from ltsa.message import Refusal

DIGEST, OTHER = "a" * 64, "b" * 64


class Office:
    """Asks the rules one command after the other, and keeps what is true."""

    def __init__(self) -> None:
        self.access = a.Access()
        self._turn = count(1)

    def do(
        self, command: type[a.AccessCommand], /, by: str = "command line", office: str = "ltsa", **said: object
    ) -> str:
        """The names of the events that a command led to, or the code of its refusal."""
        turn = next(self._turn)
        try:
            events = a.decide(command(office=office, at=turn, by=by, key=f"k{turn}", **said), self.access)
        except Refusal as refusal:
            return refusal.code
        for event in events:
            a.evolve(self.access, event)
        return " ".join(type(event).__name__ for event in events)


@pytest.fixture
def office() -> Office:
    """An installation with headquarters "hadi", an administrator "adam", and "maya", who manages the office ltsa."""
    office = Office()
    office.do(a.AddPerson, office="*", person="hadi", roles=("headquarters",))
    office.do(a.AddPerson, office="*", person="adam", roles=("admin",))
    office.do(a.AddPerson, person="maya", roles=("manager",))
    return office


def test_a_manager_gives_the_roles_of_her_office_and_no_other(office: Office) -> None:
    assert office.do(a.AddPerson, by="manager:maya", person="siti", roles=("officer",)) == "PersonAdded RoleGiven"
    assert office.do(a.GiveRole, by="manager:maya", person="siti", role="supervisor") == "RoleGiven"
    assert office.do(a.GiveRole, by="manager:maya", person="siti", role="auditor") == "not-yours-to-give"
    assert office.do(a.GiveRole, by="manager:maya", person="siti", role="admin") == "not-yours-to-give"
    assert (
        office.do(a.GiveRole, by="manager:maya", office="batam", person="siti", role="officer") == "not-yours-to-give"
    )
    assert office.do(a.GiveRole, by="manager:maya", office="*", person="siti", role="officer") == "not-yours-to-give"
    assert office.access.holders("officer", "ltsa") == ["siti"]
    assert office.access.holders("officer", "batam") == []


def test_an_auditor_is_appointed_by_headquarters(office: Office) -> None:
    assert office.do(a.AddPerson, by="headquarters:hadi", person="agus", roles=("auditor",)) == "PersonAdded RoleGiven"
    assert office.do(a.TakeRole, by="manager:maya", person="agus", role="auditor") == "not-yours-to-give"


def test_a_barred_person_has_no_say_any_more(office: Office) -> None:
    for why in (" ", "x" * 201, "backwards\u202e", "a\x00b"):
        assert office.do(a.BarPerson, by="headquarters:hadi", person="maya", why=why) == "missing-why"
    assert office.do(a.BarPerson, by="headquarters:hadi", person="maya", why="moved away") == "PersonBarred"
    assert office.do(a.AddPerson, by="manager:maya", person="siti", roles=("officer",)) == "not-yours-to-give"
    assert office.do(a.ReadmitPerson, by="headquarters:hadi", person="maya") == "PersonReadmitted"
    assert office.do(a.AddPerson, by="manager:maya", person="siti", roles=("officer",)) == "PersonAdded RoleGiven"


def test_nobody_bars_or_lets_in_somebody_who_may_do_more(office: Office) -> None:
    assert office.do(a.BarPerson, by="manager:maya", person="hadi", why="a quarrel") == "not-yours-to-give"
    assert office.do(a.MakeLink, by="manager:maya", person="adam", purpose="reset") == "not-yours-to-give"
    assert office.do(a.MakeLink, by="manager:maya", person="maya", purpose="reset") == "LinkMade"


def test_the_last_of_headquarters_and_of_the_administrators_stays(office: Office) -> None:
    assert office.do(a.TakeRole, office="*", person="hadi", role="headquarters") == "last-one"
    assert office.do(a.BarPerson, person="adam", why="left") == "last-one"
    assert office.do(a.GiveRole, office="*", person="maya", role="admin") == "RoleGiven"
    assert office.do(a.BarPerson, person="adam", why="left") == "PersonBarred"


@pytest.mark.parametrize("account", ["", "a", "Siti", "siti rahma", "1siti", "siti.", "x" * 41, "a:b", "siti@dinas"])
def test_an_account_is_a_short_plain_name(office: Office, account: str) -> None:
    assert office.do(a.AddPerson, person=account) == "wrong-account"


def test_a_device_shows_a_secret_until_it_is_revoked(office: Office) -> None:
    assert office.do(a.PairDevice, by="manager:maya", kind="kiosk", name="pintu", digest=DIGEST) == "DevicePaired"
    assert office.do(a.PairDevice, by="manager:maya", kind="kiosk", name="pintu", digest=OTHER) == "name-taken"
    assert office.do(a.PairDevice, by="manager:maya", kind="kiosk", name="dalam", digest=DIGEST) == "digest-used"
    assert office.do(a.PairDevice, by="manager:maya", kind="fridge", name="dalam", digest=OTHER) == "wrong-kind"
    for counter in ("4 <b>", "x" * 41, "4\n"):
        assert office.do(a.PairDevice, kind="counter", name="pc", digest=OTHER, counter=counter) == "wrong-counter"
    shown = office.access.shown[DIGEST]
    assert office.do(a.RenameDevice, device=shown.id, name="depan", counter="?") == "wrong-counter"
    assert office.do(a.RenameDevice, device=shown.id, name="depan") == "DeviceRenamed"
    assert office.do(a.RevokeDevice, office="batam", device=shown.id) == "unknown-device"
    assert office.do(a.RevokeDevice, device=shown.id) == "DeviceRevoked"
    assert DIGEST not in office.access.shown
    assert office.do(a.PairDevice, kind="kiosk", name="depan", digest=DIGEST) == "digest-used"


def test_a_program_gets_no_more_than_its_maker_may_give(office: Office) -> None:
    def make(role: str, digest: str, until: int = 0) -> str:
        return office.do(a.MakeToken, by="manager:maya", name="SISKO", role=role, digest=digest, until=until)

    assert make("auditor", DIGEST) == "not-yours-to-give"
    assert make("officer", DIGEST, until=1) == "wrong-until"
    assert make("officer", DIGEST) == "TokenMade"
    assert make("kiosk", OTHER) == "TokenMade"
    assert office.do(a.RevokeToken, token=DIGEST[:12]) == "TokenRevoked"
    assert office.do(a.RevokeToken, token=DIGEST[:12]) == "unknown-program"
    assert set(office.access.shown) == {OTHER}
