"""An extract as lines: CSV for spreadsheets, JSON Lines for programs, XES for process mining of visits."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from re import compile as pattern
from xml.sax.saxutils import quoteattr

import msgspec

from audit.extract import Extract, Taken, clock
from web.tables import Cell, chunks

HEADS = (
    *("office", "date", "position", "version", "time", "event", "number", "case", "service", "to", "counter"),
    *("officer", "by", "outcome", "state", "action", "reason", "services", "watermark"),
)
LINES = 500

_FORBIDDEN = pattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EXTENSIONS = {"Concept": "concept", "Time": "time", "Lifecycle": "lifecycle", "Organizational": "org"}

TRANSITIONS = {
    "ticket-called": "assign",
    "service-started": "start",
    "service-finished": "complete",
    "ticket-returned": "ate_abort",
    "ticket-missed": "withdraw",
    "ticket-held": "suspend",
    "ticket-resumed": "resume",
    "ticket-transferred": "ate_abort",
    "action-undone": "unknown",
}
"""What becomes of a service step, in XES's standard lifecycle. It has no word for taking something back: "unknown"."""


def csv(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """One event a row, in codes; the watermark in the last column."""
    return chunks(_rows(events, extract))


def _rows(events: Iterable[Taken], extract: Extract) -> Iterator[Sequence[Cell]]:
    yield HEADS
    at, mark = clock(extract), extract.watermark
    for office, date, position, version, code, it, _ in events:
        yield (
            *(office, date, position, version, at[office](it.at), code, it.number, it.case, it.service, it.to),
            *(it.counter, it.officer, it.by, it.outcome, it.state, it.action, it.reason),
            *(" ".join(it.services or it.added), mark),
        )


def jsonl(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """A first line that says what this is; then one event a line, `data` exactly as it is stored."""
    first = {"format": "ltsa-export/1", "watermark": extract.watermark, "offices": list(extract.zones)}
    yield msgspec.json.encode({**first, "from": extract.first, "to": extract.last}) + b"\n"
    lines: list[bytes] = []
    for office, date, position, version, code, _, stored in events:
        head = {"office": office, "date": date, "position": position, "version": version, "event": code}
        lines.append(msgspec.json.encode({**head, "data": msgspec.Raw(stored)}))
        if len(lines) == LINES:
            yield b"\n".join(lines) + b"\n"
            lines.clear()
    if lines:
        yield b"\n".join(lines) + b"\n"


def xes(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """XES (IEEE 1849-2023): a visit is a trace, a service an activity, who acted the resource, the counter the group.

    One day's visits are held at a time.
    """
    yield b"<?xml version='1.0' encoding='UTF-8'?>\n"
    yield b'<log xes.version="1849-2023" xes.features="" xmlns="http://www.xes-standard.org/">\n'
    for name, prefix in _EXTENSIONS.items():
        uri = f"http://www.xes-standard.org/{prefix}.xesext"
        yield f'<extension name="{name}" prefix="{prefix}" uri="{uri}"/>\n'.encode()
    time = '<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>'
    yield (
        f'<global scope="trace">{_string("concept:name", "")}</global>\n<global scope="event">'
        f"{_string('concept:name', '')}{_string('lifecycle:transition', 'complete')}{time}"
        f'</global>\n<classifier name="Service" keys="concept:name"/>\n'
        f"{_string('concept:name', 'LTSA')}{_string('lifecycle:model', 'standard')}"
        f"{_string('watermark', extract.watermark)}\n"
    ).encode()
    at = clock(extract)
    for (office, date), of_day in groupby(events, lambda it: (it.office, it.date)):
        visits: dict[str, list[str]] = {}
        for taken in of_day:
            number, when = taken.said.number, at[office](taken.said.at)
            if taken.code == "ticket-issued":
                name = _string("concept:name", f"{office}/{date}/{number}")
                case = _string("case", taken.said.case) if taken.said.case else ""
                visits[number] = [f"<trace>{name}{case}"]
            if number in visits:
                visits[number] += [_event(taken, *step, when) for step in _steps(taken)]
        for visit in visits.values():
            yield ("\n".join(visit) + "</trace>\n").encode()
    yield b"</log>\n"


def _steps(taken: Taken) -> list[tuple[str, str]]:
    """The activities that an event moves on, with their transition."""
    said = taken.said
    if taken.code in {"ticket-issued", "ticket-tied", "steps-changed"}:
        return [(service, "schedule") for service in said.services or said.added]
    if (transition := TRANSITIONS.get(taken.code)) is None:
        return []
    follows = [(said.to, "schedule")] if said.to else []
    return [(said.service, transition), *follows]


def _event(taken: Taken, service: str, transition: str, time: str) -> str:
    said = taken.said
    parts = [_string("concept:name", service), _string("lifecycle:transition", transition)]
    parts += [f'<date key="time:timestamp" value="{time}"/>', _string("org:resource", said.by)]
    if said.counter:
        parts.append(_string("org:group", said.counter))
    if said.outcome:
        parts.append(_string("outcome", said.outcome))
    return f"<event>{''.join(parts)}</event>"


def _string(key: str, value: str) -> str:
    """An attribute; characters that XML forbids become U+FFFD."""
    return f'<string key="{key}" value={quoteattr(_FORBIDDEN.sub(chr(0xFFFD), value))}/>'
