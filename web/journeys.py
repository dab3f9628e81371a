"""People's journeys, whichever door they are asked at: who it is, the case, its road; and many cases at once.

Who a person is lies beside the ledger (`ltsa/persons.py`), kept before the ledger refers to it and shown only once the
look is on record. A command about a case that needs nothing of that is given as it is: `here.do(NoteReference(…))`.
A number for a case is taken at `web/tickets.py`.
"""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from ltsa.flow import Flow
from ltsa.identity import Identity, nik_of
from ltsa.journal import DataErased, DataRecorded, entry
from ltsa.journey import (
    Appointment,
    CardReplaced,
    Case,
    CaseOpened,
    Visit,
    person_of,
)
from ltsa.journey_rules import Here, MoveCase, OpenCase, ReplaceCard
from ltsa.message import Refusal
from ltsa.models.cases import Followed, open_at
from ltsa.persons import ID_BYTES
from ltsa.road import Plan, RoadStep, plan, road
from ltsa.subject import Agreed
from ltsa.tokens import card_secret, token_digest
from web.house import House
from web.looks import note_look
from web.read_models import catch_up

T = TypeVar("T")


class Journey(Struct, frozen=True, kw_only=True):
    """A person's case as an office sees it today (`today`, its local date): its road, and what one visit here can do.

    `visit` is the person's live one, wherever it is; of a closed case there is no plan.
    """

    person: str
    case: Case
    flow: Flow
    today: date
    road: tuple[RoadStep, ...]
    plan: Plan | None
    visit: Visit | None
    appointment: Appointment | None


class Moved(Struct, frozen=True, kw_only=True):
    """What became of cases that were to follow another flow: ids of those that will, and refusals of those that will
    not.
    """

    moved: tuple[str, ...]
    refused: dict[str, Refusal]


# --- Who it is --------------------------------------------------------------------------------------------------------


def by_nik(here: House, written: str) -> str | None:
    """The id of the person with a NIK; None where nobody has it. Raises `Refusal` for what is no NIK."""
    return _vault(here, here.persons.find, nik_of(written))


def by_card(here: House, secret: str) -> tuple[str, str] | None:
    """The ids of the person and the case whose card has a secret; None for a card that opens nothing any more."""
    card = token_digest(secret)
    person = _vault(here, here.persons.of_card, card)
    if person is None:
        return None
    cases = here.off_loop(here.ledger.person, person).cases.values()
    return next(((person, case.id) for case in cases if case.card == card), None)


def who_is(here: House, person: str, *, office: str, by: str, duty: bool = False) -> Identity | None:
    """Who a person is, None where that was erased, or is restricted and shown to those alone whose `duty` it is to
    answer the person's requests. That somebody sees it is on record before, once a minute.
    """
    if here.present.person(person).subject.restriction and not duty:
        return None
    note_look(here, "person", person, office=office, by=by)
    return _vault(here, here.persons.read, person)


def named(here: House, person: str) -> Identity | None:
    """Who a person is, for an export of who came that is on record already; None for who was erased, or restricted the
    use of their data. Blocks on the disk.
    """
    return None if here.ledger.person(person).subject.restriction else here.persons.read(person)


def correct(here: House, person: str, who: Identity, *, office: str, by: str, renewed: bool = False) -> bool:  # noqa: PLR0913 - by name
    """Writes down who a person is as it should be; False where that was erased. Raises `Refusal`. With `renewed` what
    was kept before is gone for good, from backups too.
    """
    if who_is(here, person, office=office, by=by, duty=True) is None:
        return False
    if not _vault(here, partial(here.persons.change, renewed=renewed), person, who):
        return False
    _record_identity(here, person, office=office, by=by)
    return True


def _record_identity(here: House, person: str, *, office: str, by: str) -> None:
    """Puts on record to whom the vault commits under this id: once a day for the same identity and who writes it."""
    if commitment := _vault(here, here.persons.commitment, person):
        facts = {"kind": "person", "about": person, "commitment": commitment}
        here.do(
            entry(
                DataRecorded, office=office, at=here.now(), by=by, key=f"recorded {person} {commitment} {by}", **facts
            )
        )


def erase(here: House, person: str, *, office: str, by: str, key: str) -> bool:
    """Erases who a person is, for good; that it was asked is on record before. The journey stays, and leads to nobody.
    False where there is nothing left to erase.
    """
    if _vault(here, here.persons.read, person) is None:
        return False
    at = here.now()
    name = f"erase person {person} {key}"
    here.do(entry(DataErased, office=office, at=at, by=by, key=name, kind="person", about=person))
    return _vault(here, here.persons.erase, person, by, at)


# --- The case ---------------------------------------------------------------------------------------------------------


def open_case(  # noqa: PLR0913 - by name
    here: House, who: Identity, *, office: str, scheme: str, by: str, key: str, agreed: Agreed | None = None
) -> tuple[str, str, str]:
    """Opens a case: the person's id, the case's, and the secret of its card. The same key gives the same again. Raises
    `Refusal`; whoever was not known before is then forgotten again. `agreed` is the consent that was given with it.
    """
    secret = card_secret(here.seed, key)
    person, is_new = _vault(here, here.persons.keep, who, here.now())
    is_new_card = _vault(here, here.persons.put_card, token_digest(secret), person)
    try:
        said: dict[str, Any] = {"office": office, "at": here.now(), "by": by, "key": key}
        command = OpenCase(**said, person=person, scheme=scheme, card=token_digest(secret), agreed=agreed)
        opened = here.do(command).events[0].event
    except Refusal:
        if is_new:
            _vault(here, here.persons.forget, person)
        elif is_new_card:
            _vault(here, here.persons.drop_card, token_digest(secret))
        raise
    assert isinstance(opened, CaseOpened)  # noqa: S101 - what this command is answered with
    if not is_new and agreed is not None:
        _complete(here, person, who)
    _record_identity(here, person, office=office, by=by)
    return person, opened.case, secret


