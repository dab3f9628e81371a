"""Requests of people about their own data, carried out: whichever door they come in at, a page or the command line.

The rules are asked first and say no before anything is changed; then the vault is changed, and then it is on record
that it was done. If the server stops in between, the request is open still, and doing it again does what is left.
"""

import re
from typing import Any

from msgspec import Struct

from ltsa import requests
from ltsa.commitment import commitment, identity_text
from ltsa.identity import Identity, name_of, nik_of, phone_of
from ltsa.journal import DataErased, entry
from ltsa.journey_rules import LiftRestriction
from ltsa.message import Refusal, key_digest
from ltsa.requests import (
    FIELDS,
    FinishRequest,
    ReceiveRequest,
    RefuseRequest,
    RequestCommand,
    SubjectRequest,
    SubjectRequestReceived,
    TakeRequest,
)
from ltsa.subject import WORDS, Consent, ConsentText, asked
from web import journeys
from web.house import House
from web.looks import visits_of
from web.notes import erase_note

CARD = re.compile(r"[A-Z2-7]{26}$")
"""A card's secret, at the end of what a scanner reads."""


class Found(Struct, frozen=True, kw_only=True):
    """A person whom a card or a NIK leads to, and by which of both."""

    person: str
    by_card: bool


def find(here: House, written: str) -> Found:
    """Whose card was scanned, or whose NIK was typed. Raises `Refusal` where it is nobody's."""
    who = "".join(written.split())
    if card := CARD.search(who.upper()):
        if (found := journeys.by_card(here, card[0])) is not None:
            return Found(person=found[0], by_card=True)
        raise Refusal("unknown-subject", "This is no case card that is valid.", field="who")
    person = journeys.by_nik(here, who)
    if person is None:
        raise Refusal("unknown-subject", "Nobody has a journey with this NIK here.", field="who")
    return Found(person=person, by_card=False)


def receive(  # noqa: PLR0913 - by name
    here: House, kind: str, written: str, *, document: bool, office: str, by: str, key: str
) -> SubjectRequest:
    """Receives a request of who is found by a card or a NIK. `document` says that their identity document was looked
    at; without it a card is enough where nothing is kept that it could be compared with. Raises `Refusal`.
    """
    found = find(here, written)
    identified = f"{'card' if found.by_card else 'nik'}-document" if document else "card"
    if not document and (not found.by_card or here.off_loop(here.persons.read, found.person) is not None):
        message = "Look at the person's identity document first: it must be the one whose data are kept."
        raise Refusal("document-needed", message, field="document")
    said: dict[str, Any] = {"office": office, "at": here.now(), "by": by, "key": key}
    command = ReceiveRequest(**said, kind=kind, person=found.person, identified=identified)
    event = here.do(command).events[0].event
    here.catch_up()
    assert isinstance(event, SubjectRequestReceived)  # noqa: S101 - what this command is answered with
    return of(here, office, event.request)


def of(here: House, office: str, request: str) -> SubjectRequest:
    """A request of an office. Raises `Refusal` where there is none."""
    here.office(office)
    return here.present.requests(office).of(request)


def every(here: House, office: str) -> list[SubjectRequest]:
    """The requests of an office: those that are open, the most urgent first, then the others, the latest first."""
    here.office(office)
    known = here.present.requests(office).requests.values()
    open_ones = sorted((it for it in known if it.open), key=lambda it: it.due)
    return [*open_ones, *sorted((it for it in known if not it.open), key=lambda it: -it.ended)]


