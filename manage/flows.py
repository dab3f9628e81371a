"""What the settings ask for about flows: a scheme's steps and what comes before what, its switches; and its graph."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ltsa.coded import Coded, Text
from ltsa.flow import DESKS, Flow, FlowStep, dead_end, loop
from ltsa.office import LONGEST_VALID, MOST_CODES, Office
from ltsa.parts import value_at
from manage.fields import ON, Choice, Date, Field, Inputs, Rows, Sheet, Tick, Ticks, Whole, Words, code_for, in_order

SYSTEMS = ("", "siapkerja", "siskop2mi")
BETWEEN = " | "
"""Between a document's name in Indonesian and in English."""

MOST_DOCUMENTS = 40


class Pick(Choice, frozen=True, kw_only=True):
    """One of many, from a list that opens."""


class Turn(Field, frozen=True, kw_only=True):
    """A switch of a flow, as one obvious control: on or off. `name` is what is on then."""

    name: Text
    flow: Text

    def inputs(self, name: str, value: Any) -> Inputs:
        """Which of the two it is."""
        return {name: ON if value else "off"}

    def read(self, sheet: Sheet, name: str) -> Any:
        """Whether it is on."""
        return sheet.text(name) == ON


class Documents(Field, frozen=True, kw_only=True):
    """What to bring, one a line, as "Indonesian | English". What the office knows by its Indonesian name stays that,
    with all its words; another one gets a code.
    """

    known: tuple[Coded, ...]

    def inputs(self, name: str, value: Any) -> Inputs:
        """The lines."""
        return {name: "\n".join(_line(document["name"]) for document in value or ())}

    def read(self, sheet: Sheet, name: str) -> Any:
        """The documents, each once."""
        by_name = {_key(one.name["id"]): msgspec.to_builtins(one) for one in self.known}
        found = dict[str, Any]()
        for line in sheet.inputs.get(name, "").splitlines()[: MOST_DOCUMENTS + 1]:
            indonesian, _, english = (" ".join(part.split()) for part in line.partition("|"))
            if not indonesian:
                continue
            words = {"id": indonesian} | ({"en": english} if english else {})
            document = by_name.get(_key(indonesian)) or {
                "code": code_for(words, {one.code for one in self.known} | set(found)),
                "name": words,
            }
            if english and english != document["name"].get("en"):
                document = document | {"name": document["name"] | words}
            found.setdefault(document["code"], document)
        if len(found) > MOST_DOCUMENTS:
            sheet.refuse(name, "too-many", most=MOST_DOCUMENTS)
        return list(found.values())


def _line(name: Text) -> str:
    return BETWEEN.join(filter(None, (name.get("id", ""), name.get("en", ""))))


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


class After(Ticks, frozen=True, kw_only=True):
    """The steps before one, as far as they stand on the form. One that was taken off the form stays named, so that the
    rules say what can be reached no more.
    """

    def read(self, sheet: Sheet, name: str) -> Any:
        """The codes that are ticked, in the order of the form."""
        prefix = f"{name}."
        ticked = [key.removeprefix(prefix) for key in sheet.inputs if key.startswith(prefix) and sheet.text(key) == ON]
        order = [code for code, *_ in self.options]
        return sorted(ticked[:MOST_CODES], key=lambda code: order.index(code) if code in order else len(order))


class FlowSteps(Rows, frozen=True, kw_only=True):
    """The steps of a flow, in its order. `known` are those of all flows, to be taken over; a step of another name gets
    its code once.
    """

    known: tuple[FlowStep, ...]

    def add(self, sheet: Sheet, name: str) -> str:
        """Adds a step: the known one that was chosen, or one of the name that was written."""
        number = super().add(sheet, name)
        here = f"{name}.{number}"
        taken = {sheet.text(f"{name}.{n}.key") for n in sheet.rows(name)}
        chosen = next((step for step in self.known if step.code == sheet.text(f"{name}-known")), None)
        if chosen is not None and chosen.code not in taken:
            plain = msgspec.to_builtins(chosen)
            plain["after"] = [code for code in chosen.after if code in taken]
            sheet.inputs |= self.row(here, plain)
        else:
            words = {"id": " ".join(sheet.text(f"{name}-title").split())}
            plain = {"name": words, "minutes": 10, "valid_days": 0, "desk": DESKS[0], "system": "", "switch": ""}
            sheet.inputs |= self.row(here, plain)
            sheet.inputs[f"{here}.key"] = code_for(words, {*taken, *(step.code for step in self.known)})
        sheet.inputs[f"{name}-known"] = sheet.inputs[f"{name}-title"] = ""
        return number

    def read(self, sheet: Sheet, name: str) -> Any:
        """The steps, in the shape that a flow has them."""
        return [row for row in super().read(sheet, name) if row.get("code")]

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """All of them, each after what it came after in the order that this had."""
        rows = self.read(sheet, self.path)
        before = {step["code"]: step["after"] for step in value_at(office, self.path) or ()}
        return {self.path: [row | {"after": in_order(row["after"], before.get(row["code"], ()))} for row in rows]}


