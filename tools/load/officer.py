"""An officer at a desk, who presses what stands on its one large button when the feed's picture shows it.

Nobody knows more than their screen says.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from contextlib import suppress
from http import HTTPStatus
from math import exp, log, sqrt
from typing import Any, NamedTuple

from tools.load.browser import new_key
from tools.load.made import MadeDesk, MadeOffice
from tools.load.screens import Screen, signs_in, until_answered
from tools.load.wire import Picture
from tools.load.world import Call, Told, World
from tools.morning import COMES_ON_RECALL, NO_SHOW, SERVICE, WALK

PAUSES = (0.3, 0.6, 1.2, 2.0)
"""Seconds between two tries of a press (`act.js`)."""

UNSHOWN = 1.0
"""Seconds after which an answer that changes nothing on the desk counts as shown (`desk.js`)."""

THINKING = (0.5, 2.5)
"""Seconds until an officer presses what they see."""

AT_COUNTER = frozenset({"start", "finish"})
"""What stands on the large button while somebody is at the counter."""

LAST_PRESSES = 3
"""That an officer still makes when it is over: Mulai, Selesai, and one that met an old picture."""

_BUTTON = re.compile(r'<button[^>]*\bid="primary"[^>]*>')
_PRESENT = re.compile(r'data-present="([^"]*)" data-date="([^"]*)"')


class Desk(NamedTuple):
    """What the desk shows: the action of its large button, "" for none, the value that goes along, who is there."""

    action: str
    value: str
    present: str
    date: str


def read_desk(picture: str) -> Desk:
    """What an officer sees."""
    person = _PRESENT.search(picture)
    button = _BUTTON.search(picture)
    present, date = (html.unescape(person[1]), person[2]) if person else ("", "")
    if button is None or re.search(r"\sdisabled[\s>]", button[0]):
        return Desk("", "", present, date)
    action = found[1] if (found := re.search(r'data-do="([a-z-]+)"', button[0])) else "open"
    value = found[1] if (found := re.search(r'data-value="([^"]*)"', button[0])) else ""
    return Desk(action, value, present, date)


class Officer:
    """An officer at a counter, who works until it is over."""

    def __init__(self, world: World, office: MadeOffice, desk: MadeDesk, place: str) -> None:
        self._world, self._meter, self._office, self._desk = world, world.meter, office, desk
        self.screen = Screen(world, "desks", f"{desk.account}", place)
        self._luck = world.luck(f"work of {desk.account}")
        self._pace = max(0.7, self._luck.gauss(1, 0.15))
        self._address = f"/desk/{office.id}/{desk.counter}"
        self._last_presses = LAST_PRESSES
        self._view = f"desk:{office.id}:{desk.counter}"

    async def sits_down(self, password: str) -> None:
        """Signs in, and opens the desk. Raises `LostError`."""
        page = await signs_in(self.screen, self._desk.account, password, self._address)
        self.screen.goes_live(page)

    async def works(self) -> None:
        """Until it is over: presses what the desk's large button says, in the time that people take.

        Nobody is sent away: who is at the counter then is served to the end.
        """
        recalled = ""
        while (desk := await self._sees()) is not None:
            if desk.action == "start":
                await self._world.lives(60 * WALK)
                if desk.present != recalled and self._luck.random() < NO_SHOW:
                    recalled = desk.present
                    if self._luck.random() >= COMES_ON_RECALL:
                        await self._presses("recall", desk)
                        await self._world.lives(30)
                        await self._presses("no-show", desk)
                        continue
            elif desk.action == "finish":
                await self._world.lives(60 * self._minutes())
            else:
                await self._world.lives(self._luck.uniform(*THINKING))
            answered = await self._presses(desk.action, desk)
            if self._world.over.is_set():
                self._last_presses = self._last_presses - 1 if answered else 0

    async def _sees(self) -> Desk | None:
        """The desk as soon as there is something to press on it; None when it is over, and nobody is at it any more."""
        wire = self.screen.wire
        assert wire  # noqa: S101 - who works has sat down
        while not self._world.over.is_set():
            picture = wire.pictures.get(self._view)
            if picture and (desk := read_desk(picture.html)).action:
                return desk
            over = asyncio.create_task(self._world.over.wait())
            await asyncio.wait((wire.news(), over), return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
        picture = wire.pictures.get(self._view)
        last = read_desk(picture.html) if picture and self._last_presses > 0 else None
        return last if last and last.action in AT_COUNTER else None

    def _minutes(self) -> float:
        mean = sum(SERVICE[service][0] for service in self._desk.services) / len(self._desk.services)
        spread = SERVICE[self._desk.services[0]][1]
        sigma = sqrt(log(1 + spread * spread))
        return self._pace * mean * exp(self._luck.gauss(-sigma * sigma / 2, sigma))

    async def _presses(self, action: str, desk: Desk) -> bool:
        """One press, under one key until it is answered; then waits until the desk shows it, as the page does.

        False: there was no answer.
        """
        body: dict[str, object] = {"date": desk.date}
        if desk.present:
            body["present"] = desk.present
        if action == "open":
            body["services"] = list(self._desk.services)
        elif action == "finish":
            body |= {"outcome": desk.value or "done", "done": []}
        key, began = new_key(), self._meter.now()
        answer = await until_answered(
            self.screen, f"{self._address}/{action}", key, began, body=body, what="press", pauses=PAUSES
        )
        if answer is None:
            self._world.record.given_up.append(key)
            return False
        said = _object(answer.text)
        if answer.status != HTTPStatus.OK:
            if answer.status == HTTPStatus.CONFLICT:
                self._meter.refused[f"{action}: {said.get('code', '')}"] += 1
                if self.screen.wire:
                    await self.screen.wire.again()  # whoever is refused may have seen an old picture
            else:
                self._meter.fails("press", f"{answer.status} {said.get('code', '')}".strip())
            return True
        self._meter.ended("press", began)
        self._world.record.told.append(Told(action, key, said["v"]))
        picture = await self._shown(said["v"])
        if picture:
            self._meter.took["desk"].append(self._meter.reading(began, picture.at))
        if action == "call-next":
            number = read_desk(picture.html).present if picture else ""
            self._world.record.calls.append(Call(self._office.id, number, began, said["v"], answer.port))
        self._world.record.served += action == "finish"
        return True

    async def _shown(self, v: int) -> Picture | None:
        wire = self.screen.wire
        assert wire  # noqa: S101 - who presses has a desk
        until = self._meter.now() + UNSHOWN
        while (picture := wire.pictures.get(self._view)) is None or picture.v < v:
            with suppress(TimeoutError):
                await asyncio.wait_for(wire.news(), max(0.01, until - self._meter.now()))
            if self._meter.now() >= until:
                return None
        return picture


def _object(text: str) -> dict[str, Any]:
    """The JSON of an answer; nothing where somebody else answered, as a proxy with a page of its own."""
    with suppress(ValueError):
        said: dict[str, Any] = json.loads(text)
        return said
    return {}
