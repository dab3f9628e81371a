"""The report of a load: a page that needs no network, the same as JSON, and the lines for the terminal."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tools.load import plots
from tools.load.found import Found, share
from tools.load.meter import LATENCIES
from tools.load.watcher import OURS, Look
from web.files import NODE_MODULES

PAGE, FIGURES = "report.html", "report.json"

HERE = Path(__file__).parent / "templates"
TYPE = NODE_MODULES / "@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-latin-wght-normal.woff2"

MEGABYTE = 2**20
SECOND = 1000.0

GROUPS = (
    ("In the hall", ("seen", "seen-elsewhere", "rings", "phone")),
    ("At the counters", ("press", "desk", "sign-in")),
    ("At the kiosk", ("ticket", "step")),
    ("Underneath", ("page", "file", "join", "rejoin")),
)

OPTIONS = {
    "url": "Address",
    "workers": "Processes that answer",
    "database": "The record lies in",
    "redis": "Redis",
    "offices": "Offices",
    "officers": "Officers in each",
    "visitors": "Visitors a day, each office",
    "phones": "Pages on phones, a ticket",
    "outages": "Share of phones that lose the network",
    "scenario": "When people come (scenario)",
    "speed": "Faster than life",
    "begin": "The day begins at",
    "duration": "Seconds of it",
    "ramp": "Seconds in which screens come",
    "seed": "Seed",
}


POINTS = 40
"""About so many of a curve that is evened."""

ROWS = 30
"""Of a plot's table, at most."""


class Plot(NamedTuple):
    """A plot with its words (`about` says what is seen in it) and its table: the names of the series, and rows of what
    they were at a second.
    """

    title: str
    about: str
    svg: Markup
    names: list[str]
    rows: list[list[str]]


def write(found: Found, folder: Path) -> None:
    """Writes the page and the JSON into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES).write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    (folder / PAGE).write_text(as_page(found), encoding="utf-8")


def as_page(found: Found) -> str:
    """The page, with its style, its type and its plots in it."""
    words = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words.filters |= {"ms": ms, "count": count}
    return words.get_template("report.html").render(
        it=found,
        began=f"{datetime.fromisoformat(found.began):%d %B %Y, %H.%M}",
        style=Markup((HERE / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own
        type=base64.b64encode(TYPE.read_bytes()).decode() if TYPE.exists() else "",
        groups=[
            (title, [(what, LATENCIES[what], found.latencies[what]) for what in whats if what in found.latencies])
            for title, whats in GROUPS
        ],
        felt=_felt(found),
        done=_done(found),
        taken=_taken(found),
        asked=[(OPTIONS.get(name, name), value) for name, value in found.asked.items()],
        again=share(found.again, found.requests),
    )


def as_text(found: Found) -> str:
    """The report in a screenful."""
    head = f"{'ms':<34}{'count':>9}{'half':>9}{'95 %':>9}{'99 %':>9}{'most':>9}"
    rows = [
        f"{LATENCIES[what][0]:<34}{each.count:>9}{each.p50:>9g}{each.p95:>9g}{each.p99:>9g}{each.most:>9g}"
        for what, each in found.latencies.items()
    ]
    again = f"{share(found.again, found.requests):.2f} % of {found.requests} requests were made again"
    told = f"{found.tickets} numbers, {found.served} services, {found.most_here} pages live at once; {again}."
    checks = [f"{'held ' if each.held else 'WRONG'}  {each.what} ({each.looked_at})" for each in found.checks]
    limits = [f"{'held ' if each.held else 'MISSED'} {each.limit}: {each.found}" for each in found.limits]
    wrong = [f"  ! {sentence}" for sentence in found.wrong]
    notes = [f"  Note: {note}" for note in found.notes]
    return "\n".join([head, *rows, "", told, "", *checks, *limits, *wrong, *notes])


def ms(time: float) -> str:
    """A time in ms as people read it: "0.4 ms", "38 ms", "1.25 s"."""
    if time >= SECOND:
        return f"{time / SECOND:.2f} s"
    return f"{time:.1f} ms" if time < 10 else f"{time:.0f} ms"  # noqa: PLR2004 - one digit more below


def count(number: float) -> str:
    """A number with its thousands apart."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _felt(found: Found) -> list[Plot]:
    made = []
    for what in (what for _, whats in GROUPS for what in whats if what in found.curves):
        curve, (title, about) = found.curves[what], LATENCIES[what]
        series = {words: getattr(curve, name) for name, words in plots.PERCENTILES}
        made.append(_plot(title, about, plots.latency(curve, found), curve.at, series, ms))
    return made


