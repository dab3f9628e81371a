"""What a desk shows of the journey of whoever is there: the check-list of this sitting, and the whole road."""

from msgspec import Struct
from msgspec.structs import replace

from ltsa.board import DocumentPicture
from ltsa.coded import Coded, Text
from ltsa.day import Day, Ticket
from ltsa.flow import FlowStep
from ltsa.journey import Appointment, Person, case_id, person_of
from ltsa.road import RoadStep, road
from web.house import House


class Sitting(Struct, frozen=True, kw_only=True):
    """A step that is to be done at this sitting. A document that several steps ask for stands with the first."""

    code: str
    name: Text
    documents: tuple[DocumentPicture, ...]


class Journey(Struct, frozen=True, kw_only=True):
    """The case that a visit belongs to, as it stands on the visit's day.

    Attributes:
        case: its name; `office` where it was opened and `opened` when (ms UTC), `outcome` how it ended, "" if open.
        flow: the digest of the flow that it follows, `scheme` that flow's name.
        road: every step as it stands today.
        systems: the system outside in which a step leaves its number, by the step's code.
        sitting: the steps of the present service that are to be done now.
        appointment: when the person comes again.
        erased: when (ms UTC) who the person is was erased, 0 if it was not.
    """

    case: str
    flow: str
    office: str
    opened: int
    outcome: str
    scheme: Text
    road: tuple[RoadStep, ...]
    systems: dict[str, str]
    sitting: tuple[Sitting, ...] = ()
    appointment: Appointment | None = None
    erased: int = 0

    @property
    def done(self) -> list[RoadStep]:
        """The steps that are done and valid."""
        return [step for step in self.road if step.state == "done"]

    @property
    def now(self) -> list[RoadStep]:
        """Those that can be done now, the present sitting's first."""
        here = {step.code for step in self.sitting}
        return sorted((step for step in self.road if step.ready), key=lambda step: step.code not in here)

    @property
    def later(self) -> list[RoadStep]:
        """Those that wait for others."""
        return [step for step in self.road if step.state == "later"]

    @property
    def ends_first(self) -> RoadStep | None:
        """The done step whose validity ends first."""
        return min((step for step in self.done if step.until), key=lambda step: step.until, default=None)

    @property
    def documents(self) -> tuple[DocumentPicture, ...]:
        """What is to be looked at in this sitting."""
        return tuple(document for step in self.sitting for document in step.documents)

    @property
    def referable(self) -> list[RoadStep]:
        """The steps whose number in a system outside may be noted: this sitting's first, then those that are done, or
        have one.
        """
        here = {step.code for step in self.sitting}
        found = [step for step in self.road if step.code in self.systems]
        found = [step for step in found if step.code in here or step.state == "done" or step.references]
        return sorted(found, key=lambda step: step.code not in here)


def of_visit(house: House, day: Day, number: str) -> Journey | None:
    """The journey that a visit of a day belongs to; None where it belongs to none."""
    visit = day.tickets.get(number)
    if visit is None or not visit.case:
        return None
    found = of_case(house, day, house.present.person(person_of(visit.case)), visit.case)
    if found is None:
        return None
    return replace(found, sitting=_sitting(house.present.flows.kept[found.flow].step, visit))


def of_person(house: House, day: Day, person: str, *, closed: bool = False) -> Journey | None:
    """A person's open case as it stands on a day of an office, or with `closed` else the last one; None where there is
    none.
    """
    state = house.present.person(person)
    case = state.open_case.id if state.open_case else case_id(person, len(state.cases)) if closed else ""
    return of_case(house, day, state, case)


def of_case(house: House, day: Day, person: Person, case: str) -> Journey | None:
    """A case as it stands on a day of an office."""
    found = person.cases.get(case)
    if found is None or (flow := house.present.flows.kept.get(found.follows(day.date).flow)) is None:
        return None
    made = person.appointment
    return Journey(
        case=case,
        flow=flow.digest,
        office=found.office,
        opened=found.opened,
        outcome=found.outcome,
        scheme=flow.name,
        road=road(found, flow, day.date, day.rules_of),
        systems={step.code: step.system for step in flow.step.values() if step.system},
        appointment=made if made and made.case == case else None,
        erased=person.subject.erased,
    )


def _sitting(steps: dict[str, FlowStep], visit: Ticket) -> tuple[Sitting, ...]:
    work = [steps[code] for code in visit.work.get(visit.service, ()) if code in steps]
    seen = visit.steps[visit.service].seen if visit.service in visit.steps else ()
    listed = set[str]()
    found = list[Sitting]()
    for step in work:
        mine = [document for document in step.documents if document.code not in listed]
        listed |= {document.code for document in mine}
        found.append(Sitting(code=step.code, name=step.name, documents=tuple(_looked(one, seen) for one in mine)))
    return tuple(found)


def _looked(document: Coded, seen: tuple[str, ...]) -> DocumentPicture:
    return DocumentPicture(code=document.code, name=document.name, seen=document.code in seen)
