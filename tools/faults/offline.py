"""Screens without a network, or with a bad one, in a real browser: displays, officers' desks, and kiosks with somebody
before them.

Long outages are waited for side by side: each set of screens has its own, in one office at once.
"""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ltsa.happened import TicketCalled, TicketIssued
from tools.faults.check import Found, compare
from tools.faults.load import Client
from tools.faults.office import Office, opened
from tools.faults.proxy import Proxy
from tools.faults.windows import Windows, a_browser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.faults.round import Round

LONGEST = 600.0
BRIEFLY = 20.0
"""Seconds without a network, at most; at least one. Short times are as frequent as long ones, by their magnitude."""

SAID_WITHIN = 20.0
"""Seconds after which a screen without news has said so: it gives up hope after 12."""

SEEN = 5.0
"""Seconds within which a press is seen on its display over a bad network, in 99 of 100."""

AT_ONCE = 6
"""Sets of screens that are without a network side by side."""

COLLEAGUE = "7"
"""The counter of an officer whose network is good."""


def for_long(this: Round) -> Found:
    """For 1 to 600 s, side by side: those that last as long as each other at once."""
    return _offline(this, LONGEST, AT_ONCE)


def briefly(this: Round) -> Found:
    """For 1 to 20 s, one set of screens after the other."""
    return _offline(this, BRIEFLY, 1)


def slow(this: Round) -> Found:
    """A network between screens and office that takes 50 to 400 ms longer each way, and loses a tenth."""
    found = this.found()
    with ExitStack() as until_the_end:
        office = until_the_end.enter_context(opened(Office(this.folder)))
        proxy = until_the_end.enter_context(Proxy(office.ports[0], this.seed))
        browser = until_the_end.enter_context(a_browser())
        hall = _Hall(office, this.seed, ["1"])
        screens = Windows(browser, office, "1", proxy.port)
        for _ in this.each():
            hall.comes()
            screens.prepare()
            proxy.delay, proxy.loses = this.luck.uniform(0.05, 0.4), 0.1
            began = time.monotonic()
            screens.press()
            if trouble := screens.catch_up(0, hall.calls()):
                found.says(f"Over a bad network a screen did not show what was pressed: {trouble}")
                break
            found.recovered.append(time.monotonic() - began)
            proxy.heal()
            hall.serves([screens])
        hall.compare(found, [screens], this.runs)
    this.demand(found, "a press was seen", found.within(99), SEEN)
    return found


def _offline(this: Round, longest: float, at_once: int) -> Found:
    found = this.found()
    outages = sorted(math.exp(this.luck.uniform(0, math.log(longest))) for _ in range(this.runs))
    found.more["longest_s"] = outages[-1]
    with opened(Office(this.folder)) as office, a_browser() as browser:
        sets = [Windows(browser, office, str(n + 1)) for n in range(min(at_once, this.runs))]
        hall = _Hall(office, this.seed, [each.counter for each in sets])
        runs = this.each()
        for first in range(0, this.runs, at_once):
            together = outages[first : first + at_once]
            _at_once(found, hall, list(zip(sets, together, strict=False)))
            for _ in together:
                next(runs)
            if found.wrong:
                break
        next(runs, None)
        hall.compare(found, sets, this.runs)
    return found


def _at_once(found: Found, hall: _Hall, cut_off: Sequence[tuple[Windows, float]]) -> None:
    """Each set is without a network for its own time, in seconds, the shortest first."""
    for screens, _ in cut_off:
        hall.comes()
        screens.prepare()
    began: dict[Windows, float] = {}
    for screens, _ in cut_off:
        screens.connect(is_connected=False)
        screens.press()
        began[screens] = time.monotonic()
    called = hall.calls()
    for screens, seconds in cut_off:
        screens.wait(max(0.0, began[screens] + seconds - time.monotonic()))
        gone = time.monotonic() - began[screens]
        if gone > SAID_WITHIN:
            found.more["outages_said"] = found.more.get("outages_said", 0) + 1
            found.wrong += [f"The {name} did not say that it has no network." for name in screens.silent()]
        screens.connect(is_connected=True)
        healed = time.monotonic()
        if trouble := screens.catch_up(gone, called):
            found.says(f"After {gone:.0f} s without a network a screen did not catch up: {trouble}")
            return
        found.recovered.append(time.monotonic() - healed)
    hall.serves([screens for screens, _ in cut_off])


class _Hall:
    """Who comes, and an officer whose network is good; on record is what all did."""

    def __init__(self, office: Office, seed: object, counters: Sequence[str]) -> None:
        self._office, self._counters = office, counters
        self._colleague = Client(office.doors, "colleague", seed)
        for counter in counters:
            self._colleague.ask("open", "bank", counter)
        self._colleague.ask("open", "health", COLLEAGUE)

    def comes(self) -> None:
        """Somebody waits for one of the desks."""
        self._colleague.ask("issue", "bank")

    def calls(self) -> dict[str, str]:
        """The colleague calls somebody; where, and whom."""
        self._colleague.ask("issue", "health")
        return {COLLEAGUE: self._colleague.ask("call", "health", COLLEAGUE).number}

    def serves(self, screens: Sequence[Windows]) -> None:
        """Everybody who was called is served."""
        for counter, service in ((COLLEAGUE, "health"), *((each.counter, "bank") for each in screens)):
            self._colleague.ask("start", service, counter)
            self._colleague.ask("finish", service, counter)

    def compare(self, found: Found, screens: Sequence[Windows], runs: int) -> None:
        """What was pressed was done once, and what kiosks showed is on record."""
        self._colleague.close()
        recorded = self._office.recorded()
        # The desks' own calls and the kiosks' numbers are known from their screens alone.
        told = [each for each in self._colleague.told if each.service == "health" or each.what == "issue"]
        compare(found, told, recorded)
        if found.wrong:
            return
        events = [row.event for row in recorded]
        calls = sum(isinstance(event, TicketCalled) and event.counter in self._counters for event in events)
        taken = [event.number for event in events if isinstance(event, TicketIssued) and event.services == ("police",)]
        shown = sorted(number for each in screens for number in each.numbers)
        if calls != runs:
            found.says(f"The desks were pressed {runs} times and called {calls} times.")
        if shown != sorted(taken):
            found.says(f"The kiosks showed {shown}; on record are {taken}.")
        found.more["numbers_taken"] = len(taken)
