"""The benchmark of visits over HTTP: what one costs the server's processor, and how many go through in a second.

A visit is a number taken at the kiosk and three services, each called, started and finished: ten presses, with the
headers, cookies and fields that pages send with them. Officers sign in with their passwords, and each presses again
when the last press was answered. To each visit belongs its share of the officers' sign-ins: once a day each.
"""

import json
import re
import selectors
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from itertools import count
from statistics import median
from urllib.parse import urlencode

from ltsa.happened import TicketCalled
from ltsa.ledger import Ledger
from ltsa.office import Counter, example_office
from tools import postgres, staff
from tools.bench_http import callers, post, whole_answer
from tools.figures import Figure, NotMeasuredError, figure, in_turns, scratch
from tools.postgres import Postgres
from tools.serving import EMPTY, Serving, serving
from web.house import House
from web.server import CreateApp
from web.settings import Settings

VISITS = 60
PRESSES = 10
SERVICES = 3
IN_THE_HALL = 30
"""Visitors who are in the building at once."""

PEOPLE_A_DAY = 250
"""Over whom the officers' sign-ins of a day are shared out (docs/scale.md)."""

LOOKS_AGAIN = 10
"""Services that others finish until an officer for whom nobody waited presses again."""

FOLLOWS = 20
"""More events than ever follow upon one call."""

GOAL = 15.0
"""ms."""

PASSWORD = "kopi tubruk di loket sebelah"  # noqa: S105 - of made-up officers
OFFICE = example_office()
OFFICERS = ("siti", "budi", "dewi", "agus", "rina", "joko", "wati", "hendra", "maya", "arif")
"""One at each counter."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"

CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

Answer = tuple[int, bytes]
Life = Generator[bytes | None, Answer, None]
"""Somebody's work: requests, each sent when the last was answered; None: nothing to do until others have done more."""


def visit(
    create_app: CreateApp, scale: float, *, name: str = "visit", workers: int = 1, stored: str = "file"
) -> Figure:
    """How many ms of the server's processor a visit takes; against ten requests that do nothing."""
    visits, officers = max(2, int(VISITS * scale)), max(SERVICES, int(len(OFFICERS) * min(1, scale)))
    with scratch() as folder, ExitStack() as until_the_end:
        settings = Settings(data=folder / "office", port=0, workers=workers)
        if stored == "postgres":
            settings = replace(settings, database=until_the_end.enter_context(_database()).schema("office"))
        kiosk = _prepared(settings, officers)
        served = until_the_end.enter_context(serving(create_app, settings))
        crowd = until_the_end.enter_context(closing(Crowd(served, settings, officers, kiosk)))
        sign_in = crowd.cost_of_a_sign_in * officers / PEOPLE_A_DAY
        idle = until_the_end.enter_context(callers(served.port, officers))
        keys, rates = count(1), list[float]()

        def ours() -> float:
            before, began = served.cpu(), time.perf_counter()
            crowd.serves(visits)
            rates.append(visits / (time.perf_counter() - began))
            return (served.cpu() - before) / visits + sign_in

        def yardstick() -> float:
            before = served.cpu()
            idle.rate(lambda: post(EMPTY, b"", next(keys)), visits * PRESSES, status=204)
            return max(1.0, served.cpu() - before) / visits

        rounds = in_turns(ours, yardstick, rounds=5 if scale >= 1 else 1)
        return figure(
            name,
            rounds,
            unit="ms of processor a visit",
            against=f"{PRESSES} empty Flask POSTs on the same server",
            most_value=GOAL,
            more={
                "visits_per_s": median(rates),
                "sign_in_ms": crowd.cost_of_a_sign_in,
                "sign_in_share": sign_in,
                "refused": crowd.refused,
            },
        )


two = partial(visit, name="visit-two", workers=2)
in_postgres = partial(visit, name="visit-postgres", stored="postgres")
two_in_postgres = partial(visit, name="visit-postgres-two", stored="postgres", workers=2)


def _database() -> Postgres:
    if reason := postgres.missing():
        raise NotMeasuredError(reason)
    return Postgres(fsync="on", full_page_writes="on", shared_buffers="128MB")


def _prepared(settings: Settings, officers: int) -> str:
    """Makes the office, its officers with their passwords, and a kiosk, whose secret it gives."""
    with closing(House(settings)) as here:
        for person in OFFICERS[:officers]:
            staff.add(here, person, ["officer"])
            here.credentials.set_password(person, PASSWORD, here.now())
        return staff.device(here, "kiosk")


