"""The benchmark that people feel: from an officer's click to the call painted on the display, in a real Chromium."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from statistics import median, quantiles
from typing import TYPE_CHECKING

from tools import chromium
from tools.bench_http import TICKETS, Callers, Opened, callers, office, post
from tools.figures import Figure, NotMeasuredError, figure, in_turns, scratch
from web.server import CreateApp

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNTER = "/api/v1/offices/ltsa/counters/1"
PATIENCE = 20_000
CALL = "[data-desk]:not([aria-busy=true], [data-settling]) [data-do=call-next]:enabled"
"""The button, once the desk takes clicks again: for a moment after each it takes none."""

CLICKED = """() => addEventListener("click", (event) => {
  window.clicked = performance.timeOrigin + event.timeStamp;
  if (event.target.id === "probe") window.channel.postMessage("");
}, true)"""

PROBE = """() => {
  window.channel = new BroadcastChannel("probe");
  const probe = document.createElement("button");
  Object.assign(probe, { id: "probe", textContent: "probe" });
  document.body.prepend(probe);
}"""

# After a frame's callbacks it is painted, and only then does the next message come in.
PAINTED = """const painted = () => new Promise((done) => requestAnimationFrame(() => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(performance.timeOrigin + performance.now());
  port2.postMessage("");
}));"""

WATCH_CALLS = f"""() => {{
  {PAINTED}
  const serials = () => [...document.querySelectorAll("[data-serial]")].map((call) => Number(call.dataset.serial));
  const newest = () => Math.max(0, ...serials());
  window.newest = Math.max(window.newest ?? 0, newest());
  window.seen = new Promise((done) => {{
    const observer = new MutationObserver(() => {{
      if (newest() <= window.newest) return;
      observer.disconnect();
      done(painted());
    }});
    observer.observe(document.body, {{ childList: true, subtree: true, attributes: true }});
  }});
}}"""

WATCH_PROBE = f"""() => {{
  {PAINTED}
  window.channel ??= new BroadcastChannel("probe");
  window.seen = new Promise((done) => {{
    window.channel.onmessage = () => {{
      document.querySelector("h1").textContent += " ";
      done(painted());
    }};
  }});
}}"""

SEEN = f"""() => Promise.race([window.seen, new Promise((_, fail) => {{
  setTimeout(() => fail(new Error("the display showed nothing")), {PATIENCE});
}})])"""


def click(create_app: CreateApp, scale: float) -> Figure:
    """Milliseconds from the click on "call next" to the call on the display: p95; against a click that tells another
    page through Chromium alone.
    """
    program = chromium.find()
    if not program:
        raise NotMeasuredError("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    clicks = max(2, int(20 * scale))
    all_costs: list[float] = []
    with (
        scratch() as folder,
        office(create_app, folder) as opened,
        callers(opened.port, 1) as programs,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=chromium.FLAGS)
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        address = f"http://127.0.0.1:{opened.port}"
        context.add_cookies([{"name": "session", "value": opened.session, "url": address}])
        desk = context.new_page()
        officer = _Officer(programs, opened.token)
        officer.opens()
        desk.goto(f"{address}/desk/ltsa/1")
        with desk.expect_popup() as popup:  # a window of its own: a tab in the background paints once a second
            desk.evaluate("() => { open('/display/ltsa', 'display', 'popup,width=1366,height=768'); }")
        display = popup.value
        display.wait_for_load_state()
        desk.evaluate(PROBE)
        desk.evaluate(CLICKED)

        def ours() -> float:
            costs = []
            for _ in range(clicks):
                officer.has_somebody_waiting()
                costs.append(_cost(desk, display, WATCH_CALLS, CALL))
                desk.wait_for_selector("[data-do=start]")
                officer.serves()
            all_costs.extend(costs)
            return _p95(costs)

        def yardstick() -> float:
            return _p95([_cost(desk, display, WATCH_PROBE, "#probe") for _ in range(clicks)])

        rounds = in_turns(ours, yardstick)
        quiet = list(all_costs)
        with _busy(opened):
            all_costs.clear()
            busy = median([ours() for _ in range(3)])
        browser.close()
    return figure(
        "click",
        rounds,
        unit="ms",
        against="a click that changes another page through Chromium alone",
        most_value=150,
        more={"p50_ms": median(quiet), "p95_ms": _p95(quiet), "p95_ms_while_numbers_are_taken": busy},
    )


class _Officer:
    """What happens between two clicks, through the programs' door."""

    def __init__(self, programs: Callers, token: str) -> None:
        self._programs, self._token = programs, token
        self._keys = count(1)

    def opens(self) -> None:
        self._post(f"{COUNTER}/open", b'{"officer":"siti","services":["information"]}')

    def has_somebody_waiting(self) -> None:
        self._post(TICKETS, b'{"services":["information"]}', 201)

    def serves(self) -> None:
        self._post(f"{COUNTER}/start", b"{}")
        self._post(f"{COUNTER}/finish", b'{"outcome":"done"}')

    def _post(self, path: str, body: bytes, status: int = 200) -> None:
        self._programs.rate(lambda: post(path, body, f"officer-{next(self._keys)}", self._token), 1, status)


@contextmanager
def _busy(opened: Opened) -> Iterator[None]:
    """Five visitors a second take numbers elsewhere: the display has other news too."""
    over = threading.Event()

    def take_numbers() -> None:
        with callers(opened.port, 1) as kiosk:
            for n in count(1):
                kiosk.rate(lambda n=n: post(TICKETS, b'{"services":["bank"]}', f"busy-{n}", opened.token), 1, 201)  # type: ignore[misc]
                if over.wait(0.2):
                    return

    kiosk = threading.Thread(target=take_numbers)
    kiosk.start()
    try:
        yield
    finally:
        over.set()
        kiosk.join()


def _cost(desk: "Page", display: "Page", watch: str, button: str) -> float:
    display.evaluate(watch)
    desk.click(button)
    seen: float = display.evaluate(SEEN)
    clicked: float = desk.evaluate("() => window.clicked")
    return seen - clicked


def _p95(costs: list[float]) -> float:
    return quantiles(costs, n=20, method="inclusive")[18]
