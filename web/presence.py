"""Which devices are there, as pages show it: from memory, kept up with what devices say and which sockets are open."""

import logging
from typing import TYPE_CHECKING

import gevent
from msgspec import Struct

from ltsa.ledger import LedgerUnavailableError
from web.fleet import Paper, Printer, Report
from web.version import version

if TYPE_CHECKING:
    from web.house import House

LOOK = 5.0
"""Seconds between two looks at who is there."""

NOTE_EVERY = 60_000
"""ms between two notes of those who only keep a socket open: each is a write to the disk. Who has just opened one is
noted at once, so that pages at other processes of this office show it too.
"""

PATIENCE = 150_000
"""ms without a sign of life after which a device counts as gone: two reports may be lost."""

_log = logging.getLogger(__name__)

_NOTHING = Report(device="")


class State(Struct, frozen=True, kw_only=True):
    """A device as pages show it: paired `since`, `seen` last (ms UTC; 0 while it is `online`, and if it never was).
    `current`: it runs the server's own version.
    """

    id: str
    kind: str
    name: str
    counter: str
    since: int
    online: bool
    seen: int
    version: str
    current: bool
    paper: Paper
    printer: Printer
    screen: str


class Presence:
    """Who is there. Lives on the loop."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._reports: dict[str, Report] = {}
        self._online: frozenset[str] = frozenset()
        self._connected: frozenset[str] = frozenset()
        self._shown: dict[str, tuple[State, ...]] = {}
        self._noted = 0
        self._looking: gevent.Greenlet[..., None] | None = None

    def states(self, office: str) -> tuple[State, ...]:
        """The devices of an office that may come in, by kind and name."""
        here = [each for each in self._house.access.devices.values() if each.office == office and not each.revoked]
        return tuple(self._state(each.id) for each in sorted(here, key=lambda each: (each.kind, each.name)))

    def state(self, device: str) -> State | None:
        """A device; None for one that may not come in."""
        known = self._house.access.devices.get(device)
        return self._state(device) if known and not known.revoked else None

    def printer_of(self, office: str, kiosk: str) -> State | None:
        """The printer that stands at a kiosk."""
        states = (each for each in self.states(office) if each.kind == "printer" and each.counter == kiosk)
        return min(states, key=lambda each: (not each.online, each.since), default=None)

    def heard(self, report: Report) -> None:
        """A device has just said something, here."""
        self._reports[report.device] = report
        self._online |= {report.device}
        self._tell()

    def start(self) -> None:
        """Begins to look."""
        self._looking = gevent.spawn(self._keep_looking)

    def stop(self) -> None:
        """Looks no more."""
        if self._looking:
            self._looking.kill()

    def look(self) -> None:
        """Takes in what devices said elsewhere, and who is gone by now."""
        here, at = self._house, self._house.now()
        there = frozenset(who.device.id for who in here.feed.watching() if who.device)
        came, self._connected = there - self._connected, there
        if came:
            here.off_loop(here.fleet.saw, came, at)
        if at - self._noted >= NOTE_EVERY:
            self._noted = at
            here.off_loop(here.fleet.saw, there, at)
            here.off_loop(here.fleet.forget_prints, at)
            here.off_loop(here.fleet.forget, at, [each.id for each in here.access.devices.values() if not each.revoked])
        self._reports = here.off_loop(here.fleet.reports)
        heard = {device for device, report in self._reports.items() if report.seen > at - PATIENCE}
        self._online = there | heard
        self._tell()

    def _keep_looking(self) -> None:
        while True:
            try:
                self.look()
            except LedgerUnavailableError:
                _log.exception("Who is there could not be read")
            gevent.sleep(LOOK)

    def _tell(self) -> None:
        for office in self._house.present.offices():
            now = self.states(office)
            if self._shown.get(office, ()) != now:
                self._shown[office] = now
                self._house.concern(office)

    def _state(self, device: str) -> State:
        known, said = self._house.access.devices[device], self._reports.get(device, _NOTHING)
        online = device in self._online
        return State(
            id=device,
            kind=known.kind,
            name=known.name,
            counter=known.counter,
            since=known.since,
            online=online,
            seen=0 if online else said.seen,
            version=said.version,
            current=said.version == version(),
            paper=said.paper,
            printer=said.printer,
            screen=said.screen,
        )
