"""The auditor's page on which what they were shown is held against the commitment on record."""

import re

from flask import request

from audit import commitments
from audit.room import blueprint, office_of, written
from ltsa.identity import Identity, name_of, nik_of, phone_of
from ltsa.journal import DataSeen
from ltsa.message import Refusal
from web.asking import asker
from web.errors import Refused, spoken, status_of
from web.house import house
from web.limits import LOOKED_UP, buckets
from web.who import actor
from web.words import Words, page_language


@blueprint.get("/<office>/committed/<position>")
def committed(office: str, position: str) -> str:
    """What an event commits to, and a form in which what an auditor was shown is held against it."""
    return _page(office, _commitment(office, position))


@blueprint.post("/<office>/committed/<position>")
def check_committed(office: str, position: str) -> str | tuple[str, int]:
    """Whether what was shown is what was recorded. That somebody tried is on record before; so are the tries counted,
    that nobody goes through all that it might be.
    """
    it, here = _commitment(office, position), house()
    buckets().take(LOOKED_UP, asker().name)
    try:
        shown = _shown(it)
    except Refusal as refusal:
        return _page(office, it, problem=spoken(refusal)), status_of(refusal)
    by = asker().by("audit.see", office)
    here.note(DataSeen, office=office, by=by, kind=f"{it.kind}-check", about=it.told)
    return _page(office, it, verdict=here.off_loop(commitments.check, it, shown, here.persons, here.people))


def _commitment(office: str, said: str) -> commitments.Committed:
    office_of(office)
    position = int(said) if re.fullmatch(r"[0-9]{1,18}", said) else 0
    found = house().off_loop(commitments.read, house().ledger, office, position)
    if found is None:
        message = f"The event {said[:30]!r} commits to nothing of {office}'s."
        raise Refused("nothing-committed", message, field="position", status=404)
    return found


def _shown(it: commitments.Committed) -> str | Identity:
    """What the form says was shown, as it would have been kept. Raises `Refusal`."""
    said = request.form
    if it.kind == "person":
        # At the kiosk no name is asked.
        name = name_of(said["name"]) if said.get("name", "").strip() else ""
        return Identity(nik=nik_of(said.get("nik", "")), name=name, phone=phone_of(said.get("phone", "")))
    return said.get("text", "").replace("\r\n", "\n").strip()


def _page(office: str, it: commitments.Committed, verdict: commitments.Verdict | None = None, problem: str = "") -> str:
    here = house()
    state = here.off_loop(commitments.state, it, here.persons, here.people)
    said = {"verdict": verdict, "problem": problem, "said": request.form if problem or verdict else {}}
    who = actor(it.by, Words(page_language()), here.access)
    return written("audit/committed.html", office=office_of(office), it=it, state=state, who=who, **said)