def _done(found: Found) -> list[Plot]:
    if not found.slices:
        return []
    rates, at = {"all": found.rates, "in vain": found.troubles}, found.slices
    about = "how many a second; those in vain were made again"
    made = [_plot("Requests", about, plots.lines(at, rates, found), at, rates)]
    kinds = sorted({kind for look in found.looks for kind in look.here}, key=_by_most(found.looks))
    if kinds:
        here = {kind: [float(look.here.get(kind, 0)) for look in found.looks] for kind in kinds}
        at = [look.at for look in found.looks]
        made.append(_plot("Who is live", "open pages with a socket", plots.stacked(at, here, found), at, here))
    return made


def _taken(found: Found) -> list[Plot]:
    looks, at = found.looks, [look.at for look in found.looks]
    if not looks:
        return []
    names = sorted(dict.fromkeys(name for look in looks for name in look.cpu), key=OURS.__eq__)
    lagging = [name for name in names if any(name in look.lag for look in looks)]

    def each(value: Callable[[Look, str], float], of: Sequence[str] = names) -> dict[str, list[float]]:
        return {name: [value(look, name) for look in looks] for name in of}

    lags = each(lambda look, name: SECOND * look.lag.get(name, 0.0), lagging)
    lags[OURS] = [SECOND * look.own_lag for look in looks]
    late = "the most in the last 10 s (the crowd: in the last 1 s); all wait that long"
    wanting = "how many processes want to run on it, on average over a minute"
    cores = each(lambda look, name: look.cpu.get(name, 0.0))
    then, cores = _evened(at), {name: _evened(values) for name, values in cores.items()}
    processor = _plot("Processor", "cores: 1 is a whole one", plots.lines(then, cores, found, order=names), then, cores)
    made = (
        ("Memory", "MB of each process", each(lambda look, name: look.memory.get(name, 0) / MEGABYTE), ""),
        ("Connections and files", "open at once", each(lambda look, name: float(look.files.get(name, 0))), ""),
        ("How late the loops were", late, lags, " ms"),
        ("The machine", wanting, {"processes": [look.load for look in looks]}, ""),
    )
    return [
        processor,
        *(
            _plot(title, about, plots.lines(at, series, found, unit, names), at, series)
            for title, about, series, unit in made
        ),
    ]


def _evened(values: Sequence[float]) -> list[float]:
    """The means of neighbours: seconds of a process that waits for requests jump up and down."""
    width = max(1, len(values) // POINTS)
    return [fmean(values[n : n + width]) for n in range(0, len(values), width)]


def _plot(  # noqa: PLR0913, PLR0917 - a plot's parts
    title: str,
    about: str,
    svg: str,
    at: Sequence[float],
    series: Mapping[str, Sequence[float]],
    said: Callable[[float], str] = lambda value: f"{value:.3g}" if value < SECOND else count(value),
) -> Plot:
    each = max(1, -(-len(at) // ROWS))
    rows = [[f"{at[n]:.0f} s", *(said(values[n]) for values in series.values())] for n in range(0, len(at), each)]
    return Plot(title, about, Markup(svg), list(series), rows)  # noqa: S704 - drawn by us


def _by_most(looks: Sequence[Look]) -> Callable[[str], float]:
    return lambda kind: -max(look.here.get(kind, 0) for look in looks)
