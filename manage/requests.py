"""Requests of people about their own data: the list with its clocks, and a page a request on which it is carried out.

Who asks is found by a card or a NIK that is posted, never in an address. Who they are is shown to those alone who
answer, and that is on record before.
"""

from collections.abc import Callable

from flask import Blueprint, abort, make_response
from msgspec import Struct
from werkzeug import Response

from ltsa.identity import Identity
from ltsa.message import Refusal
from ltsa.present import Recorded
from ltsa.requests import KINDS, REASONS, SubjectRequest
from manage import frame
from web import own_data, subject
from web.asking import asker, may
from web.case_story import CaseTeller
from web.errors import status_of
from web.house import House, house
from web.limits import LOOKED_UP, buckets
from web.own_data import OwnData
from web.words import Words, page_language

blueprint = Blueprint("requests", __name__, url_prefix="/manage/<office>/requests")

SHOWN = 200

LONGEST_WHO = 200
"""Characters of a card's address or a NIK, as scanners and people write them."""

DOES: dict[str, Callable[..., object]] = {"take": subject.take, "lift": subject.lift, **subject.DOES}
"""What a press does that needs nothing to be written."""


class Trace(Struct, frozen=True, kw_only=True):
    """Somebody processed or saw something: when (ms UTC), at which office, what, by whom, about which number."""

    at: int
    office: str
    what: str
    by: str
    number: str = ""


@blueprint.get("")
def every(office: str) -> str:
    """The requests of the office, and the form that receives one."""
    return _list(office)


@blueprint.post("")
def receive(office: str) -> Response | tuple[str, int]:
    """Receives a request of who is found. Looking somebody up counts, that nobody goes through all NIKs."""
    buckets().take(LOOKED_UP, asker().name)
    here, written, document = house(), frame.form("who")[:LONGEST_WHO], frame.form("document") == "yes"
    said = {"office": office, "by": asker().by("requests.receive", office), "key": frame.key()}
    try:
        request = subject.receive(here, frame.form("kind"), written, document=document, **said)
    except Refusal as refusal:
        return _list(office, problem=refusal), status_of(refusal)
    return frame.leads_to("requests.one", request=request.id)


@blueprint.get("/<request>")
def one(office: str, request: str) -> str:
    """A request: how it stands, and what can be done."""
    return _page(office, request)


@blueprint.post("/<request>/<action>")
def act(office: str, request: str, action: str) -> Response | tuple[str, int]:
    """One press about a request."""
    here, said = house(), {"office": office, "by": asker().by("requests.answer", office), "key": frame.key()}
    try:
        if action == "correct":
            who = Identity(nik=frame.form("nik"), name=frame.form("name"), phone=frame.form("phone"))
            subject.correct(here, request, who, **said)
        elif action == "refuse":
            subject.refuse(here, request, frame.form("reason"), **said)
        else:
            does = DOES.get(action) or abort(404)
            _sure(action)
            does(here, request, **said)
    except Refusal as refusal:
        return _page(office, request, problem=refusal), status_of(refusal)
    return frame.leads_to("requests.one", request=request)


@blueprint.get("/<request>/answer")
def answer(office: str, request: str) -> Response:
    """Everything that is kept of who asks, to be printed and handed over."""
    it, data = _answer(office, request)
    here = house()
    offices = {each.id: each for each in here.offices()}
    teller = CaseTeller(offices, here.present.flows.kept, page_language(), here.access)
    record = [Recorded(row.position, "", row.version, row.event) for row in data.journey]
    page = frame.page(
        "requests/answer",
        frame.office_of(office),
        it=it,
        data=data,
        lines=teller.story(record),
        traces=_traces(data),
        names={name: each.name for name, each in offices.items()},
        words_of=_words_of(here, data),
    )
    return _private(make_response(page))


@blueprint.get("/<request>/answer.json")
def answer_file(office: str, request: str) -> Response:
    """The same as a file for the person."""
    it, data = _answer(office, request)
    by = asker().by("requests.answer", office)
    own_data.taken_out(house(), it.person, office=office, by=by, key=frame.new_key())
    file = Response(data.as_json(house().office(office).clock), mimetype="application/json")
    file.headers["Content-Disposition"] = f'attachment; filename="{office}-{it.id}.json"'
    return _private(file)


def _sure(action: str) -> None:
    """Refuses an erasure that was not ticked to be meant."""
    if action == "erase" and frame.form("sure") != "yes":
        raise Refusal("missing-sure", "An erasure cannot be undone; tick that this is meant.", field="sure")


def _answer(office: str, request: str) -> tuple[SubjectRequest, OwnData]:
    """A request to see data, while it is open, and the data. Raises `Refusal`."""
    it = subject.showable(house(), office, request)
    return it, own_data.own_data(house(), it, office=office, by=asker().by("requests.answer", office))


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _list(office: str, problem: Refusal | None = None) -> str:
    here = house()
    found = subject.every(here, office)
    return frame.page(
        "requests/every",
        frame.office_of(office),
        open=[it for it in found if it.open],
        ended=[it for it in found if not it.open][:SHOWN],
        now=here.now(),
        kinds=KINDS,
        problem=problem,
        given={name: frame.form(name) for name in ("kind", "document")} if problem else {},
    )


def _page(office: str, request: str, problem: Refusal | None = None) -> str:
    here, found = house(), frame.office_of(office)
    it = subject.of(here, office, request)
    person = here.present.person(it.person)
    answers = may("requests.answer", office)
    by = asker().by("requests.answer", office) if answers else ""
    who = subject.who(here, it, office=office, by=by) if answers and it.open else None
    given = {name: frame.form(name) for name in ("nik", "name", "phone", "reason")} if problem else {}
    return frame.page(
        "requests/one",
        found,
        it=it,
        person=person,
        who=who,
        answers=answers,
        now=here.now(),
        reasons=[code for code, kinds in REASONS.items() if it.kind in kinds],
        problem=problem,
        given=given,
    )


def _traces(data: OwnData) -> list[Trace]:
    """Who processed what, and who saw it, in order."""
    words = Words(page_language())
    found = [
        Trace(
            at=row.event.at,
            office=visit.office,
            what=_word(words, "audit.event", row.topic.partition("/")[0]),
            by=row.event.by,
            number=visit.number,
        )
        for visit in data.visits
        for row in visit.events
    ]
    for look in data.looks:
        kind = words(f"audit.journal.kind.data-{look.did}")
        what = f"{kind}: {_word(words, 'audit.journal.data', look.data)}"
        number = look.about.partition(" ")[0] if look.about != data.person else ""
        found.append(Trace(at=look.at, office=look.office, what=what, by=look.by, number=number))
    return sorted(found, key=lambda trace: trace.at)


def _word(words: Words, table: str, code: str) -> str:
    return words(key) if (key := f"{table}.{code}") in words else code


def _words_of(here: House, data: OwnData) -> dict[str, str]:
    """The words that were agreed to, by their digest, as they were asked at that office on that day."""
    return {it.agreed.text: subject.consent_words(here, it) for it in data.consents}
