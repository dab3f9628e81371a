"""The plots of a load's report, as SVG that stands in the page: drawn by matplotlib, in the colours of the screens."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from math import log
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from tools.load.found import Curve, Found

INK, MUTED, EDGE, LINE, RAMP = "#14232b", "#3c4952", "#76705f", "#ddd6c9", "#f1ece2"

COLOURS = ("#005354", "#b4530a", "#173f82", "#7b2d74", "#4d6b12", "#821a15", "#76705f")
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "solid",
    (0, (5, 1.5)),
    (0, (1.5, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (3, 1)),
    (0, (8, 2)),
    (0, (1, 1)),
)
"""Series differ by colour and by dash, and each has its name at its end."""

SIZE = (5.7, 2.5)
"""Inches; the page stretches it to a column."""

NAMES_APART = 0.085
"""Of the plot's height: what a name needs."""

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "load",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.edgecolor": EDGE,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.6,
}

PERCENTILES = (("p50", "half"), ("p95", "95 of 100"), ("p99", "99 of 100"))

SECOND = 1000.0

WIDE = 100.0
"""From so many times the lowest to the highest on, each ten times has a tick; below, also 2 and 5."""


class _End(NamedTuple):
    """Where a series ends, what it is called, and its colour."""

    value: float
    words: str
    colour: str


def latency(curve: Curve, found: Found) -> str:
    """Within which time half, 95 and 99 of 100 were served. Upwards each tenfold is as high as the one before."""
    with mpl.rc_context(SETTINGS):
        drawing, axes = _drawing(found)
        axes.set_yscale("log")
        ends = []
        for n, (name, words) in enumerate(PERCENTILES):
            values = [max(0.1, value) for value in getattr(curve, name)]
            _line(axes, curve.at, values, n)
            ends.append(_End(values[-1], words, COLOURS[n]))
        low, high = max(0.5, min(curve.p50) / 1.6), max(20.0, 1.6 * max(curve.p99))
        axes.set_ylim(low, high)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0,) if high / low > WIDE else (1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(
            FuncFormatter(lambda ms, _: f"{ms / SECOND:g} s" if ms >= SECOND else f"{ms:g} ms")
        )
        axes.minorticks_off()
        _name_ends(axes, ends)
        return _svg(drawing)


def lines(
    at: Sequence[float],
    series: Mapping[str, Sequence[float]],
    found: Found,
    unit: str = "",
    order: Sequence[str] = (),
) -> str:
    """Several figures over time. A series that has a place in `order` looks the same in every plot."""
    with mpl.rc_context(SETTINGS):
        drawing, axes = _drawing(found)
        looks = {name: order.index(name) if name in order else n for n, name in enumerate(series)}
        for name, values in series.items():
            _line(axes, at, values, looks[name])
        axes.set_ylim(0, 1.1 * max(0.001, *map(max, series.values())))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{unit}"))
        _name_ends(axes, [_End(values[-1], name, _colour(looks[name])) for name, values in series.items()])
        return _svg(drawing)


def stacked(at: Sequence[float], series: Mapping[str, Sequence[float]], found: Found) -> str:
    """Parts of a whole over time, one upon the other."""
    with mpl.rc_context(SETTINGS):
        drawing, axes = _drawing(found)
        colours = [_colour(n) for n in range(len(series))]
        axes.stackplot(at, *series.values(), colors=colours, alpha=0.9, edgecolor="#ffffff", linewidth=0.5)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
        ends, below = [], 0.0
        for (name, values), colour in zip(series.items(), colours, strict=True):
            ends.append(_End(below + values[-1] / 2, name, colour))
            below += values[-1]
        _name_ends(axes, ends)
        return _svg(drawing)


def _drawing(found: Found) -> tuple[Drawing, Axes]:
    """An empty plot over the time that the crowd was there; its coming is shaded."""
    drawing = Drawing(figsize=SIZE)
    axes = drawing.add_axes((0.115, 0.12, 0.735, 0.84))
    axes.set_xlim(0, max(1.0, found.seconds))
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda second, _: f"{second:g} s"))
    axes.axvspan(0, found.ramp, color=RAMP, zorder=0, linewidth=0)
    axes.tick_params(length=3)
    return drawing, axes


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]


def _line(axes: Axes, at: Sequence[float], values: Sequence[float], n: int) -> None:
    alone = len(values) == 1
    axes.plot(at, values, color=_colour(n), linestyle=DASHES[n % len(DASHES)], marker="o" if alone else "")


def _name_ends(axes: Axes, ends: Sequence[_End]) -> None:
    """Names at the right edge, in the order of the series' ends, none upon another."""
    low, high = axes.get_ylim()
    logarithmic = axes.get_yscale() == "log"

    def place(value: float) -> float:
        part = log(max(value, low) / low) / log(high / low) if logarithmic else (value - low) / (high - low)
        return min(1.0, max(0.0, part))

    named = sorted(ends, key=lambda end: end.value)
    places = [place(end.value) for end in named]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + NAMES_APART)
    over = max(0.0, places[-1] - 1.0) if places else 0.0
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], 1.0 - NAMES_APART * (len(places) - 1 - n)) if over else places[n]
    for end, at in zip(named, places, strict=True):
        axes.text(
            1.02, at, end.words, color=end.colour, transform=axes.transAxes, va="center", fontweight="bold", fontsize=9
        )


def _svg(drawing: Drawing) -> str:
    """The drawing alone, without what names the time and the program that made it."""
    file = io.StringIO()
    drawing.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
