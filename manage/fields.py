"""What a form asks for. A field writes its value into the form's inputs, and reads it back: one is the other's reverse.

A form's inputs are texts by name, in the order of the page. A field named `rules/undo_seconds` has an input of that
name; one with several inputs parts their names from its own by a point (`name.id`, `name.en`); a row has its number
between (`counters.3.name.id`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from msgspec import Struct

from ltsa.office import LONGEST_CODE, LONGEST_NAME, MOST_COUNTERS, Office
from ltsa.parts import value_at
from web.words import LANGUAGES

ON = "on"
LONGEST_NUMBER = 9

MOST_ROWS = MOST_COUNTERS + 1
"""Rows of a field that are looked at: more than any may have, so that one form too many is refused, and quickly."""

Inputs = dict[str, str]


class Sheet:
    """A form that was filled in: what stands in its inputs, and a sentence's code for each input that is wrong.

    Attributes:
        inputs: by name, in the order of the page.
        wrong: by an input's name, a word of `manage.wrong` and its values.
    """

    def __init__(self, inputs: Mapping[str, str]) -> None:
        self.inputs: Inputs = dict(inputs)
        self.wrong: dict[str, tuple[str, Mapping[str, object]]] = {}

    def text(self, name: str) -> str:
        """What stands in an input, without space around it; "" where there is none."""
        return self.inputs.get(name, "").strip()

    def refuse(self, name: str, code: str, **values: object) -> None:
        """Says what is wrong with an input; the first that is wrong with it counts."""
        self.wrong.setdefault(name, (code, values))

    def rows(self, name: str) -> list[str]:
        """The numbers of the rows of a field, in the order of the page."""
        pattern = re.compile(rf"{re.escape(name)}\.([0-9]{{1,{LONGEST_NUMBER}}})\.")
        found = dict.fromkeys(found[1] for key in self.inputs if (found := pattern.match(key)))
        return list(islice(found, MOST_ROWS))

    def act(self, name: str, row: str, action: str) -> None:
        """Moves a row "up" or "down", or lets it "drop"."""
        order = self.rows(name)
        if row not in order:
            return
        place = order.index(row)
        if action == "drop":
            order.remove(row)
        elif 0 <= (other := place + {"up": -1, "down": 1}[action]) < len(order):
            order[place], order[other] = order[other], order[place]
        others = {key: text for key, text in self.inputs.items() if not re.match(rf"{re.escape(name)}\.[0-9]+\.", key)}
        self.inputs = others | {key: text for n in order for key, text in self._of(name, n)}

    def _of(self, name: str, row: str) -> list[tuple[str, str]]:
        return [(key, text) for key, text in self.inputs.items() if key.startswith(f"{name}.{row}.")]


class Field(Struct, frozen=True, kw_only=True):
    """One thing that a form asks for: `path` is the part of the office, `label` its word in `manage.field`."""

    path: str
    label: str
    usual: str = ""

    @property
    def kind(self) -> str:
        """Which macro of fields.html shows it."""
        return type(self).__name__.lower()

    def inputs(self, name: str, value: Any) -> Inputs:
        """The inputs that show a value."""
        return {name: "" if value is None else str(value)}

    def read(self, sheet: Sheet, name: str) -> Any:
        """The value that the inputs show; says on the sheet what is wrong."""
        return sheet.text(name)

    def painted(self, office: Office) -> Inputs:
        """The inputs that show how it is in an office."""
        return self.inputs(self.path, value_at(office, self.path))

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:  # noqa: ARG002 - for those that take away
        """What the sheet says about the parts of an office that this field is about: new values, None for no more."""
        return {self.path: self.read(sheet, self.path)}


class Line(Field, frozen=True, kw_only=True):
    """One word in no language: a prefix, a counter's number. `large` makes capital letters of small ones."""

    longest: int = LONGEST_CODE
    large: bool = False

    def read(self, sheet: Sheet, name: str) -> Any:
        """The word."""
        text = sheet.text(name)
        return text.upper() if self.large else text


