"""A change that somebody is writing: from what a form says to a command, and what it would do before it is done."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from ltsa import configuring
from ltsa.configuring import ChangeOffice, Configurations, Difference
from ltsa.message import Refusal
from ltsa.office import Office, Service
from ltsa.parts import differences, office_of, put, tree
from manage import flows
from manage.fields import LONGEST_NUMBER, Field, Rows, Sheet, code_for
from manage.sections import NEW

TODAY, TOMORROW, DATE = "today", "tomorrow", "date"


class Draft(Struct, kw_only=True):
    """A form about an office, as it was painted or filled in.

    Attributes:
        sheet: what stands in the fields.
        seen: the version of the configurations that the form was painted from.
        key: the idempotency key under which it is saved.
        since: "today", "tomorrow" or "date"; then `since_date` says which.
        why: the reason, in the manager's words.
    """

    sheet: Sheet
    seen: int
    key: str
    since: str = TODAY
    since_date: str = ""
    why: str = ""
    made: str = ""

    def day(self, today: date) -> str:
        """The date from which it is to be so."""
        return {TODAY: today.isoformat(), TOMORROW: (today + timedelta(days=1)).isoformat()}.get(
            self.since, self.since_date
        )


def painted(fields: Iterable[Field], office: Office, version: int) -> Draft:
    """The form as the office is."""
    inputs: dict[str, str] = {}
    for field in fields:
        inputs |= field.painted(office)
    return Draft(sheet=Sheet(inputs), seen=version, key=secrets.token_hex(16))


def filled_in(form: Mapping[str, str], version: int) -> Draft:
    """The form as somebody sent it."""
    seen = form.get("seen", "")
    return Draft(
        sheet=Sheet(form),
        seen=min(int(seen), version) if seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_NUMBER else version,
        key="".join(form.get("key", "")[:64].split()) or secrets.token_hex(16),
        since=form.get("since", TODAY),
        since_date=form.get("since_date", ""),
        why=" ".join(form.get("why", "").split()),
    )


def rearrange(draft: Draft, fields: Iterable[Field], action: str) -> str:
    """Adds, moves or drops a row, as a button without any script asks: "add:counters", "up:counters.3". The name of the
    row that was added.
    """
    verb, _, name = action.partition(":")
    if verb == "add":
        rows = next((rows for field in fields if (rows := _rows(field, name))), None)
        return f"{name}.{rows.add(draft.sheet, name)}" if rows else ""
    if verb in {"up", "down", "drop"}:
        above, _, row = name.rpartition(".")
        draft.sheet.act(above, row, verb)
    return ""


def command(  # noqa: PLR0913 - by name
    draft: Draft, fields: Iterable[Field], known: Configurations, *, office: str, at: int, by: str
) -> ChangeOffice:
    """What the form asks for: those parts that it would make others than they were when it was painted, so that what is
    planned meanwhile stays planned. Raises `Refusal`; what is wrong with an input stands on the sheet.
    """
    today = known.today(at)
    before = known.on(today, draft.seen or None)
    whole = tree(before)
    asked: dict[str, Any] = {}
    for field in fields:
        asked |= field.changes(draft.sheet, before)
    if draft.sheet.wrong:
        raise Refusal("wrong-form", "Some of it cannot be so; see the fields.")
    if (kind := next((kind for kind in BLANK if any(path.startswith(f"{kind}/{NEW}/") for path in asked)), "")) != "":
        draft.made, asked = _with_id(kind, asked, before)
        put(whole, f"{kind}/{draft.made}", BLANK[kind](draft.made))
    for path, value in asked.items():
        put(whole, path, value)
    return ChangeOffice(
        office=office,
        at=at,
        by=by,
        key=draft.key,
        since=draft.day(today),
        why=draft.why,
        changes=differences(before, office_of(whole)),
        seen=draft.seen,
    )


def preview(change: ChangeOffice, known: Configurations) -> tuple[Difference, ...]:
    """What a change would make another. Raises `Refusal` as it would be refused."""
    later = configuring.after(known, configuring.decide(change, known))
    return later.differences(later.version)


def office_after(change: ChangeOffice, known: Configurations) -> Office:
    """The office as a change would leave it on its date."""
    return configuring.after(known, configuring.decide(change, known)).on(change.since)


def input_of(refusal: Refusal, draft: Draft, fields: Iterable[Field]) -> str:
    """The name of the input that a refusal is about, "" where it is none of the form's."""
    path = (refusal.field or "").replace(".", "/")
    if draft.made:
        path = re.sub(rf"^({'|'.join(BLANK)})/{re.escape(draft.made)}/", rf"\1/{NEW}/", path)
    if path in {"since", "why"}:
        return path
    for field in sorted(fields, key=lambda field: len(field.path), reverse=True):
        if path == field.path or path.startswith(f"{field.path}/"):
            return _input_within(field, path.removeprefix(field.path).strip("/").split("/"), draft.sheet)
    return ""


def _input_within(field: Field, rest: list[str], sheet: Sheet) -> str:
    if not isinstance(field, Rows):
        return field.path
    for n in sheet.rows(field.path):
        if sheet.text(f"{field.path}.{n}.{field.key if field.written else 'key'}") == rest[0]:
            column = next((c.path for c in field.columns if c.path in rest[1:]), field.columns[0].path)
            return f"{field.path}.{n}.{column}"
    return field.path


def _rows(field: Field, name: str) -> Rows | None:
    """The rows that have a name within a field."""
    if isinstance(field, Rows) and field.path == name:
        return field
    inner = getattr(field, "breaks", None)
    return inner if isinstance(inner, Rows) and name == f"{field.path}.breaks" else None


def _with_id(kind: str, asked: dict[str, Any], office: Office) -> tuple[str, dict[str, Any]]:
    known = office.service if kind == "services" else office.flow
    made = code_for(asked[f"{kind}/{NEW}/name"] or {}, {*known, NEW})
    return made, {path.replace(f"{kind}/{NEW}/", f"{kind}/{made}/", 1): value for path, value in asked.items()}


def _blank_service(service: str) -> Any:
    return msgspec.to_builtins(Service(id=service, prefix="X", name={}, about={}, agency={}))


BLANK: Mapping[str, Callable[[str], Any]] = {"services": _blank_service, "flows": flows.blank}
"""What one of several is before a form says anything of it."""