def _complete(here: House, person: str, who: Identity) -> None:
    """Somebody who is known, without a name or a phone (the kiosk asks for none; or consent was withdrawn), and gives
    them now with consent.
    """
    kept = _vault(here, here.persons.read, person)
    if kept is not None:
        now = Identity(nik=kept.nik, name=kept.name or who.name, phone=kept.phone or who.phone)
        if now != kept:
            _vault(here, here.persons.change, person, now)


def open_unnamed(here: House, *, office: str, scheme: str, by: str, key: str) -> tuple[str, str, str]:
    """As `open_case`, for somebody who says no NIK: the card is the only way back to the case."""
    secret, person = card_secret(here.seed, key), token_digest(card_secret(here.seed, f"person {key}"))[: 2 * ID_BYTES]
    card = token_digest(secret)
    is_new_card = _vault(here, here.persons.put_card, card, person)
    try:
        command = OpenCase(office=office, at=here.now(), by=by, key=key, person=person, scheme=scheme, card=card)
        opened = here.do(command).events[0].event
    except Refusal:
        if is_new_card:
            _vault(here, here.persons.drop_card, card)
        raise
    assert isinstance(opened, CaseOpened)  # noqa: S101 - what this command is answered with
    return person, opened.case, secret


def replace_card(here: House, case: str, *, office: str, by: str, key: str) -> str:
    """The secret of a new card; the one before opens nothing any more. The same key gives the same again."""
    secret, person = card_secret(here.seed, key), person_of(case)
    is_new = _vault(here, here.persons.put_card, token_digest(secret), person)
    try:
        here.do(
            ReplaceCard(
                office=office, at=here.now(), by=by, key=key, person=person, case=case, card=token_digest(secret)
            )
        )
    except Refusal:
        if is_new:
            _vault(here, here.persons.drop_card, token_digest(secret))
        raise
    return secret


def around(here: House, case: Case, *, office: str) -> Here:
    """What is true around a case at an office now, the flow that it follows among it."""
    found = here.present.here(office, here.now())
    if case.follows(found.today).flow not in found.flows:
        here.catch_up()  # it began to follow it a moment ago
    return found


def journey_of(here: House, person: str, *, office: str, case: str = "") -> Journey | None:
    """A person's open case (or the one named) as an office sees it today; None where there is none."""
    found = here.off_loop(here.ledger.person, person)
    chosen = found.cases.get(case) if case else found.open_case
    if chosen is None:
        return None
    here_now = around(here, chosen, office=office)
    flow = here_now.flow_of(chosen)
    return Journey(
        person=person,
        case=chosen,
        flow=flow,
        today=date.fromisoformat(here_now.today),
        road=road(chosen, flow, here_now.today, here_now.office),
        plan=None if chosen.outcome else plan(chosen, flow, here_now.office, here_now.today),
        visit=found.visit,
        appointment=found.appointment,
    )


# --- Many cases -------------------------------------------------------------------------------------------------------


def open_cases(here: House, office: str) -> dict[str, list[Followed]]:
    """What each open case that an office opened follows and will follow; the oldest case first. Blocks on the disk:
    give it to `off_loop`. Raises `BeingBuilt`.
    """
    with catch_up(here, "cases").reading() as cursor:
        return open_at(cursor, office)


def move_cases(here: House, pinned: str, scheme: str, grace: str, *, office: str, by: str, key: str) -> Moved:  # noqa: PLR0913 - by name
    """Lets all open cases that an office opened and that follow a flow (`pinned`, its digest) follow another of its
    flows from a date (ISO, "" today) on. Once more under the same key moves those that were left.
    """
    moved, refused = list[str](), dict[str, Refusal]()
    for case, follows in here.off_loop(open_cases, here, office).items():
        today = here.present.here(office, here.now()).today
        if next(it for it in reversed(follows) if it.since <= max(grace, today)).flow != pinned:
            continue
        try:
            here.do(
                MoveCase(
                    office=office,
                    at=here.now(),
                    by=by,
                    key=f"{key} {case}",
                    person=person_of(case),
                    case=case,
                    scheme=scheme,
                    grace=grace,
                )
            )
            moved.append(case)
        except Refusal as refusal:
            refused[case] = refusal
    return Moved(moved=tuple(moved), refused=refused)


def index_cards(here: House) -> None:
    """Makes the index of cards anew from the record, where its file was lost. Blocks on the disk."""
    cards, erased = dict[str, str](), set[str]()
    for recorded in here.ledger.told("case-opened/1", "card-replaced/1", "person-erased/1"):
        if isinstance(recorded.event, CaseOpened | CardReplaced):
            cards[recorded.event.case] = recorded.event.card
        else:
            erased.add(recorded.stream.partition(":")[2])
    here.persons.index((card, person_of(case)) for case, card in cards.items() if person_of(case) not in erased)


def _vault(here: House, work: Callable[..., T], *args: object) -> T:
    """Something that waits for the store of persons, in a native thread."""
    return here.off_loop(work, *args)