class Words(Field, frozen=True, kw_only=True):
    """Words in several languages. `tall` for a sentence or more, `known` are texts that may be meant."""

    longest: int = LONGEST_NAME
    needed: bool = True
    tall: bool = False
    known: tuple[dict[str, str], ...] = ()

    def inputs(self, name: str, value: Any) -> Inputs:
        """An input for each language."""
        return {f"{name}.{lang}": (value or {}).get(lang, "") for lang in LANGUAGES} | {
            f"{name}.{lang}": text for lang, text in (value or {}).items() if lang not in LANGUAGES
        }

    def read(self, sheet: Sheet, name: str) -> Any:
        """The words by language; those of a known text where its Indonesian is all that was written."""
        prefix = f"{name}."
        words = {
            lang: _one_line(text)
            for key, text in sheet.inputs.items()
            if key.startswith(prefix) and re.fullmatch("[a-z]{2,3}", lang := key.removeprefix(prefix)) and text.strip()
        }
        if self.needed and not words.get("id"):
            sheet.refuse(f"{name}.id", "words")
        for lang, text in words.items():
            if len(text) > self.longest:
                sheet.refuse(f"{name}.{lang}", "long", n=self.longest)
        meant = next((known for known in self.known if known.get("id") == words.get("id")), None)
        return meant if meant and len(words) == 1 else words


class Whole(Field, frozen=True, kw_only=True):
    """A whole number; `unit` is a word of `manage.unit`."""

    least: int = 0
    most: int = 100_000
    unit: str = ""

    def read(self, sheet: Sheet, name: str) -> Any:
        """The number."""
        text = sheet.text(name)
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else -1
        if not self.least <= number <= self.most:
            sheet.refuse(name, "number", least=self.least, most=self.most)
            return None
        return number


class Time(Field, frozen=True, kw_only=True):
    """A time of the day, as 08:00."""

    def read(self, sheet: Sheet, name: str) -> Any:
        """The time."""
        hour, _, minute = sheet.text(name).replace(".", ":").partition(":")
        if not (hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
            sheet.refuse(name, "time")
            return None
        return f"{int(hour[:3]):02}:{int(minute[:3]):02}"


class Date(Field, frozen=True, kw_only=True):
    """A date, as 2027-01-31."""

    def read(self, sheet: Sheet, name: str) -> Any:
        """The date."""
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text := sheet.text(name), re.ASCII):
            sheet.refuse(name, "date")
        return text


class Choice(Field, frozen=True, kw_only=True):
    """One of several: `options` by code, with words."""

    options: tuple[tuple[str, str], ...]


class Tick(Field, frozen=True, kw_only=True):
    """Yes or no."""

    def inputs(self, name: str, value: Any) -> Inputs:
        """The box is ticked, or not there."""
        return {name: ON} if value else {}

    def read(self, sheet: Sheet, name: str) -> Any:
        """Whether it is ticked."""
        return sheet.text(name) == ON


class Ticks(Field, frozen=True, kw_only=True):
    """Some of several; `needed` at least one."""

    options: tuple[tuple[str, str], ...]
    needed: bool = False

    def inputs(self, name: str, value: Any) -> Inputs:
        """A box for each that is chosen."""
        return {f"{name}.{code}": ON for code in value or ()}

    def read(self, sheet: Sheet, name: str) -> Any:
        """Those that are ticked, in the order of the options."""
        chosen = [code for code, *_ in self.options if sheet.text(f"{name}.{code}") == ON]
        if self.needed and not chosen:
            sheet.refuse(name, "none-ticked")
        return chosen

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """Those that are ticked, in the order that they had."""
        return {self.path: in_order(self.read(sheet, self.path), value_at(office, self.path) or ())}


