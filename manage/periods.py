"""The report of several days: the same figures as a day's, added up, of the office or of all that the asker may see."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from flask import Blueprint, Response, request
from msgspec import Struct, structs

from ltsa.journal import DataExported
from ltsa.models import period
from ltsa.models.days import settled
from ltsa.models.period import Part, Period
from ltsa.office import Office
from ltsa.present import day_stream
from ltsa.report import SeatReport, ServiceReport
from manage import frame
from manage.reports import SUMS, Figures, figure_rows, in_minutes, scale
from web.asking import asker
from web.errors import Refused
from web.house import House, house
from web.read_models import catch_up
from web.tables import Cell, chunks
from web.words import Words, page_language

blueprint = Blueprint("periods", __name__, url_prefix="/manage/<office>/report/days")

LONGEST = 366
"""Days that are added up at once."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which days, both included, and whether of all offices that the asker may see."""

    first: date
    last: date
    everywhere: bool


class Shown(Struct, frozen=True, kw_only=True):
    """What the page shows: the figures, with the services in the office's order and names; the minutes at the end of
    the axis of waits. Counters and officers of several offices are not added up.
    """

    period: Period
    services: tuple[ServiceReport, ...]
    counters: tuple[SeatReport, ...]
    officers: tuple[SeatReport, ...]
    scale: int

    @property
    def most_in_an_hour(self) -> int:
        """The fullest hour."""
        return max(self.period.hours.values(), default=0)


@blueprint.get("")
def several(office: str) -> str:
    """The report of some days; this month's where none are asked for."""
    found, asked = frame.office_of(office), _asked(office)
    shown = _read(found, asked)
    names = {each.id: each.name for each in house().offices()}
    ways = _ways(found.service_date(house().now()))
    may_all = len(_offices(office, everywhere=True)) > 1
    return frame.page("period", found, it=shown, asked=asked, ways=ways, names=names, may_all=may_all)


@blueprint.get("/figures.csv")
def several_csv(office: str) -> Response:
    """The same for a spreadsheet: a row a figure, of each date, of each office, and of all of it."""
    found, asked = frame.office_of(office), _asked(office)
    shown = _read(found, asked)
    by, dates = asker().by("day.report", office), f"{asked.first}–{asked.last}"
    house().note(DataExported, office=office, by=by, kind="report.csv", about=dates)
    answer = Response(b"".join(chunks(_rows(shown, dates, found, Words(page_language())))), mimetype="text/csv")
    name = f"{office}-{asked.first}-{asked.last}-report.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


# --- Within


def _asked(office: str) -> Asked:
    """Reads `from=2026-11-01&to=2026-11-21&of=all`; without dates this month so far. Raises `Refused`."""
    today = house().office(office).service_date(house().now())
    said: Callable[[str, date], date] = lambda name, default: _date(request.args.get(name, ""), name) or default  # noqa: E731
    last = said("to", today)
    first = said("from", last.replace(day=1))
    if not 0 <= (last - first).days < LONGEST:
        message = f"Choose a first date that is not after the last one, and at most {LONGEST} days."
        raise Refused("wrong-period", message, field="from", status=422)
    return Asked(first=first, last=last, everywhere=request.args.get("of") == "all")


def _date(written: str, field: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Refused("wrong-date", "Write the date as 2026-11-21.", field=field, status=422) from None


def _ways(today: date) -> dict[str, tuple[date, date]]:
    """Stretches that people ask for: this week and month so far, and those before."""
    monday, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    before = month - timedelta(days=1)
    return {
        "this_week": (monday, today),
        "last_week": (monday - timedelta(days=7), monday - timedelta(days=1)),
        "this_month": (month, today),
        "last_month": (before.replace(day=1), before),
    }


def _offices(office: str, *, everywhere: bool) -> list[str]:
    """The office, or all whose reports the asker may see."""
    every = [each.id for each in house().offices() if asker().may("day.report", each.id)]
    return every if everywhere else [office]


def _read(office: Office, asked: Asked) -> Shown:
    offices = _offices(office.id, everywhere=asked.everywhere)
    found: Period = house().off_loop(_added, house(), offices, asked.first.isoformat(), asked.last.isoformat())
    services = tuple(_services(office, found))
    single = len(offices) == 1
    return Shown(
        period=found,
        services=services,
        counters=_in_order(office, found.counters) if single else (),
        officers=found.officers if single else (),
        scale=scale(max((service.waits.p90 for service in services), default=0)),
    )


def _added(here: House, offices: list[str], first: str, last: str) -> Period:
    """The days that are open are folded, the others stand in the read model."""
    with catch_up(here, "days").reading() as cursor:
        left = period.unsettled(cursor, offices, first, last)
        days = (settled(list(here.ledger.history(day_stream(office, day)))) for office, day in left)
        return period.read(cursor, offices, first, last, filter(None, days))


def _services(office: Office, found: Period) -> Iterator[ServiceReport]:
    """Those that the office has now, in its order, then those that there were."""
    known = [it for it in office.service if it in found.services]
    for code in (*known, *sorted(found.services.keys() - known)):
        now, figures = office.service.get(code), structs.asdict(found.services[code])
        yield ServiceReport(
            prefix=now.prefix if now else "", name=now.name if now else {"id": code}, outcomes={}, **figures
        )


def _in_order(office: Office, counters: Sequence[SeatReport]) -> tuple[SeatReport, ...]:
    """Counters as the office lists them."""
    place = {counter: n for n, counter in enumerate(office.counter)}
    return tuple(sorted(counters, key=lambda it: (place.get(it.name, len(place)), it.name)))


def _rows(shown: Shown, dates: str, office: Office, words: Words) -> Iterator[Sequence[Cell]]:
    it = shown.period
    figures = Figures(
        dates=dates,
        sums={measure: getattr(it, measure) for measure in SUMS},
        services=shown.services,
        counters=shown.counters,
        officers=shown.officers,
        returns=it.returns,
        deviations=it.deviations,
        closed=it.closed,
        hours=it.hours,
    )
    rows = figure_rows(figures, office, words)
    yield next(rows)
    for about, parts in (("date", shown.period.dates), ("office", shown.period.offices)):
        for part in parts:
            yield from _part(about, part, words)
    yield from rows


def _part(about: str, part: Part, words: Words) -> Iterator[Sequence[Cell]]:
    for measure in ("issued", "served", "finished", "missed", "returned"):
        yield about, part.name, words(f"manage.report.{measure}"), getattr(part, measure), ""
    if part.waits.count:
        for measure, span in (("wait_median", part.waits.median), ("wait_p90", part.waits.p90)):
            yield about, part.name, words(f"manage.report.{measure}"), in_minutes(span), words("manage.unit.minutes")