def flow(office: Office, item: str) -> tuple[Field, ...]:
    """What there is to say about one flow."""
    path, found = f"flows/{item}", office.flow.get(item)
    switches = found.switches if found else ()
    mine = found.steps if found else ()
    known = known_steps(office)
    steps = tuple((step.code, step.name["id"]) for step in (*mine, *(one for one in known if one not in mine)))
    documents = known_documents(office)
    columns = (
        Words(path="name", label="step_name"),
        Pick(path="desk", label="desk", options=tuple((desk, f"manage.desk.{desk}") for desk in DESKS)),
        After(path="after", label="step_after", options=_once(steps)),
        Documents(path="documents", label="step_documents", known=documents),
        Whole(path="minutes", label="minutes", least=1, most=480, unit="minutes"),
        Whole(path="valid_days", label="valid_days", most=LONGEST_VALID, unit="days"),
        Pick(path="system", label="system", options=tuple((name, f"system.{name or 'none'}") for name in SYSTEMS)),
        Pick(
            path="switch",
            label="step_switch",
            options=(("", "manage.flow.always"), *((one.code, one.name["id"]) for one in switches)),
        ),
        Tick(path="outside", label="outside"),
    )
    stages = tuple((stage, f"manage.stage.{stage}") for stage in ("before", "during", "after"))
    return (
        Words(path=f"{path}/name", label="flow_name"),
        Words(path=f"{path}/about", label="flow_about", longest=600, needed=False),
        Pick(path=f"{path}/stage", label="stage", options=stages),
        Date(path=f"{path}/begins", label="flow_begins"),
        MaybeDate(path=f"{path}/ends", label="flow_ends"),
        Rows(path=f"{path}/switches", label="switches", key="code", columns=_switch_columns()),
        FlowSteps(path=f"{path}/steps", label="flow_steps", key="code", columns=columns, known=known),
    )


class MaybeDate(Date, frozen=True, kw_only=True):
    """A date, or none."""

    def read(self, sheet: Sheet, name: str) -> Any:
        """The date, "" for none."""
        return super().read(sheet, name) if sheet.text(name) else ""


def _switch_columns() -> tuple[Field, ...]:
    return (Words(path="name", label="switch_name"), Tick(path="on", label="switch_on"))


def switches(office: Office, _item: str = "") -> tuple[Field, ...]:
    """The switches of all flows."""
    return tuple(
        Turn(path=f"flows/{each.id}/switches/{one.code}/on", label="switch", name=one.name, flow=each.name)
        for each in office.flows
        for one in each.switches
    )


def known_steps(office: Office) -> tuple[FlowStep, ...]:
    """The steps of all flows, each as the first flow has it."""
    found = dict[str, FlowStep]()
    for each in office.flows:
        for step in each.steps:
            found.setdefault(step.code, step)
    return tuple(found.values())


def known_documents(office: Office) -> tuple[Coded, ...]:
    """The documents of all flows, each once by its name."""
    found = dict[str, Coded]()
    for each in office.flows:
        for step in each.steps:
            for document in step.documents:
                found.setdefault(document.code, document)
    return tuple(found.values())


def depths(found: Flow | None) -> list[list[FlowStep]]:
    """The steps of a flow in rows, each step in the row below the last of those that come before it; none for a flow
    that has a loop or a dead end.
    """
    if found is None or loop(found) or dead_end(found):
        return []
    depth = dict[str, int]()

    def deep(code: str) -> int:
        if code not in depth:
            depth[code] = 1 + max((deep(before) for before in found.after[code]), default=-1)
        return depth[code]

    rows = dict[int, list[FlowStep]]()
    for step in found.step.values():
        rows.setdefault(deep(step.code), []).append(step)
    return [rows[number] for number in sorted(rows)]


def blank(code: str) -> Any:
    """A flow that is being made."""
    return msgspec.to_builtins(Flow(id=code, name={}, about={}, begins=""))


def _once(options: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple({code: (code, name) for code, name in reversed(list(options))}.values())[::-1]