def take(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """Says who works on a request. Raises `Refusal`."""
    _gives(here, TakeRequest(office=office, at=here.now(), by=by, key=key, request=request))


def refuse(here: House, request: str, reason: str, *, office: str, by: str, key: str) -> None:  # noqa: PLR0913 - by name
    """Refuses a request for a coded reason. Raises `Refusal`."""
    _gives(here, RefuseRequest(office=office, at=here.now(), by=by, key=key, request=request, reason=reason))


def who(here: House, request: SubjectRequest, *, office: str, by: str) -> Identity | None:
    """Who asks, for those who answer; on record before. None where nothing is kept that says it."""
    return journeys.who_is(here, request.person, office=office, by=by, duty=True)


def showable(here: House, office: str, request: str) -> SubjectRequest:
    """A request to see one's data that is not answered yet: afterwards nobody looks again in its name. Raises
    `Refusal`.
    """
    found = _of_kind(here, request, ("show",), office)
    _allowed(here, FinishRequest(office=office, at=here.now(), by="", key="", request=request))
    return found


def consent_words(here: House, consent: Consent) -> str:
    """The words that somebody agreed to; "" where they are found no more: the digest stays."""
    day = here.office_on(consent.office, here.office(consent.office).service_date(consent.at))
    for text in (*(ConsentText(version, words) for version, words in WORDS.items()), asked(day.consent)):
        lang = consent.agreed.language
        if text.digest(lang) == consent.agreed.text:
            return text.words[text.in_language(lang)]
    return ""


def show(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """The person got what is kept of them (`web/own_data.py` makes it). Raises `Refusal`."""
    _carry_out(here, request, ("show",), office=office, by=by, key=key)


def correct(here: House, request: str, written: Identity, *, office: str, by: str, key: str) -> tuple[str, ...]:  # noqa: PLR0913 - by name
    """Writes down who a person is as it should be; the fields that differ. Raises `Refusal`.

    What is about to be written is on record before, as a commitment: a correction that was cut off after the vault had
    it is finished by whoever gives it again, and says what it changed.
    """
    if key_digest(key) in here.present.requests(office).answered:
        return of(here, office, request).changed
    it = _of_kind(here, request, ("correct",), office)
    name = name_of(written.name) if written.name else ""
    said = Identity(nik=nik_of(written.nik), name=name, phone=phone_of(written.phone))
    before = who(here, it, office=office, by=by)
    differs = {field for field in FIELDS if before and getattr(before, field) != getattr(said, field)}
    cut_off = it.correcting if it.commitment == here.off_loop(here.persons.commitment, it.person) else ()
    changed = tuple(field for field in FIELDS if field in differs or field in cut_off)
    command = FinishRequest(office=office, at=here.now(), by=by, key=key, request=request, changed=changed)
    _allowed(here, command)
    if differs:
        will_be = commitment(here.off_loop(here.persons.salt, it.person) or b"", identity_text(said))
        begun: dict[str, Any] = {"request": request, "correcting": changed, "commitment": will_be}
        here.do(TakeRequest(office=office, at=here.now(), by=by, key=f"{key} begins {will_be}", **begun))
    journeys.correct(here, it.person, said, office=office, by=by)
    _gives(here, command)
    return changed


def restrict(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """From now on a person's data are kept and not used. Raises `Refusal`."""
    _carry_out(here, request, ("restrict",), office=office, by=by, key=key)


def lift(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """A person's data may be used again. Raises `Refusal`."""
    person = _of_kind(here, request, ("restrict",), office).person
    here.do(LiftRestriction(office=office, at=here.now(), by=by, key=key, person=person))
    here.catch_up()


def withdraw(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """Takes out what is kept by consent alone: name and phone. The NIK stays, as the law obliges. Raises `Refusal`."""
    it = _begin(here, request, ("withdraw",), office=office, by=by, key=key)
    kept = here.off_loop(here.persons.read, it.person)
    if kept is not None and (kept.name or kept.phone):
        without = Identity(nik=kept.nik, name="")
        journeys.correct(here, it.person, without, office=office, by=by, renewed=True)
    _carry_out(here, request, ("withdraw",), office=office, by=by, key=key)


def erase(here: House, request: str, *, office: str, by: str, key: str) -> None:
    """Erases who a person is and what officers noted about them, for good. Raises `Refusal`."""
    it = _begin(here, request, ("erase",), office=office, by=by, key=key)
    person, name = it.person, f"request {office} {request}"
    for visit in here.off_loop(lambda: list(visits_of(here.ledger, person))):
        about = f"{visit.number} {visit.date}"
        for note in here.off_loop(here.people.notes, visit.office, visit.date, visit.number):
            erase_note(here, note.id, office=visit.office, about=about, by=by, key=name)
    if not journeys.erase(here, person, office=office, by=by, key=name):
        # Nothing was kept but the card, or it is the second try: the card leads nowhere from now on all the same.
        said: dict[str, Any] = {"office": office, "at": here.now(), "by": by, "key": f"{name} card"}
        here.do(entry(DataErased, **said, kind="person", about=person))
        here.off_loop(here.persons.erase, person, by, here.now())
    _carry_out(here, request, ("erase",), office=office, by=by, key=key)


DOES = {"show": show, "restrict": restrict, "withdraw": withdraw, "erase": erase}
"""How each kind of request is carried out that needs nothing to be written."""


# --- Within


def _of_kind(here: House, request: str, kinds: tuple[str, ...], office: str) -> SubjectRequest:
    found = of(here, office, request)
    if found.kind not in kinds:
        message = f"The request {request} is one to {found.kind}."
        raise Refusal("other-request", message, field="request", state=found.kind)
    return found


def _begin(here: House, request: str, kinds: tuple[str, ...], *, office: str, by: str, key: str) -> SubjectRequest:  # noqa: PLR0913 - by name
    """The request, once the rules say that it may be done; raises their refusal before anything is changed."""
    found = _of_kind(here, request, kinds, office)
    if key_digest(key) not in here.present.requests(office).answered:
        _allowed(here, FinishRequest(office=office, at=here.now(), by=by, key=key, request=request))
    return found


def _carry_out(here: House, request: str, kinds: tuple[str, ...], *, office: str, by: str, key: str) -> None:  # noqa: PLR0913 - by name
    _of_kind(here, request, kinds, office)
    _gives(here, FinishRequest(office=office, at=here.now(), by=by, key=key, request=request))


def _allowed(here: House, command: RequestCommand) -> None:
    """Raises the refusal that the command would get as things stand."""
    state = here.present.requests(command.office)
    person = here.present.person(requests.whose(command, state))
    requests.decide(command, state, person, here.present.here(command.office, command.at))


def _gives(here: House, command: RequestCommand) -> None:
    here.do(command)
    here.catch_up()
