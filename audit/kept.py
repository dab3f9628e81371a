"""How often the waiting ranges held, over some days: read from the ledger, figures and a plot. Reading blocks."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec import Struct

from ltsa.happened import DayEvent
from ltsa.ledger import Ledger
from ltsa.office import Office
from ltsa.predictions import Figures, Outcome, WaitsPredicted, figures, forecast_stream, outcomes
from ltsa.present import day_stream
from ltsa.ranges import COVER, holds
from web.format import iso
from web.tables import Cell
from web.words import Words

WIDE, HIGH, WIDEST = 1000, 200, 120


class Bar(Struct, frozen=True, kw_only=True):
    """An hour in the plot: where it stands and how high, in the drawing's units; `share` per cent held of `count`."""

    hour: int
    x: int
    width: int
    y: int
    height: int
    share: int
    count: int


class Shown(Struct, frozen=True, kw_only=True):
    """What the page shows: the figures, the plot of the hours with the line at which they should be."""

    figures: Figures
    bars: tuple[Bar, ...]
    line: int


def read(ledger: Ledger, office: Office, first: date, last: date) -> list[Outcome]:
    """The predictions of some dates that came out, in the order in which they did."""
    prefix, found = forecast_stream(office.id, ""), list[Outcome]()
    for stream in ledger.streams(prefix):
        written = stream.removeprefix(prefix)
        if first.isoformat() <= written <= last.isoformat():
            told = [one.event for one in ledger.history(stream) if isinstance(one.event, WaitsPredicted)]
            day: list[DayEvent] = [one.event for one in ledger.history(day_stream(office.id, written))]  # type: ignore[misc]
            found += outcomes(told, day)
    return found


def shown(found: Sequence[Outcome], office: Office) -> Shown:
    """The figures of some outcomes and their plot."""
    counted = figures(found, office)
    wide = min(WIDE // max(len(counted.hours), 1), WIDEST)
    bars = tuple(
        Bar(
            hour=hour,
            x=n * wide + wide // 10,
            width=wide * 8 // 10,
            y=HIGH - row.told.share * HIGH // 100,
            height=row.told.share * HIGH // 100,
            share=row.told.share,
            count=row.told.count,
        )
        for n, (hour, row) in enumerate(counted.hours.items())
    )
    return Shown(figures=counted, bars=bars, line=HIGH - COVER * HIGH // 100)


def rows(found: Sequence[Outcome], office: Office, lang: str) -> Iterator[Sequence[Cell]]:
    """Every prediction that came out, one a row."""
    t, told = Words(lang), [(one.told, one.took) for one in found]
    heads = ("time", "number", "service", "class", "low", "high", "took", "held", "method", "queue_low", "queue_high")
    yield [t(f"audit.kept.{head}") for head in heads]
    for one, took in told:
        queue = (one.queue.low, one.queue.high or "") if one.queue else ("", "")
        yield (
            iso(one.at, office.zone),
            one.number,
            one.service,
            t("term.priority") if one.priority else "",
            one.told.low,
            one.told.high or "",
            took // 60,
            t("audit.kept.yes") if holds(one.told, took) else t("audit.kept.no"),
            one.told.method,
            *queue,
        )
