"""Who comes: takes a number at a kiosk, and looks at the ticket's page on the phone until the visit is over."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus

import zxingcpp
from numpy import full, uint8

from tools.load.browser import PATIENCE, LostError, live_views, new_key
from tools.load.day import Comer
from tools.load.made import MadeOffice
from tools.load.screens import Screen, until_answered
from tools.load.wire import Picture
from tools.load.world import Ring, Told, World

PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Seconds between two tries at a kiosk (`steps.js`)."""

READING = (2.0, 6.0)
"""Seconds that somebody looks at one screen of the kiosk."""

OUTAGE = (2.0, 20.0)
"""Seconds that a phone is without a network."""

CAMERA = 1.0
"""Seconds until a phone has read a code, however fast life goes."""

LINGERS = 30.0
"""Seconds that somebody looks at their phone after the visit is over."""

OVER = frozenset({"done", "cancelled", "closed"})

_STATE = re.compile(r'data-state="([a-z-]+)"[^>]*data-title="([^ "]+)')
_CODE = re.compile(r'<div class="ticket__code">\s*<svg class="qr" viewBox="0 0 (\d+).*?<path d="([^"]+)"', re.DOTALL)
_RUN = re.compile(r"M(\d+) (\d+)h(\d+)")
_TICKET = re.compile(r"/t/([A-Z2-7]+)$")


class Kiosk:
    """A kiosk, at which one visitor after the other takes a number."""

    def __init__(self, world: World, office: MadeOffice, number: int, place: str) -> None:
        self._world, self._meter, self._office = world, world.meter, office
        self.screen = Screen(world, "kiosks", f"kiosk {number} {office.id}", place, office.kiosks[number])
        self._address = f"/kiosk/{office.id}"

    async def opens(self) -> None:
        """Shows the first screen. Raises `LostError`."""
        await self.screen.opens(self._address)

    async def serves(self, line: asyncio.Queue[Comer]) -> None:
        """Until it is over."""
        phones, over = 0, asyncio.create_task(self._world.over.wait())
        while not over.done():
            coming = asyncio.create_task(line.get())
            await asyncio.wait((coming, over), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                coming.cancel()
                break
            with suppress(LostError):  # it is counted, and whoever stood there has gone
                if secret := await self._takes_a_number(coming.result()):
                    self._world.record.tickets += 1
                    phones += 1
                    self._look_at_phones(secret, f"{self._address} {self.screen.name} {phones}")
                await self._step(self._address)
        over.cancel()

    async def _takes_a_number(self, comer: Comer) -> str:
        """Through the steps; the secret in the ticket's code, "" where no number was given."""
        luck, said = self.screen.luck, [("lang", "id")]
        await self._step(f"{self._address}/services?lang=id")
        for service in comer.services:
            await self._world.lives(luck.uniform(*READING))
            said.append(("service", service))
            query = "&".join(f"{name}={value}" for name, value in said)
            await self._step(f"{self._address}/review?{query}")
            if service != comer.services[-1]:
                await self._step(f"{self._address}/services?{query}")
        await self._world.lives(luck.uniform(*READING))
        key, began = new_key(), self._meter.now()
        form = [*said[1:], ("language", "id"), ("key", key)]
        answer = await until_answered(
            self.screen, f"{self._address}/ticket", key, began, form=form, what="ticket", pauses=PAUSES
        )
        if answer is None:
            self._world.record.given_up.append(key)
            return ""
        if answer.status != HTTPStatus.CREATED:
            if answer.status == HTTPStatus.CONFLICT:
                self._meter.refused["ticket"] += 1
            else:
                self._meter.fails("ticket", str(answer.status))
            return ""
        self._meter.ended("ticket", began)
        self._world.record.told.append(Told("issue", key, self.screen.browser.position()))
        await self._shows(answer.text)
        await self._world.lives(luck.uniform(*READING))
        return read_code(answer.text)

    async def _step(self, path: str) -> None:
        """The next screen, asked for until it comes, as the page does. Raises `LostError` when it never will."""
        began = self._meter.now()
        for pause in _pauses():  # until it comes
            try:
                answer = await self.screen.browser.ask(path, headers={"Accept": "text/html"})
            except LostError as why:
                self._meter.repeats("step", str(why))
            else:
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    break
                self._meter.repeats("step", str(answer.status))
            if self._world.over.is_set() and self._meter.now() - began > PATIENCE:
                self._meter.fails("step", "never answered")
                raise LostError("a step never came")
            await asyncio.sleep(pause)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self._meter.fails("step", str(answer.status))
            return
        self._meter.ended("step", began)
        await self._shows(answer.text)

    async def _shows(self, page: str) -> None:
        assert self.screen.wire  # noqa: S101 - it is open
        await self.screen.wire.watch(live_views(page))

    def _look_at_phones(self, secret: str, name: str) -> None:
        luck = self._world.luck(name)
        many = int(self._world.phones) + (luck.random() < self._world.phones % 1)
        for n in range(many):
            task = asyncio.create_task(phone(self._world, self._office.id, secret, f"{name} {n}"))
            self._world.visitors.add(task)
            task.add_done_callback(self._world.visitors.discard)


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]


def read_code(page: str) -> str:
    """The secret in a ticket's QR code, read from the picture as a phone's camera does."""
    if not (drawn := _CODE.search(page)):
        return ""
    size, dot = int(drawn[1]), 4
    picture = full((size * dot, size * dot), 255, uint8)
    for x, y, width in ((int(x), int(y), int(width)) for x, y, width in _RUN.findall(drawn[2])):
        picture[y * dot : (y + 1) * dot, x * dot : (x + width) * dot] = 0
    for code in zxingcpp.read_barcodes(picture):
        if found := _TICKET.search(code.text):
            return found[1]
    return ""


async def phone(world: World, office: str, secret: str, name: str) -> None:
    """A visitor's phone, until the visit is over; now and then it has no network."""
    luck = world.luck(name)
    place = f"10.{luck.randrange(1, 250)}.{luck.randrange(250)}.{luck.randrange(1, 250)}"
    screen = Screen(world, "phones", name, place)
    closing = asyncio.Event()

    def look(_view: str, picture: Picture) -> None:
        if not (found := _STATE.search(picture.html)):
            return
        if found[1] == "called":
            world.record.rings.append(Ring(name, office, found[2], picture.v, picture.at))
        elif found[1] in OVER:
            closing.set()

    try:
        await asyncio.sleep(CAMERA)
        await screen.opens(f"/t/{secret}", "phone")
        assert screen.wire  # noqa: S101 - it is open
        screen.wire.on_picture = look
        if luck.random() < world.outages:
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), luck.uniform(0, 60))
            screen.wire.goes_away(luck.uniform(*OUTAGE))
        await closing.wait()
        await world.lives(LINGERS)
    except LostError:
        pass  # it is counted, and whoever holds the phone puts it away
    finally:
        await screen.close()
