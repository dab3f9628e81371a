"""Benchmarks of the auditor's room: a day of 50 000 events at any instant, in memory and in a browser."""

import time
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random
from statistics import median, quantiles

from audit import book
from audit.asked import Instant
from ltsa.present import day_stream
from ltsa.replay import day_at
from tools import chromium, staff
from tools.bench_http import office
from tools.bench_ledger import DAY, OFFICE, SHORT_ROUNDS, busy_day, office_ledger, play
from tools.figures import Figure, NotMeasuredError, figure, in_turns, scratch
from web.house import House
from web.server import CreateApp
from web.settings import Settings

TICKETS = 10_150
"""With 100 people left waiting they make 50 500 events."""

PACE = 5_400
"""Milliseconds between what an officer does: such a day then lasts seven and a half hours."""

ONE_DAY = 86_400_000
STEPS = 20
PATIENCE = 120_000

FIRST_PICTURE = """() => new Promise((done) => new PerformanceObserver((list) => {
  const [paint] = list.getEntriesByName("first-contentful-paint");
  if (paint) done(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""

# After a frame's callbacks it is painted, and only then does the next message come in.
MOVES = """() => {
  const painted = (began) => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => done(performance.now() - began);
    port2.postMessage("");
  }));
  const slider = document.querySelector("[data-slider]");
  window.moved = (to) => new Promise((done) => {
    const began = performance.now();
    document.addEventListener("instant:shown", () => done(painted(began)), { once: true });
    slider.value = to;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  window.changed = () => {
    const began = performance.now();
    document.querySelector("h1").textContent += " ";
    return painted(began);
  };
}"""


def instant(_create_app: CreateApp, scale: float) -> Figure:
    """A random instant of an opened day: its state, its pictures, the events around; against folding the whole day."""
    with scratch() as folder:
        ledger = busy_day(folder / "ledger.sqlite", max(150, int(TICKETS * scale)), 100)[0].ledger
        stream = ledger.streams(day_stream(OFFICE.id, ""))[0]
        day = date.fromisoformat(stream.rpartition(":")[2])
        began = time.perf_counter()
        found = book.read(ledger, OFFICE.id, day)
        opening = time.perf_counter() - began
        assert found is not None  # noqa: S101 - the day was just made
        random = Random(2026)

        def ours() -> float:
            version = random.randint(1, found.newest)
            began = time.perf_counter()
            moment = found.moment(Instant(version=version))
            took = (time.perf_counter() - began) * 1000
            assert moment.version == version  # noqa: S101 - another instant is no figure
            return took

        def yardstick() -> float:
            began = time.perf_counter()
            day_at(found.history)
            return (time.perf_counter() - began) * 1000

        rounds = in_turns(ours, yardstick, rounds=SHORT_ROUNDS)
        ledger.close()
        return figure(
            "replay-instant",
            rounds,
            unit="ms",
            against="folding all of the day's events",
            most_value=100,
            more={
                "events": found.newest,
                "opening_ms": round(opening * 1000, 1),
                "slowest_ms": round(max(own for own, _ in rounds), 1),
            },
        )


def page(create_app: CreateApp, scale: float) -> list[Figure]:
    """Milliseconds in a real Chromium, on a day of 50 000 events: until the page that nobody has opened yet paints its
    first picture, beside the page of a day without events; and from a move of the slider to the painted instant, beside
    a move that only changes a text.
    """
    program = chromium.find()
    if not program:
        raise NotMeasuredError("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    steps, rounds = max(2, int(STEPS * scale)), max(1, int(SHORT_ROUNDS * scale))
    with scratch() as folder:
        _record(folder / "office", max(150, int(TICKETS * scale)), rounds + 1)
        with closing(House(Settings(data=folder / "office", port=0))) as here:
            session = staff.session(here, "ratna", ["auditor"])
        with office(create_app, folder) as opened, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=chromium.FLAGS)
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            address = f"http://127.0.0.1:{opened.port}"
            context.add_cookies([{"name": "session", "value": session, "url": address}])
            tab, days = context.new_page(), iter(range(rounds + 1))

            def painted(day: str) -> float:
                tab.goto(f"{address}/audit/{OFFICE.id}/{day}?at=12:00:00", wait_until="commit")
                cost: float = tab.evaluate(FIRST_PICTURE)
                tab.wait_for_selector("[data-later]", state="detached", timeout=PATIENCE)
                return cost

            first = in_turns(lambda: painted(_date(next(days))), lambda: painted(_date(-1)), rounds)
            again = median(painted(_date(rounds)) for _ in range(rounds))
            tab.evaluate(MOVES)
            random, last = Random(2026), int(tab.get_attribute("[data-slider]", "max") or 0)
            costs: list[float] = []

            def ours() -> float:
                some = [float(tab.evaluate("(to) => moved(to)", random.randint(0, last))) for _ in range(steps)]
                costs.extend(some)
                return median(some)

            def yardstick() -> float:
                return median([float(tab.evaluate("() => changed()")) for _ in range(steps)])

            moved = in_turns(ours, yardstick, rounds)
            browser.close()
    return [
        figure(
            "replay-page",
            first,
            unit="ms",
            against="the page of a day without events",
            most_value=1000,
            more={"kept_in_memory_ms": again, "slowest_ms": max(own for own, _ in first)},
        ),
        figure(
            "replay-step",
            moved,
            unit="ms",
            against="a move that only changes a text",
            most_value=50,
            more={"p95_ms": quantiles(costs, n=20, method="inclusive")[18]},
        ),
    ]


def _record(folder: Path, tickets: int, days: int) -> None:
    ledger = office_ledger(folder / "ledger.sqlite")
    for day in range(days):
        play(ledger, tickets, 100, DAY + day * ONE_DAY, PACE)
    ledger.close()


def _date(day: int) -> str:
    return OFFICE.service_date(DAY + day * ONE_DAY).isoformat()
