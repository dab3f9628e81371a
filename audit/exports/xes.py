"""An extract as XES (IEEE 1849-2023), for process mining: a trace is a visit, or a person's case over days and offices.

As lines, so that nothing but one day's visits, or one person's cases, is held at a time.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from re import compile as pattern
from xml.sax.saxutils import quoteattr

from audit.exports.extract import Case, CaseSaid, Extract, Taken, clock, utc

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
"""What becomes of a service, in XES's standard lifecycle. It has no word for taking something back: "unknown"."""


def visits(events: Iterable[Taken], extract: Extract) -> Iterator[bytes]:
    """A visit is a trace, a service an activity, who acted the resource, the counter the group."""
    yield _head(extract, "Service")
    at = clock(extract)
    for (office, date), of_day in groupby(events, lambda it: (it.office, it.date)):
        written: dict[str, _Trace] = {}
        for taken in of_day:
            number, when = taken.said.number, at[office](taken.said.at)
            if taken.code == "ticket-issued":
                written[number] = _Trace(f"{office}/{date}/{number}", case=taken.said.case)
            if trace := written.get(number):
                for service, transition in _services(taken):
                    trace.add(taken.version, taken.said.corrects, _of_visit(taken, service, transition, when))
        for trace in written.values():
            yield trace.text()
    yield b"</log>\n"


def cases(found: Iterable[Case], extract: Extract) -> Iterator[bytes]:
    """A case is a trace, a step of its flow an activity, who acted the resource, the office the group. Times are UTC:
    a case may pass through offices of several zones.
    """
    yield _head(extract, "Step")
    for case in found:
        trace = _Trace(case.id, scheme=case.scheme, flow=case.flow, office=case.office, outcome=case.outcome)
        for version, code, said in case.steps:
            trace.add(version, said.corrects, _of_case(code, said))
        yield trace.text()
    yield b"</log>\n"


class _Trace:
    """A trace while it grows: an event that is taken back later says so too, for who leaves both out."""

    def __init__(self, name: str, **about: str) -> None:
        self._head = f"<trace>{_strings(**{'concept:name': name, **about})}"
        self._events: list[str] = []
        self._places: dict[int, int] = {}

    def add(self, version: int, corrects: int, event: str) -> None:
        """One event: `event` are its attributes."""
        if corrects in self._places:
            self._events[self._places[corrects]] += f'<int key="corrected_by" value="{version}"/>'
        self._places[version] = len(self._events)
        taking_back = f'<int key="corrects" value="{corrects}"/>' if corrects else ""
        self._events.append(f'{event}<int key="version" value="{version}"/>{taking_back}')

    def text(self) -> bytes:
        """The whole trace."""
        return "\n".join([self._head, *(f"<event>{event}</event>" for event in self._events), "</trace>\n"]).encode()


def _head(extract: Extract, classifier: str) -> bytes:
    extensions = "".join(
        f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
        for name, prefix in _EXTENSIONS.items()
    )
    time = '<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>'
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<log xes.version="1849-2023" xes.features="" xmlns="http://www.xes-standard.org/">\n'
        f"{extensions}"
        f'<global scope="trace">{_string("concept:name", "")}</global>\n<global scope="event">'
        f"{_string('concept:name', '')}{_string('lifecycle:transition', 'complete')}{time}"
        f'</global>\n<classifier name="{classifier}" keys="concept:name"/>\n'
        f"{_string('concept:name', 'LTSA')}{_string('lifecycle:model', 'standard')}"
        f"{_string('watermark', extract.watermark)}\n"
    ).encode()


def _services(taken: Taken) -> list[tuple[str, str]]:
    """The services that an event moves on, with their transition."""
    said = taken.said
    if taken.code in {"ticket-issued", "ticket-tied", "steps-changed"}:
        return [(service, "schedule") for service in said.services or said.added]
    if (transition := TRANSITIONS.get(taken.code)) is None:
        return []
    follows = [(said.to, "schedule")] if said.to else []
    return [(said.service, transition), *follows]


def _of_visit(taken: Taken, service: str, transition: str, time: str) -> str:
    said = taken.said
    more = {"org:group": said.counter, "outcome": said.outcome}
    return _event(service, transition, time, said.by, **more)


def _of_case(code: str, said: CaseSaid) -> str:
    """A step that was done, or ended without its result (returned, or its outcome does not count), or taken back."""
    transition = {"step-done": "complete" if said.unlocks else "ate_abort", "step-returned": "ate_abort"}.get(code)
    visit = f"{said.office}/{said.date}/{said.number}" if said.number else ""
    more = {"org:group": said.office, "outcome": said.outcome, "visit": visit}
    return _event(said.step, transition or "unknown", utc(said.at), said.by, **more)


def _event(name: str, transition: str, time: str, by: str, **more: str) -> str:
    said = _strings(**{"concept:name": name, "lifecycle:transition": transition})
    return f'{said}<date key="time:timestamp" value="{time}"/>{_strings(**{"org:resource": by, **more})}'


def _strings(**values: str) -> str:
    """Attributes; what is empty is left out."""
    return "".join(_string(key, value) for key, value in values.items() if value)


def _string(key: str, value: str) -> str:
    """An attribute; characters that XML forbids become U+FFFD."""
    return f'<string key="{key}" value={quoteattr(_FORBIDDEN.sub(chr(0xFFFD), value))}/>'
