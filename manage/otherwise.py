"""What recorded days would have been like otherwise: the question as a form, its progress, the answer, as CSV."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request
from werkzeug import Response as Redirect

from ltsa.journal import DataExported
from ltsa.office import Office
from manage import frame, replaying
from web.asking import asker
from web.errors import Refused
from web.house import house
from web.tables import chunks
from web.words import Words, page_language

blueprint = Blueprint("otherwise", __name__, url_prefix="/manage/<office>/whatif")


@blueprint.get("")
def ask(office: str) -> str | tuple[str, int]:
    """The question, and what there is of its answer; a question that is complete is computed."""
    found = frame.office_of(office)
    known, form = _form(found)
    return _page(found, known, form), (HTTPStatus.UNPROCESSABLE_ENTITY if form.wrong else HTTPStatus.OK)


@blueprint.get("/table.csv")
def table(office: str) -> Response:
    """An answer for a spreadsheet."""
    here, found = house(), frame.office_of(office)
    _, form = _form(found)
    computation = here.computations.known(form.asked.key(office)) if form.asked else None
    if computation is None or computation.state != "done":
        raise Refused("not-computed", "This has not been computed; open its page first.", state="absent")
    by = asker().by("office.see", office)
    here.note(DataExported, office=office, by=by, kind="whatif.csv", about=form.values["from"])
    rows = replaying.table(computation.result.answer, Words(page_language()))
    answer = Response(b"".join(chunks(rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{office}-whatif.csv"'
    return answer


@blueprint.post("/cancel")
def cancel(office: str) -> Redirect:
    """Takes a computation back; the address' parameters say which."""
    found = frame.office_of(office)
    _, form = _form(found)
    if form.asked is None:
        return frame.leads_to("otherwise.ask")
    house().computations.cancel(form.asked.key(office))
    return frame.leads_to("otherwise.ask", **form.asked.parameters)


def _form(office: Office) -> tuple[list[str], replaying.Form]:
    here = house()
    known = here.off_loop(replaying.days, here.ledger, office.id, office.service_date(here.now()))
    return known, replaying.read(request.args, office, known)


def _page(office: Office, known: list[str], form: replaying.Form) -> str:
    here, computation, result = house(), None, None
    if form.asked:
        key, work = form.asked.key(office.id), replaying.working(here.ledger, office.id, form.asked)
        computation = here.computations.ask(key, work, here.now(), again="again" in request.args)
        result = computation.result
    lang = page_language()
    values: dict[str, Any] = {
        "known": known,
        "form": form,
        "computation": computation,
        "result": result,
        "rows": replaying.rows(result.answer) if result else [],
        "levers": replaying.levers(office, form.values, result.bottleneck if result else "") if known else [],
        "prerequisites": replaying.prerequisites(office),
        "most": replaying.MOST_DAYS,
        "one": lambda value: replaying.one(value, lang),
        "signed": lambda value: replaying.one(value, lang, signed=True),
        "percent": lambda part: f"{round(100 * part)} %",
    }
    return frame.page("otherwise", office, **values)
