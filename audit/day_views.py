"""The page of a day: how it stood at an instant, at once; and its parts, each at an address of its own, which the page
loads after the first picture: the events around the instant, the course, the checks, the lanes, what a search finds.
"""

from flask import render_template, request

from audit import asked, book, in_force, pages, plot
from audit.book import Book
from audit.finding import find
from audit.lanes import timeline
from audit.room import blueprint, day_page, office_of, opened, read, teller_of
from ltsa.happened import TicketCalled, TicketIssued
from ltsa.replay import KINDS
from web.house import house
from web.words import page_language

MOST_WANTED = 80
"""Letters of a search that are looked at."""


@blueprint.get("/<office>/<day>")
def day(office: str, day: str) -> str:
    """A day at an instant, and a page of its events."""
    found = read(office, day)
    nearest = house().off_loop(book.neighbours, house().ledger, office, day)
    if found is None:
        return render_template("audit/empty_day.html", office=office_of(office), day=day, nearest=nearest)
    chosen = asked.events(request.args, found.date, found.office.clock)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    moment = house().off_loop(found.moment, instant, chosen)
    today = house().today(office)
    return day_page(
        "audit/day.html",
        found,
        moment=moment,
        scale=plot.scale(found.history, found.office),
        damaged=not found.snapshots.whole,
        tickets=found.counts.get(TicketIssued, 0),
        calls=found.counts.get(TicketCalled, 0),
        nearest=nearest,
        running=found.date.isoformat() == today.date and today.open,
        **_listed(found, moment.version),
    )


@blueprint.get("/<office>/<day>/board")
def board(office: str, day: str) -> str:
    """The part of a day's page that shows one instant, for the slider."""
    found = opened(office, day)
    chosen = asked.events(request.args, found.date, found.office.clock)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    return day_page("audit/moment.html", found, moment=house().off_loop(found.moment, instant, chosen))


@blueprint.get("/<office>/<day>/events")
def events(office: str, day: str) -> str:
    """A page of the chosen events of a day: the one asked for, or the one around an instant."""
    found = opened(office, day)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    version = found.version_of(instant)
    return day_page(
        "audit/part.html", found, parts=("events",), version=version, newest=found.newest, **_listed(found, version)
    )


@blueprint.get("/<office>/<day>/course")
def course(office: str, day: str) -> str:
    """How full the office was over the day: the drawing below the slider, and its table."""
    found = opened(office, day)
    shown = house().off_loop(pages.course, found)
    return day_page("audit/part.html", found, parts=("curve", "course"), it=shown)


@blueprint.get("/<office>/<day>/checks")
def checks(office: str, day: str) -> str:
    """Whether the record holds, and whether it is what the screens showed."""
    found, here = opened(office, day), house()
    findings = [*here.off_loop(found.findings), *here.off_loop(book.held, here.ledger, office, found)]
    whole = not any(finding.broken for finding in findings)
    return day_page("audit/part.html", found, parts=("verdict", "checks"), findings=findings, whole=whole)


@blueprint.get("/<office>/<day>/lanes")
def lanes(office: str, day: str) -> str:
    """The timeline around an instant: a lane for each counter, officer or ticket."""
    found = opened(office, day)
    wanted = asked.lanes(request.args)
    instant = asked.instant(request.args, found.date, found.office.clock, found.newest)
    shown = house().off_loop(timeline, found, wanted, found.at(instant))
    return day_page("audit/part.html", found, parts=("lanes",), it=shown, **_chosen())


@blueprint.get("/<office>/<day>/rules")
def rules(office: str, day: str) -> str:
    """The configuration that was in force that day, and what of it was another before, and is another today."""
    nearest = house().off_loop(book.neighbours, house().ledger, office, day)
    earlier = read(office, nearest.before) if nearest.before else None
    found = opened(office, day)
    differs = house().off_loop(in_force.around, found, earlier, house().office(office), page_language())
    return day_page("audit/part.html", found, parts=("rules_changed", "rules"), differs=differs)


@blueprint.get("/<office>/<day>/find")
def finds(office: str, day: str) -> str:
    """What a search in the day finds, seen from an instant."""
    found, wanted = opened(office, day), request.args.get("q", "")[:MOST_WANTED]
    version = found.version_of(asked.instant(request.args, found.date, found.office.clock, found.newest))
    hits = house().off_loop(find, found, teller_of(found.office), wanted, version)
    return day_page("audit/part.html", found, parts=("found",), wanted=wanted, hits=hits, version=version, **_chosen())


def _chosen() -> dict[str, object]:
    """What the address chooses: events, and lanes; links keep it."""
    return {
        "filters": {name: request.args[name] for name in asked.CHOICE if request.args.get(name)},
        "lanes": {name: request.args[name] for name in asked.LANES_CHOICE if request.args.get(name)},
    }


def _listed(found: Book, version: int) -> dict[str, object]:
    """A page of the events that the address chooses, and what its form offers."""
    chosen = asked.events(request.args, found.date, found.office.clock)
    teller = teller_of(found.office)
    return {
        "listed": house().off_loop(pages.listed, found, chosen, version, asked.page_of(request.args, 0)),
        "counters": [(counter.id, teller.said(counter.name)) for counter in found.counters.values()],
        "officers": [(officer, officer) for officer in found.officers],
        "kinds": [(kind, teller.kind(kind)) for kind in KINDS.values()],
        **_chosen(),
    }
