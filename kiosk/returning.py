"""Applicants with a journey at the kiosk: found by their card or NIK, shown what can be done here today, given one
number. And the card's own page on the phone.

The server keeps nothing of a person at the kiosk, and no secret stands in an address: card and NIK are posted, and what
says afterwards who stands there is a pass that is good at this office for minutes.
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, g, make_response, render_template, request
from msgspec import Struct, structs
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kiosk import roads
from kiosk.passes import guest_of, guest_pass
from kiosk.printing import on_paper
from kiosk.step import (
    NO_NUMBERS,
    Said,
    an_office,
    heard,
    key,
    language,
    name_of_kiosk,
    printing,
    so_far,
    step,
    taken_by,
)
from kiosk.views import PRIVATE
from ltsa.flow import Flow
from ltsa.identity import Identity, nik_of
from ltsa.journey import Person
from ltsa.journey_rules import usable
from ltsa.message import Refusal
from ltsa.office import Office
from ltsa.rules import full_services
from ltsa.subject import asked
from web import journeys
from web.asking import asker
from web.doors import door
from web.errors import spoken, status_of
from web.house import house
from web.limits import LOOKED_UP, buckets
from web.live import View
from web.looks import note_look
from web.qr import draw
from web.tickets import issue

blueprint = Blueprint("returning", __name__)

LIVE = (View("card", roads.card, "kiosk/journey.html", office=roads.office_of_card),)

LONGEST_TYPED = 24
"""Letters of a NIK with blanks that are shown again when it was wrong."""

LONGEST_DIGEST = 64

PASS_LASTS = 10 * 60_000
"""How long a kiosk may act for somebody who was found, in ms: longer than it waits before it wipes."""


class Guest(Struct, frozen=True, kw_only=True):
    """Who stands at the kiosk: a `person` who is known, or somebody with a `nik` who begins under a `scheme` and has
    `agreed` to words (their digest), or not ("no"; "" until they were asked); `had` says that who wanted to begin had
    a journey already.
    """

    office: str
    person: str = ""
    scheme: str = ""
    nik: str = ""
    agreed: str = ""
    had: bool = False

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """What a form carries to the next step."""
        here = house()
        shown = guest_pass(here.seed, self.office, self.person, here.now() + PASS_LASTS) if self.person else ""
        begins = (("scheme", self.scheme), ("nik", self.nik), ("agreed", self.agreed))
        pairs = (("pass", shown), ("had", "1" if self.had else ""), *begins)
        return tuple((name, value) for name, value in pairs if value)


# --- Steps


@blueprint.get("/kiosk/<office>/return")
def again(office: str) -> str:
    """Where somebody who comes again scans the card, or types the NIK."""
    return _ask_who(an_office(office))


@blueprint.get("/kiosk/<office>/begin")
def schemes(office: str) -> str:
    """Under which scheme somebody wants to go abroad."""
    configuration = an_office(office)
    flows = roads.open_flows(configuration, _today(configuration))
    return step("schemes", configuration, flows=flows, information=roads.information(configuration))


@blueprint.get("/kiosk/<office>/begin/<scheme>")
def begin(office: str, scheme: str) -> str:
    """Who wants to begin under a scheme."""
    configuration = an_office(office)
    return _ask_who(configuration, _scheme(configuration, scheme))


@blueprint.post("/kiosk/<office>/journey")
def journey(office: str) -> Response:
    """What can be done of somebody's journey here today; before, whether who begins agrees to be kept; with `ask`,
    another question about the visit.
    """
    configuration = an_office(office)
    try:
        guest = _guest(configuration)
    except Refusal as refusal:
        return _not_found(configuration, refusal)
    if not (guest.person or guest.agreed):
        return make_response(step("consent", configuration, guest=guest, consent=asked(configuration.consent)))
    if heard("ask") == "priority":
        return make_response(step("priority", configuration, guest=guest))
    return _shown(configuration, guest)


@blueprint.post("/kiosk/<office>/journey/ticket")
def take(office: str) -> Response:
    """Takes the number for what can be done today, and opens the case of somebody who begins. The same key again shows
    the same ticket again; who has a number already, at whichever office, is shown that one.
    """
    configuration, here = an_office(office), house()
    try:
        guest = _guest(configuration)
    except Refusal as refusal:
        return _not_found(configuration, refusal)
    try:
        guest = guest if guest.person else _begun(guest)
        ticket, secret = issue(
            here,
            office=office,
            by=taken_by(office),
            key=key(),
            services=so_far(configuration).services,
            priority=heard("priority"),
            language=language(),
            person=guest.person,
        )
    except Refusal as refusal:
        return _refused(configuration, guest, refusal)
    shown: dict[str, Any] = {
        "it": ticket,
        "code": draw(f"{here.settings.address}/t/{secret}"),
        "paper": on_paper(office, name_of_kiosk(office), ticket.date, key()) if printing() != "off" else None,
        "again": _repeated(guest),
        "wait": here.forecasts.of_issued(ticket),
    }
    here.read_own_writes()
    if (found := here.ticket(secret)) is not None:
        shown |= {"journey": roads.of_ticket(here, *found), "work": roads.work_of(here, *found)}
        if card := roads.card_begun_with(here, *found, key()):
            shown["card"] = draw(f"{here.settings.address}/c/{card}")
    return make_response(step("ticket", configuration, **shown), HTTPStatus.CREATED)


def _repeated(guest: Guest) -> MultiDict[str, str]:
    """The same command once more, for the ticket in another language: without the NIK, which has done its part."""
    told = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in {"nik", "scheme", "agreed", "pass"}
    ]
    return MultiDict([*told, *guest.said])


# --- What is answered


def _ask_who(office: Office, flow: Flow | None = None, *, typed: str = "", wrong: str = "", lost: bool = False) -> str:
    shown: dict[str, Any] = {"flow": flow, "typed": typed, "wrong": wrong, "lost": lost}
    shown |= {"begins": roads.begins(office, _today(office))}
    shown |= {"first": roads.first_services(flow, office)}
    return step("nik", office, said=_nothing_chosen(office), **shown)


def _not_found(office: Office, refusal: Refusal) -> Response:
    """Asks again who it is, and says what was wrong with what was typed or scanned."""
    flow = office.flow.get(heard("scheme"))
    typed = heard("nik") if len(heard("nik")) <= LONGEST_TYPED else ""
    page = _ask_who(office, flow, typed=typed, wrong=spoken(refusal), lost=refusal.code == "unknown-nik")
    return make_response(page, status_of(refusal))


def _shown(office: Office, guest: Guest) -> Response:
    """The number that somebody has; else what can be done here today; else what comes next, and where."""
    here, today = house(), _today(office)
    person = here.present.person(guest.person) if guest.person else Person()
    if (held := roads.live(here, person)) is not None:
        return make_response(step("held", office, it=held, guest=guest))
    if guest.person:
        case = person.open_case
        flow = roads.flow_of(here, case, today) if case else None
    else:
        flow = _scheme(office, guest.scheme)
        case = roads.to_begin(flow, office)
    information = roads.information(office)
    if case is None or flow is None:
        return make_response(step("later", office, it=None, guest=guest, information=information))
    said = so_far(office)
    chosen = roads.with_service(case, flow, office, today, said.services, heard("with"))
    offered = roads.offered(here, case, flow, office, today, chosen)
    if not offered.stops:
        page = step("later", office, it=offered.journey, guest=guest, information=information)
    else:
        full, doors = full_services(here.today(office.id)), door(here, office.id)
        waits = here.forecasts.newcomers(office.id)
        page = step("plan", office, it=offered, guest=guest, door=doors, full=full, waits=waits)
    return make_response(page)


def _refused(office: Office, guest: Guest, refusal: Refusal) -> Response:
    """What somebody is shown who gets no number: the one that they have, what comes later, or why not."""
    if refusal.code in {"visit-live", "nothing-possible", "no-case"} and guest.person:
        house().catch_up()  # another kiosk's server may have been quicker
        return _shown(office, guest)
    shut = refusal.code if refusal.code in NO_NUMBERS else ""
    page = step("sorry", office, said=_nothing_chosen(office), sentence=spoken(refusal), code=shut)
    return make_response(page, status_of(refusal))


# --- Who it is


def _guest(office: Office) -> Guest:
    """Who stands here, by a pass, a card or a NIK. Raises `Refusal` with what is wrong with it."""
    here = house()
    if shown := heard("pass"):
        known = guest_of(here.seed, office.id, shown, here.now())
        if known is None:
            raise Refusal("pass-over", "Too much time has passed; scan the card or type the NIK again.", field="nik")
        return Guest(office=office.id, person=known, had=heard("had") == "1")
    buckets().take(LOOKED_UP, asker().name)
    if card := heard("card"):
        found = journeys.by_card(here, card.upper())
        if found is None:
            raise Refusal("unknown-card", "This is no case card that is valid.", field="card")
        return _seen(office, found[0])
    person = journeys.by_nik(here, heard("nik"))
    scheme = heard("scheme")
    if person is not None and (not scheme or here.present.person(person).open_case):
        return _seen(office, person, had=scheme != "")
    if not scheme:
        raise Refusal("unknown-nik", "Nobody has a journey with this NIK here.", field="nik")
    scheme, nik = _scheme(office, scheme).id, nik_of(heard("nik"))
    return Guest(office=office.id, scheme=scheme, nik=nik, agreed=heard("agreed")[:LONGEST_DIGEST])


def _seen(office: Office, person: str, *, had: bool = False) -> Guest:
    """Somebody who was found. That their journey is shown is on record before: once a minute for each kiosk. Raises
    `Refusal` where their data are restricted.
    """
    here = house()
    usable(here.present.person(person))
    note_look(here, "journey", person, office=office.id, by=taken_by(office.id))
    here.catch_up()  # what an officer did at another server a moment ago counts
    return Guest(office=office.id, person=person, had=had)


def _begun(guest: Guest) -> Guest:
    """Opens the case of somebody who begins. Who has one already (another kiosk was quicker) goes on with that."""
    here = house()
    who = Identity(nik=guest.nik, name="")
    agreed = asked(here.office(guest.office).consent).given(guest.agreed, "kiosk")
    said: dict[str, Any] = {"office": guest.office, "scheme": guest.scheme, "by": taken_by(guest.office)}
    try:
        person, _, _ = journeys.open_case(here, who, key=roads.case_key(key()), agreed=agreed, **said)
    except Refusal as refusal:
        known = journeys.by_nik(here, guest.nik)
        if refusal.code != "case-open" or known is None:
            raise
        person = known
    return Guest(office=guest.office, person=person)


def _scheme(office: Office, scheme: str) -> Flow:
    """A flow under which a case may begin today. Raises `Refusal` for any other."""
    for flow in roads.open_flows(office, _today(office)):
        if flow.id == scheme:
            return flow
    raise Refusal("scheme-not-open", f"No case begins under {scheme!r} today.", field="scheme", state=_today(office))


def _today(office: Office) -> str:
    return office.service_date(house().now()).isoformat()


def _nothing_chosen(office: Office) -> Said:
    return structs.replace(so_far(office), services=())


# --- The card on the phone


@blueprint.get("/c/<secret>")
def card(secret: str) -> Response:
    """The page of a case card: the road over days, the next visit, and nobody's name."""
    here = house()
    shown = roads.card_shown(here, secret)
    it = roads.card(here, shown) if shown else None
    if it is not None:
        g.zone = it.zone
    page = make_response(render_template("kiosk/card.html" if it else "kiosk/no_card.html", it=it))
    page.headers.update(PRIVATE)
    page.status_code = HTTPStatus.OK if it else HTTPStatus.NOT_FOUND
    return page