class Browser:
    """A page's connection to the office, with its cookies: one request after the other."""

    def __init__(self, port: int, **cookies: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._origin = f"http://127.0.0.1:{port}"
        self._cookies = cookies

    def request(self, path: str, body: bytes, kind: str, **more: str) -> bytes:
        """The bytes of a POST, as Chromium sends it for a page."""
        script = kind == JSON
        headers = {
            "Host": self._origin.removeprefix("http://"),
            "Connection": "keep-alive",
            "Content-Length": str(len(body)),
            "User-Agent": CHROMIUM,
            "Accept": kind if script else "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Content-Type": kind,
            "Origin": self._origin,
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "cors" if script else "navigate",
            "Sec-Fetch-Dest": "empty" if script else "document",
            "Referer": f"{self._origin}/",
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "Accept-Language": "id-ID,id;q=0.9,en;q=0.8",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            **more,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def answer(self) -> Answer:
        """The status and the body of the answer; its cookies are kept."""
        head, _, body = whole_answer(self.connection).partition(b"\r\n\r\n")
        for name, value in re.findall(rb"\r\nset-cookie: ([^=]+)=([^;\r]*)", head, re.IGNORECASE):
            self._cookies[name.decode()] = value.decode()
        return int(head[9:12]), body

    def asks(self, request: bytes) -> Answer:
        """Sends a request, and waits for its answer."""
        self.connection.sendall(request)
        return self.answer()


class Somebody:
    """A browser and what is done in it."""

    def __init__(self, browser: Browser, life: Life) -> None:
        self.browser, self._life = browser, life
        self._next = next(life)

    def asks(self) -> bool:
        """Sends what there is to ask for; whether there is anything."""
        self._next = self._next or next(self._life)
        if self._next:
            self.browser.connection.sendall(self._next)
        return self._next is not None

    def hears(self) -> None:
        """Takes the answer."""
        self._next = self._life.send(self.browser.answer())


class Crowd:
    """A kiosk and an officer at each of the first counters, all signed in."""

    def __init__(self, served: Serving, settings: Settings, officers: int, kiosk: str) -> None:
        self.refused = 0
        self._issued = self._finished = 0
        self._is_busy = True
        self._keys = (f"bench-press-{n:08}" for n in count())
        self._record = Ledger(settings.ledger, settings.data)
        counters = OFFICE.counters[:officers]
        before = served.cpu()
        browsers = [_signed_in(served.port, person) for person in OFFICERS[:officers]]
        self.cost_of_a_sign_in = (served.cpu() - before) / officers
        self._people = [
            Somebody(browser, self._officer(browser, counter))
            for browser, counter in zip(browsers, counters, strict=True)
        ]
        door = Browser(served.port, device=kiosk)
        offered = [counter.services[0] for counter in counters]
        self._people.append(Somebody(door, self._kiosk(door, offered)))

    def close(self) -> None:
        """All go home."""
        for somebody in self._people:
            somebody.browser.connection.close()
        self._record.close()

    def serves(self, visits: int) -> None:
        """Works until as many more services were finished as these visits have."""
        enough, asking = self._finished + visits * SERVICES, set[Somebody]()
        with selectors.DefaultSelector() as answers:
            for somebody in self._people:
                answers.register(somebody.browser.connection, selectors.EVENT_READ, data=somebody)
            while True:
                if self._finished < enough:
                    self._is_busy = bool(asking)
                    asking |= {somebody for somebody in self._people if somebody not in asking and somebody.asks()}
                elif not asking:
                    return
                for ready, _ in answers.select():
                    asking.remove(ready.data)
                    ready.data.hears()

    def _kiosk(self, browser: Browser, offered: list[str]) -> Life:
        """Lets a visitor in for each that has left. They come for three services, as many for each counter."""
        apart = len(offered) // SERVICES
        for number in count():
            while self._issued - self._finished // SERVICES >= IN_THE_HALL:
                yield None
            services = [("service", offered[(number + n * apart) % len(offered)]) for n in range(SERVICES)]
            form = urlencode([*services, ("language", "id"), ("key", next(self._keys)), ("priority", "")])
            _demand(201, (yield from _insisting(browser.request(f"/kiosk/{OFFICE.id}/ticket", form.encode(), FORM))))
            self._issued += 1

    def _officer(self, browser: Browser, counter: Counter) -> Life:
        """Calls, starts and finishes, and rests while nobody waits."""

        def press(action: str, **fields: object) -> bytes:
            body = json.dumps({"date": OFFICE.service_date(time.time_ns() // 1_000_000).isoformat(), **fields}).encode()
            path = f"/desk/{OFFICE.id}/{counter.id}/{action}?lang=id"
            return browser.request(path, body, JSON, **{"Idempotency-Key": next(self._keys)})

        _demand(200, (yield from _insisting(press("open", services=counter.services))))
        while True:
            status, said = yield from _insisting(press("call-next"))
            if status == HTTPStatus.CONFLICT:
                self.refused += 1
                looks_again = self._finished + LOOKS_AGAIN
                while self._finished < looks_again and self._is_busy:
                    yield None
                continue
            number = self._called(_demand(200, (status, said)), counter.id)
            _demand(200, (yield from _insisting(press("start", present=number))))
            _demand(200, (yield from _insisting(press("finish", present=number, outcome="done"))))
            self._finished += 1

    def _called(self, said: bytes, counter: str) -> str:
        """Whom a counter's press called that was answered so. A page is shown it by the feed; here the record is looked
        at, so that nothing but presses is measured.
        """
        newest = self._record.since(max(0, json.loads(said)["v"] - FOLLOWS))
        calls = [it.event for it in newest if isinstance(it.event, TicketCalled) and it.event.counter == counter]
        return calls[-1].number


def _signed_in(port: int, person: str) -> Browser:
    browser = Browser(port)
    form = urlencode({"account": person, "password": PASSWORD, "next": f"/desk/{OFFICE.id}"}).encode()
    _demand(303, browser.asks(browser.request("/sign-in", form, FORM)))
    return browser


def _insisting(request: bytes) -> Generator[bytes, Answer, Answer]:
    """Asks again under the same key while the record is not available, as pages do."""
    while (answer := (yield request))[0] == HTTPStatus.SERVICE_UNAVAILABLE:
        pass
    return answer


def _demand(status: int, answer: Answer) -> bytes:
    """The body of an answer that has this status. Raises RuntimeError."""
    if answer[0] != status:
        raise RuntimeError(f"expected {status}, got {answer[0]}: {answer[1][-300:]!r}")
    return answer[1]
