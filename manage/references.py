"""Reference numbers of the systems outside: what is on paper still, out as a table, and back in with the systems' own.

A file is read by the browser and comes as text in the form: nothing is uploaded. What a table would do is shown row by
row before any of it is done; the same table once more changes nothing.
"""

from collections import Counter
from collections.abc import Sequence

from flask import Blueprint, Response, request
from msgspec import Struct

from ltsa.journey import Reference, person_of
from ltsa.message import Refusal
from manage import frame
from web.asking import asker
from web.errors import status_of
from web.house import House, house
from web.references import COLUMNS, Row, noted, preview, reconcile, table
from web.tables import chunks

blueprint = Blueprint("references", __name__, url_prefix="/manage/<office>/references")

SHOWN = 200
LONGEST_FORM = 1_000_000
"""Bytes of a form with a table in it: some thousand rows. What is larger is cut, or goes in by the command line."""


class Chosen(Struct, frozen=True, kw_only=True):
    """Which references the address asks for; "" for any. `all` also shows those that are complete."""

    system: str = ""
    step: str = ""
    until: str = ""
    all: bool = False

    def takes(self, it: Reference, day: str) -> bool:
        """Whether it lets a reference through that was noted on a local date (ISO)."""
        return (
            (it.paper or self.all)
            and self.system in ("", it.system)
            and self.step in ("", it.step)
            and (not self.until or day <= self.until)
        )


@blueprint.get("")
def every(office: str) -> str:
    """The references that are on paper still."""
    return _page(office)


@blueprint.get("/references.csv")
def every_csv(office: str) -> Response:
    """The chosen references as CSV."""
    here, chosen = house(), _chosen()
    rows = list(table(here, office, by=asker().by("references.see", office), everything=chosen.all))
    taken = [row for row in rows[1:] if _matches(row, chosen)]
    answer = Response(b"".join(chunks([rows[0], *taken])), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{office}-references.csv"'
    return answer


@blueprint.post("")
def take_in(office: str) -> str | tuple[str, int]:
    """A table that came back: shows what it would do, or does it (`do` is "apply")."""
    request.max_content_length = request.max_form_memory_size = LONGEST_FORM
    here, text, key = house(), request.form.get("table", ""), frame.key()
    by = asker().by("references.change", office)
    apply = frame.form("do") == "apply"
    try:
        if apply:
            rows = reconcile(here, text, office=office, by=by, key=key)
            here.catch_up()
        else:
            rows = preview(here, text, office=office, by=by)
    except Refusal as refusal:
        return _page(office, text=text, problem=frame.sentence(refusal)), status_of(refusal)
    return _page(office, text="" if apply else text, rows=rows, applied=apply)


def _page(
    office: str, *, text: str = "", problem: str = "", rows: list[Row] | None = None, applied: bool = False
) -> str:
    here, found, chosen = house(), frame.office_of(office), _chosen()
    everything = here.off_loop(noted, here, office, everything=True)
    shown = [(case, it) for case, it in everything if chosen.takes(it, found.service_date(it.at).isoformat())]
    shown.sort(key=lambda pair: pair[1].at)
    erased = here.off_loop(_erased, here, [case for case, _ in shown[:SHOWN]])
    steps = {step.code: step.name for flow in reversed(found.flows) for step in flow.step.values()}
    return frame.page(
        "references",
        found,
        chosen=chosen,
        shown=shown[:SHOWN],
        found_count=len(shown),
        on_paper=sum(it.paper for _, it in everything),
        steps=steps,
        erased=erased,
        step_choices=sorted({it.step for _, it in everything}),
        query={name: request.args[name] for name in ("system", "step", "until", "all") if request.args.get(name)},
        text=text,
        problem=problem,
        rows=rows,
        results=Counter(row.result for row in rows or ()),
        applied=applied,
    )


def _erased(here: House, cases: list[str]) -> dict[str, int]:
    """When (ms UTC) who a case is about was erased, 0 if it was not. Blocks on the disk."""
    return {case: here.ledger.person(person_of(case)).subject.erased for case in cases}


def _chosen() -> Chosen:
    asked = request.args
    return Chosen(
        system=asked.get("system", ""),
        step=asked.get("step", ""),
        until=asked.get("until", ""),
        all=asked.get("all", "") == "yes",
    )


def _matches(cells: Sequence[str], chosen: Chosen) -> bool:
    """Whether a row of the table is asked for."""
    place = {name: number for number, name in enumerate(COLUMNS)}
    return (
        chosen.system in ("", cells[place["system"]])
        and chosen.step in ("", cells[place["step"]])
        and (not chosen.until or cells[place["noted"]][:10] <= chosen.until)
    )
