"""What an officer does with the journey of whoever has a number here: each press is one command about the person.

A press names the number; the case is the number's own. Outcomes, codes and numbers only: no field takes what an agency
found. The secret of a new card is shown in the answer and stands nowhere else.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template
from msgspec import Struct

from counters import journey
from counters.actions import LONGEST_CODE, Press
from ltsa.board import ticket
from ltsa.commands import TieTicket
from ltsa.day import Day
from ltsa.hours import hours_on
from ltsa.identity import Identity, name_of, nik_of
from ltsa.journey import PERSON, REOPENINGS, Case, Person, case_id, person_of
from ltsa.journey_rules import (
    CancelAppointment,
    CloseCase,
    CompleteReference,
    MakeAppointment,
    NoteReference,
    PersonCommand,
    RecordStep,
    ReopenCase,
    usable,
)
from ltsa.message import Refusal, key_digest
from ltsa.office import Office
from ltsa.road import plan
from ltsa.subject import asked
from web.errors import Refused, spoken
from web.house import House
from web.journeys import by_card, by_nik, open_case, open_unnamed, replace_card
from web.looks import note_look
from web.midnight import now_on
from web.qr import draw

LONGEST_WHO = 200
"""Characters of a card's address, a NIK or a name, as scanners and people write them."""

NIK = re.compile(r"[0-9]{16}")
CARD = re.compile(r"[A-Z2-7]{26}$")
"""A card's secret, at the end of what a scanner reads."""

Answer = dict[str, Any]


class Work(Struct, frozen=True):
    """One press about a journey: about which number, when and by whom."""

    house: House
    press: Press
    day: Day
    number: str
    at: int
    by: str

    @property
    def office(self) -> Office:
        """The office as the day runs under it."""
        return self.day.rules_of

    @property
    def person(self) -> str:
        """The pseudonymous id of whose number it is. Raises `Refusal` where the number belongs to no journey."""
        if not (case := self.day.tickets[self.number].case):
            message = f"{self.number} belongs to no journey yet; open one, or tie it to one."
            raise Refusal("no-case", message, field="number")
        return person_of(case)

    @property
    def case(self) -> str:
        """The name of the number's case, "" where it has none."""
        return self.day.tickets[self.number].case

    @property
    def state(self) -> Person:
        """What is true of the person."""
        return self.house.present.person(self.person)

    def card_shown(self, person: str, secret: str, v: int, but: str = "") -> Answer:
        """The answer that shows a new card, the only time; `but` says what could not be done besides."""
        shown = journey.of_person(self.house, self.day, person)
        code = draw(f"{self.house.settings.address}/c/{secret}")
        sheet = self.sheet("journey-qr", code=code, secret=secret, journey=shown, but=but)
        return {"ok": True, "v": v, "sheet": sheet}

    def sheet(self, name: str, **shown: object) -> str:
        """A sheet that comes with the answer."""
        offices = {office.id: office.name for office in self.house.offices()}
        visit = ticket(self.day, self.number)
        said = {"sheet": name, "date": self.day.date, "office": self.office, "offices": offices, "visit": visit}
        return render_template("counters/sheet.html", **said | shown)

    def gives(self, kind: Callable[..., PersonCommand], *, office: str = "", **said: object) -> Answer:
        """Gives a command about the case, at this office unless told otherwise."""
        done = self.house.do(
            kind(
                office=office or self.office.id,
                at=self.at,
                by=self.by,
                key=self.press.key,
                person=self.person,
                case=self.case,
                **said,
            )
        )
        return {"ok": True, "v": done.position}


def work(house: House, office: str, press: Press, by: str) -> Work:
    """The press as it is meant. Raises `Refusal` for another day's, or a number that was not issued."""
    at = now_on(house, office, press.text("date", LONGEST_CODE), press.key)
    day, number = house.today(office), press.text("number", LONGEST_CODE).upper()
    if number not in day.tickets:
        house.catch_up()
        day = house.today(office)
    if number not in day.tickets:
        raise Refusal("unknown-ticket", f"There is no ticket {number!r} today.", field="number")
    return Work(house, press, day, number, at, by)