class Place(Field, frozen=True, kw_only=True):
    """Where somebody stands who comes back: "original", "last", or "behind:3"."""

    def inputs(self, name: str, value: Any) -> Inputs:
        """The rule, and the number for the one that has one."""
        rule, _, behind = (value or "original").partition(":")
        return {name: rule, f"{name}.behind": behind or "3"}

    def read(self, sheet: Sheet, name: str) -> Any:
        """The rule."""
        if (rule := sheet.text(name)) != "behind":
            return rule
        behind = Whole(path=name, label="", least=1, most=999).read(sheet, f"{name}.behind")
        return f"behind:{behind}"


class Rows(Field, frozen=True, kw_only=True):
    """Several of a kind, in an order. `key` is the member that one is known by; where nobody writes it (`written`), it
    is made from the Indonesian words once, and stays.
    """

    columns: tuple[Field, ...]
    key: str = ""
    written: bool = False
    ordered: bool = True
    most: int = 60

    def inputs(self, name: str, value: Any) -> Inputs:
        """Each row's inputs."""
        shown: Inputs = {}
        for n, row in enumerate(value or ()):
            shown |= self.row(f"{name}.{n}", row)
        return shown

    def row(self, name: str, value: Any) -> Inputs:
        """One row's inputs."""
        shown = {f"{name}.key": str(value.get(self.key, "")) if self.key else ""}
        for column in self.columns:
            shown |= column.inputs(f"{name}.{column.path}", value.get(column.path))
        return shown

    def add(self, sheet: Sheet, name: str) -> str:
        """Adds an empty row; its number."""
        number = str(max([int(n) for n in sheet.rows(name)], default=-1) + 1)
        sheet.inputs[f"{name}.{number}.key"] = ""
        return number

    def read(self, sheet: Sheet, name: str) -> Any:
        """The rows in which anything was written."""
        rows, keys = [], dict[str, str]()
        for n in sheet.rows(name):
            if self._nothing(sheet, f"{name}.{n}"):
                continue
            row = {column.path: column.read(sheet, f"{name}.{n}.{column.path}") for column in self.columns}
            if self.key and (key := self._key(sheet, f"{name}.{n}", row, keys)):
                row = {self.key: key} | row
            rows.append(row)
        if len(rows) > self.most:
            sheet.refuse(name, "too-many", most=self.most)
        return rows

    def _nothing(self, sheet: Sheet, name: str) -> bool:
        written = [f"{name}.{column.path}" for column in self.columns if isinstance(column, Words | Line | Date | Time)]
        keys = [key for key in sheet.inputs if key.startswith(tuple(written))]
        return not any(sheet.text(key) for key in (f"{name}.key", *keys))

    def _key(self, sheet: Sheet, name: str, row: dict[str, Any], known: dict[str, str]) -> str:
        if self.written:
            key, where = str(row.pop(self.key, "")), f"{name}.{self.key}"
            if not key:
                sheet.refuse(where, "empty")
        else:
            key, where = sheet.text(f"{name}.key"), f"{name}.name.id"
            if not key:
                taken = {*known, *(sheet.text(f"{name.rpartition('.')[0]}.{n}.key") for n in _siblings(sheet, name))}
                key = code_for(row.get("name") or {}, taken)
        if key in known:
            sheet.refuse(where, "twice", twice=key)
        known[key] = where
        return key


def _siblings(sheet: Sheet, name: str) -> Iterable[str]:
    return sheet.rows(name.rpartition(".")[0])


def in_order(chosen: Iterable[str], before: Iterable[str]) -> list[str]:
    """What is chosen, those that were there before first and in their order: what stays the same is no change."""
    now, were = list(chosen), list(before)
    return [*(code for code in were if code in now), *(code for code in now if code not in were)]


def code_for(words: Mapping[str, str], taken: Iterable[str]) -> str:
    """A code made from Indonesian words: small letters, digits, hyphens; none that is taken."""
    plain = unicodedata.normalize("NFKD", words.get("id", "")).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain)[: LONGEST_CODE - 4].strip("-") or "kode"
    known, code, n = set(taken), stem, 1
    while code in known:
        code, n = f"{stem}-{n + 1}", n + 1
    return code


def _one_line(text: str) -> str:
    return " ".join(text.split())
