"""The story of a case over days and offices, from the person's stream alone: who it is, nobody reads there."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ltsa.access import Access
from ltsa.coded import Coded, Text
from ltsa.corrections import corrected
from ltsa.flow import Flow
from ltsa.journey import (
    TOPICS,
    AppointmentCancelled,
    AppointmentMade,
    CaseMoved,
    CaseOpened,
    PersonEvent,
    ReferenceNoted,
    StepDone,
    StepReturned,
    VisitBegun,
    VisitEnded,
    person_of,
    person_stream,
)
from ltsa.ledger import Ledger
from ltsa.office import Office
from ltsa.present import Recorded
from ltsa.subject import PersonErased
from web.format import hhmm, listed, long_date
from web.who import actor
from web.words import FIRST, Words

KINDS: Mapping[type, str] = {event: topic.partition("/")[0] for topic, event in TOPICS.items()}


class Line(NamedTuple):
    """One thing that happened: when (ms UTC), where the ledger stood, what, who did it, and about which ticket; and the
    version of what it takes back, and of what takes it back (0: none).
    """

    at: int
    position: int
    version: int
    kind: str
    what: str
    who: str
    office: str
    date: str
    number: str
    corrects: int
    corrected_by: int


def read(ledger: Ledger, office: str, case: str) -> list[Recorded]:
    """What is on record of a case that an office has had to do with; nothing otherwise. Blocks on the disk."""
    found = [it for it in ledger.history(person_stream(person_of(case))) if getattr(it.event, "case", "") == case]
    return found if any(getattr(it.event, "office", "") == office for it in found) else []


class CaseTeller:
    """Tells the events of a case in one language. `offices` and `flows` say what codes are called."""

    def __init__(
        self, offices: Mapping[str, Office], flows: Mapping[str, Flow], lang: str, access: Access | None = None
    ) -> None:
        self._offices, self._flows, self.lang, self._access = offices, flows, lang, access
        self._words = Words(lang)

    def story(self, record: Sequence[Recorded]) -> list[Line]:
        """Everything that happened, in order. Steps are called as in the flow that the case followed then."""
        lines, flow, taken_back = [], None, corrected(record)
        for it in record:
            event: Any = it.event
            if isinstance(event, CaseOpened | CaseMoved):
                flow = self._flows.get(event.flow)
            lines.append(
                Line(
                    at=event.at,
                    position=it.position,
                    version=it.version,
                    kind=self._words(f"audit.case.kind.{KINDS[type(event)]}"),
                    what=self.tell(event, flow),
                    who=actor(event.by, self._words, self._access),
                    office=getattr(event, "office", ""),
                    date=getattr(event, "date", ""),
                    number=event.number if isinstance(event, VisitBegun | VisitEnded | StepDone | StepReturned) else "",
                    corrects=getattr(event, "corrects", 0),
                    corrected_by=taken_back.get(it.version, 0),
                )
            )
        return lines

    def scheme(self, record: Sequence[Recorded]) -> str:
        """The name of the flow that the case follows at last."""
        pinned = [it.event.flow for it in record if isinstance(it.event, CaseOpened | CaseMoved)]
        flow = self._flows.get(pinned[-1]) if pinned else None
        return self._said(flow.name) if flow else ""

    def tell(self, event: PersonEvent, flow: Flow | None) -> str:
        """An event in words."""
        office = self._offices.get(getattr(event, "office", ""))
        said: dict[str, object] = {
            "office": self._said(office.name) if office else getattr(event, "office", ""),
            "step": self._step(getattr(event, "step", ""), flow),
            "number": getattr(event, "number", ""),
            "date": self._date(getattr(event, "date", "") or getattr(event, "grace", "")),
        }
        key = KINDS[type(event)]
        match event:
            case CaseOpened() | CaseMoved():
                said["scheme"] = self._said(flow.name) if flow else event.scheme
            case StepDone():
                key = "step-rejected" if not event.unlocks else f"{key}-until" if event.valid_until else key
                said["outcome"] = self._coded(event.outcome, office.rules.outcomes if office else ())
                said["until"] = self._date(event.valid_until)
            case StepReturned():
                known = office.rules.return_reasons if office else ()
                said["reasons"] = listed([self._coded(code, known) for code in event.reasons], self.lang)
                documents = flow.step[event.step].documents if flow and event.step in flow.step else ()
                said["missing"] = listed([self._coded(code, documents) for code in event.missing], self.lang)
                key = f"{key}-missing" if event.missing else key
            case VisitEnded():
                said["state"] = self._words(f"audit.case.ended.{event.state}")
            case ReferenceNoted():
                key = "reference-on-paper" if event.paper else key
                said["system"] = self._words(f"system.{event.system or 'none'}")
            case AppointmentMade() | AppointmentCancelled():
                zone = office.zone if office else "Asia/Jakarta"
                said["date"] = f"{long_date(event.slot, zone, self.lang)}, {hhmm(event.slot, zone, self.lang)}"
            case PersonErased(request=""):
                key = "person-outlived"
            case _:
                said["paper"] = getattr(event, "paper", "")
                if reason := getattr(event, "reason", ""):
                    said["reason"] = self._words(f"audit.case.reopened.{reason}")
                if outcome := getattr(event, "outcome", ""):
                    said["outcome"] = self._words(f"audit.case.closed.{outcome}")
        return self._words(f"audit.case.told.{key}", **said)

    def _step(self, code: str, flow: Flow | None) -> str:
        return self._coded(code, flow.steps if flow else ())

    def _coded(self, code: str, known: Sequence[Coded]) -> str:
        return next((self._said(one.name) for one in known if one.code == code), code)

    def _said(self, text: Text) -> str:
        return text.get(self.lang) or text.get(FIRST, "")

    def _date(self, written: str) -> str:
        return long_date(written, lang=self.lang) if written else ""