def _reference(work: Work) -> Answer:
    """A number on paper, or the system's own: which takes the place of the paper's, if there is one."""
    step, number = work.press.text("step", LONGEST_CODE), work.press.text("reference", LONGEST_WHO)
    shown = journey.of_visit(work.house, work.day, work.number)
    system = shown.systems.get(step, "") if shown else ""
    noted = _noted(work.state.cases.get(work.case), step)
    if work.press.text("paper", LONGEST_CODE):
        return work.gives(NoteReference, step=step, system=system, number=number, paper=True)
    if noted:
        return work.gives(CompleteReference, step=step, system=system, number=number)
    return work.gives(NoteReference, step=step, system=system, number=number)


def _noted(case: Case | None, step: str) -> bool:
    """Whether a step waits for the system's own number."""
    return case is not None and any(it.step == step and it.paper for it in case.references)


def _step(work: Work) -> Answer:
    """A step that was done elsewhere: with the first of the office's outcomes that counts as done."""
    outcome = next((outcome.code for outcome in work.office.rules.outcomes if outcome.unlocks), "")
    until = work.press.text("valid_until", LONGEST_CODE)
    return work.gives(RecordStep, step=work.press.text("step", LONGEST_CODE), outcome=outcome, valid_until=until)


def _appoint(work: Work) -> Answer:
    """A time at an office, for what can be done there then."""
    office = work.house.office(work.press.text("office", LONGEST_CODE))
    on, at = _date(work.press.text("on", LONGEST_CODE)), _time(work.press.text("time", LONGEST_CODE))
    hours = hours_on(office, on)
    if hours is None or not hours.opens <= f"{at:%H:%M}" < hours.closes:
        message = f"{office.id} is not open then."
        raise Refused("wrong-slot-shut", message, field="time", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    slot = int(datetime.combine(on, at, ZoneInfo(office.zone)).timestamp()) * 1000
    case = work.state.cases[work.case]
    flow = work.house.present.flows.kept[case.follows(on.isoformat()).flow]
    services = plan(case, flow, office, on.isoformat()).services
    if not services:
        left = [code for code in flow.step if not case.holds(code, on.isoformat())]
        services = tuple(s.id for s in office.services if any(code in left for code in s.steps))
    if not services:
        raise Refusal("nothing-possible", "No step that is left is done at that office.", field="office")
    return work.gives(MakeAppointment, office=office.id, slot=slot, services=services)


def _cancel_appointment(work: Work) -> Answer:
    return work.gives(CancelAppointment)


def _close(work: Work) -> Answer:
    return work.gives(CloseCase, outcome=work.press.text("outcome", LONGEST_CODE))


def _reopen(work: Work) -> Answer:
    """A closed case goes on: the number's own, or that of who was found, to which the number is then tied."""
    person = _found_person(work) if work.press.text("person", LONGEST_CODE) else work.person
    last = case_id(person, len(work.house.present.person(person).cases))
    said: dict[str, Any] = {"office": work.office.id, "at": work.at, "by": work.by, "key": work.press.key}
    reason = work.press.text("reason", LONGEST_CODE)
    v = work.house.do(ReopenCase(person=person, case=last, reason=reason, **said)).position
    if not work.case:
        v = _tied(work, person, f"tie-{work.press.key}")["v"]
    return {"ok": True, "v": v}


def _find(work: Work) -> Answer:
    """Whose card was scanned, or whose NIK was typed: shows the open case, to be tied to the number, or the last one
    that was closed, to be opened again.
    """
    who = "".join(work.press.text("found_by", LONGEST_WHO).split())
    found = by_nik(work.house, who) if NIK.fullmatch(who) else None
    if not found and (card := CARD.search(who.upper())) and (known := by_card(work.house, card[0])):
        found = known[0]
    if found:
        usable(work.house.present.person(found))
    shown = journey.of_person(work.house, work.day, found, closed=True) if found else None
    if found and shown:
        note_look(work.house, "journey", found, office=work.office.id, by=work.by)
    if shown is None:
        message = "Nobody with an open case has this card or NIK here."
        raise Refused("nobody-found", message, field="found_by", status=HTTPStatus.NOT_FOUND)
    live = work.house.present.person(found or "").visit
    said = {"person": found, "journey": shown, "live": live, "case_reopenings": REOPENINGS}
    return {"ok": True, "sheet": work.sheet("journey-found", **said)}


def _tie(work: Work) -> Answer:
    """The number becomes a visit of the case that was found."""
    return _tied(work, _found_person(work), work.press.key)


def _found_person(work: Work) -> str:
    person = work.press.text("person", LONGEST_CODE)
    if not PERSON.fullmatch(person):
        raise Refusal("wrong-person", "A person is told by 20 hexadecimal digits.", field="person")
    return person


def _tied(work: Work, person: str, key: str) -> Answer:
    tying = TieTicket(office=work.office.id, at=work.at, by=work.by, key=key, number=work.number, person=person)
    return {"ok": True, "v": work.house.do(tying).position}


def _open(work: Work) -> Answer:
    """A new case under a scheme, tied to the number if something of it can be done here today; shows its card. Who
    gives no NIK is found again by the card alone.
    """
    press, office = work.press, work.office.id
    _may_open(work)
    scheme, nik = press.text("scheme", LONGEST_CODE), press.text("nik", LONGEST_CODE)
    said: dict[str, Any] = {"office": office, "scheme": scheme, "by": work.by, "key": press.key}
    if nik:
        name = press.text("name", LONGEST_WHO)
        who = Identity(nik=nik_of(nik), name=name_of(name) if name else "")
        agreed = asked(work.office.consent).given(press.text("agreed", LONGEST_WHO), "desk")
        if name and agreed is None:
            message = "A name is kept for those who agree to it; tick that they do, or leave the name empty."
            raise Refused("consent-needed", message, field="agreed", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        person, _, secret = open_case(work.house, who, **said, agreed=agreed)
    else:
        person, _, secret = open_unnamed(work.house, **said)
    v, but = work.house.position, ""
    try:
        v = _tied(work, person, f"tie-{press.key}")["v"]
    except Refusal as refusal:  # the journey is open all the same, and its card is shown this once
        but = spoken(refusal)
    work.house.catch_up()
    return work.card_shown(person, secret, v, but)


def _may_open(work: Work) -> None:
    """Refuses before a journey is opened what would be refused once its number is tied; a press that comes again gets
    its first answer.
    """
    visit, is_again = work.day.tickets[work.number], key_digest(f"tie-{work.press.key}") in work.day.answered
    if visit.state in {"cancelled", "closed"} and not is_again:
        raise Refusal("visit-over", f"{visit.number} is over.", state=visit.state)
    if visit.case and not is_again:
        raise Refusal("tied-already", f"{visit.number} is a visit of another case.", state=visit.state)


def _card(work: Work) -> Answer:
    """A new card in place of a lost one."""
    secret = replace_card(work.house, work.case, office=work.office.id, by=work.by, key=work.press.key)
    return work.card_shown(work.person, secret, work.house.position)


ACTIONS: Mapping[str, Callable[[Work], Answer]] = {
    "find": _find,
    "tie": _tie,
    "open": _open,
    "card": _card,
    "reference": _reference,
    "step": _step,
    "appoint": _appoint,
    "cancel-appointment": _cancel_appointment,
    "close": _close,
    "reopen": _reopen,
}
"""What may be done with a journey, by the last part of its address."""


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        message = "Write the date as 2027-01-31."
        raise Refused("wrong-date", message, field="on", status=HTTPStatus.UNPROCESSABLE_ENTITY) from None


def _time(written: str) -> time:
    hour, _, minute = written.replace(".", ":").partition(":")
    try:
        return time(int(hour), int(minute or "0"))
    except ValueError:
        message = "Write the time as 09.00."
        raise Refused("wrong-time", message, field="time", status=HTTPStatus.UNPROCESSABLE_ENTITY) from None
