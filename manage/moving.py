"""Open journeys that follow an earlier content of a flow: how many, how it differs, and moving them from a date on.

The reason goes on record before the first case is moved. If the server stops in between, what is left stands on the
page and is moved by asking again: a case that follows the new content already is left alone.
"""

from collections import Counter
from datetime import date, timedelta

from flask import Blueprint, request
from msgspec import Struct
from werkzeug import Response

from ltsa.coded import Text
from ltsa.flow import Flow
from ltsa.journal import CasesMoved, entry, journal_stream
from ltsa.message import Refusal
from manage import frame
from web.asking import asker
from web.errors import Refused, status_of
from web.house import House, house
from web.journeys import Moved, move_cases, open_cases

blueprint = Blueprint("moving", __name__, url_prefix="/manage/<office>/flows")

GRACE = 30
"""Days of grace that the form proposes."""

LONGEST_WHY = 300


class Followed(Struct, frozen=True, kw_only=True):
    """A content of a flow that open cases of the office follow, or will: how many, and how it differs from the present
    one. `begun` is a move of these cases that is on record, None where there is none.
    """

    digest: str
    cases: int
    current: bool
    gone: tuple[Text, ...]
    new: tuple[Text, ...]
    begun: CasesMoved | None


@blueprint.get("/<scheme>/cases")
def which(office: str, scheme: str) -> str:
    """Which contents of a flow open journeys follow."""
    return _page(office, scheme)


@blueprint.post("/<scheme>/cases")
def move(office: str, scheme: str) -> Response | tuple[str, int]:
    """Moves the journeys that follow one content, once the form has been looked at (`do` is "move")."""
    here, flow = house(), _flow(office, scheme)
    pinned, grace = frame.form("pinned"), frame.form("grace")
    why = " ".join(frame.form("why").split())
    try:
        count = _following(here, office, flow, pinned)
        _dated(grace, here.office(office).service_date(here.now()))
        if frame.form("do") != "move":
            return _page(office, scheme, asked=pinned, count=count), 200
        _reason(why)
        said = {"office": office, "by": asker().by("office.change", office)}
        facts = {"scheme": scheme, "pinned": pinned, "flow": flow.digest, "grace": grace, "why": why}
        here.do(entry(CasesMoved, at=here.now(), key=f"moving {frame.key()}", **said, **facts))
        moved = move_cases(here, pinned, scheme, grace, key=frame.key(), **said)
    except Refusal as refusal:
        return _page(office, scheme, asked=pinned, problem=refusal), status_of(refusal)
    here.catch_up()
    return _page(office, scheme, moved=moved), 200


def _page(  # noqa: PLR0913 - by name
    office: str,
    scheme: str,
    *,
    asked: str = "",
    count: int = 0,
    problem: Refusal | None = None,
    moved: Moved | None = None,
) -> str:
    here, found, flow = house(), frame.office_of(office), _flow(office, scheme)
    today = found.service_date(here.now())
    return frame.page(
        "moving",
        found,
        flow=flow,
        followed=_followed(here, office, flow),
        asked=asked,
        count=count,
        problem=frame.sentence(problem) if problem else "",
        at=problem.field if problem else "",
        moved=moved,
        grace=frame.form("grace") if request.method == "POST" else (today + timedelta(days=GRACE)).isoformat(),
        why=frame.form("why"),
        today=today,
    )


def _flow(office: str, scheme: str) -> Flow:
    """A flow of the office. Raises `Refused`."""
    found = house().office(office).flow.get(scheme)
    if found is None:
        raise Refused("unknown-scheme", f"There is no flow {scheme!r} here.", field="scheme", status=404)
    return found


def _counted(here: House, office: str, scheme: str) -> Counter[str]:
    """How many open cases of an office follow each content of a flow, or will: by its digest."""
    last = [follows[-1] for follows in here.off_loop(open_cases, here, office).values()]
    return Counter(move.flow for move in last if move.scheme == scheme)


def _followed(here: House, office: str, flow: Flow) -> list[Followed]:
    kept, begun = here.present.flows.kept, here.off_loop(_begun, here, office, flow.id)
    found = []
    for digest, cases in _counted(here, office, flow.id).most_common():
        steps = kept[digest].step if digest in kept else {}
        found.append(
            Followed(
                digest=digest,
                cases=cases,
                current=digest == flow.digest,
                gone=tuple(step.name for code, step in steps.items() if code not in flow.step),
                new=tuple(step.name for code, step in flow.step.items() if code not in steps),
                begun=begun.get((digest, flow.digest)),
            )
        )
    return found


def _begun(here: House, office: str, scheme: str) -> dict[tuple[str, str], CasesMoved]:
    """The moves of a flow's cases that are on record, the latest for each pair of contents. Blocks on the disk."""
    events = [it.event for it in here.ledger.told_in(journal_stream(office, ""), "cases-moved/1")]
    return {(it.pinned, it.flow): it for it in events if isinstance(it, CasesMoved) and it.scheme == scheme}


def _following(here: House, office: str, flow: Flow, pinned: str) -> int:
    """How many open cases follow a content that is not the present one. Raises `Refusal` where none does."""
    count = _counted(here, office, flow.id)[pinned]
    if not count or pinned == flow.digest:
        raise Refusal("nothing-changes", "No open journey follows this content.", field="pinned")
    return count


def _reason(why: str) -> None:
    """Refuses a reason that is none, or too long."""
    if not why or len(why) > LONGEST_WHY:
        raise Refused("missing-why", f"Say why, in at most {LONGEST_WHY} letters.", field="why", status=422)


def _dated(written: str, today: date) -> None:
    """Refuses what is no date from today on."""
    try:
        if date.fromisoformat(written) >= today:
            return
    except ValueError:
        pass
    raise Refused("wrong-date-to-come", "Write a date like 2027-01-31, today or later.", field="grace", status=422)
