"""What the standards of event logs ask for, written from their texts: the official schemas carry no licence that would
let them lie here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # what is read was written a moment before

if TYPE_CHECKING:
    from collections.abc import Iterator

XES = "{http://www.xes-standard.org/}"
ATTRIBUTES = {"string", "date", "int", "float", "boolean", "id", "list", "container"}
ORDER = ("extension", "global", "classifier", "attribute", "trace", "event")
TRANSITIONS = {
    *("schedule", "assign", "withdraw", "reassign", "start", "suspend", "resume", "pi_abort", "ate_abort", "complete"),
    *("autoskip", "manualskip", "unknown"),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")


def broken_in_xes(log: bytes) -> Iterator[str]:
    """What IEEE 1849-2023 does not allow: the order of a log's parts, attributes that no extension declares, events
    without what the globals promise, no instants, transitions outside the standard lifecycle.
    """
    root = ET.fromstring(log)  # noqa: S314
    if root.tag != f"{XES}log" or not {"xes.version", "xes.features"} <= set(root.attrib):
        yield "the root is no log with a version and features"
    parts = [_part(child) for child in root]
    if parts != sorted(parts, key=ORDER.index):
        yield f"the parts stand in the order {list(dict.fromkeys(parts))}"
    prefixes = {it.attrib["prefix"] for it in root.iter(f"{XES}extension")}
    promised = {it.attrib["scope"]: {child.attrib["key"] for child in it} for it in root.iter(f"{XES}global")}
    for part in root.iter():
        kind = part.tag.removeprefix(XES)
        if kind in {"trace", "event"} and not promised[kind] <= {child.get("key") for child in part}:
            yield f"a {kind} lacks what is global"
        if kind not in ATTRIBUTES:
            continue
        prefix, named, _ = part.attrib["key"].partition(":")
        if named and prefix not in prefixes:
            yield f"{part.attrib['key']} has no extension"
        if kind == "date" and not MOMENT.fullmatch(part.attrib["value"]):
            yield f"{part.attrib['value']} is no instant"
        if part.attrib["key"] == "lifecycle:transition" and part.attrib["value"] not in TRANSITIONS:
            yield f"{part.attrib['value']} is no transition"


def _part(child: ET.Element) -> str:
    kind = child.tag.removeprefix(XES)
    return "attribute" if kind in ATTRIBUTES else kind


def _closed(**properties: object) -> dict[str, object]:
    """An object with these properties, all of them, and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _each(of: object) -> dict[str, object]:
    return {"type": "array", "items": of}


_TEXT = {"type": "string", "minLength": 1}
_VALUE = {"type": ["string", "number", "boolean"]}
_TIME = {"type": "string", "format": "date-time"}
_KINDS = _each(_closed(name=_TEXT, attributes=_each(_closed(name=_TEXT, type={"enum": ["string", "time", "integer"]}))))
_LINKS = _each(_closed(objectId=_TEXT, qualifier={"type": "string"}))

OCEL_JSON = _closed(
    objectTypes=_KINDS,
    eventTypes=_KINDS,
    objects=_each(
        _closed(
            id=_TEXT, type=_TEXT, attributes=_each(_closed(name=_TEXT, time=_TIME, value=_VALUE)), relationships=_LINKS
        )
    ),
    events=_each(
        _closed(
            id=_TEXT, type=_TEXT, time=_TIME, attributes=_each(_closed(name=_TEXT, value=_VALUE)), relationships=_LINKS
        )
    ),
)
"""OCEL 2.0's JSON, as a JSON schema."""
