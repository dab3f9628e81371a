"""A case's road: each step as it stands on a date, and what one visit to an office can do of it. Pure."""

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from ltsa.coded import Coded, Text
from ltsa.flow import Flow, FlowStep, ordered
from ltsa.journey import Case, Reference
from ltsa.office import Office

RoadState = Literal["done", "possible", "returned", "expired", "rejected", "outside", "later"]


class RoadStep(Struct, frozen=True, kw_only=True):
    """A step of a case as it stands on a date.

    Attributes:
        state: "done" (and valid); to be done now: "possible", "outside" (elsewhere), or once more "returned",
            "expired", "rejected"; "later" while something that comes before it is not done.
        waits_for: codes of the steps that must be done before, where it is "later".
        documents: what to bring.
        missing: those of them that were missing last time.
        reasons: codes of the reasons for which it was returned.
        until: until when it is valid (ISO), or was; "" for ever, or where it is not done.
        outcome: of the office where it was done; `done_on` is the local date (ISO) there, `done_at` the office's id.
        service: the service of the office asked about that does it; "" where none does.
    """

    code: str
    name: Text
    desk: str
    state: RoadState
    minutes: int
    documents: tuple[Coded, ...]
    waits_for: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    until: str = ""
    outcome: str = ""
    done_on: str = ""
    done_at: str = ""
    service: str = ""
    references: tuple[Reference, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether it can be done now."""
        return self.state not in {"done", "later"}


def road(case: Case, flow: Flow, today: str, office: Office | None = None) -> tuple[RoadStep, ...]:
    """Every step of a case's flow as it stands on a local date (ISO), in the flow's order; an office is asked which of
    its services does it.
    """
    return tuple(_road_step(case, flow, step, today, office) for step in flow.step.values())


def _road_step(case: Case, flow: Flow, step: FlowStep, today: str, office: Office | None) -> RoadStep:
    mark = case.mark(step.code)
    waits_for = tuple(before for before in flow.after[step.code] if not case.holds(before, today))
    state: RoadState
    if mark is not None and mark.holds(today):
        state, waits_for = "done", ()
    elif waits_for:
        state = "later"
    elif mark is not None:
        state = "expired" if mark.state == "done" else mark.state
    else:
        state = "outside" if step.outside else "possible"
    was_done = mark is not None and mark.state == "done"
    return RoadStep(
        code=step.code,
        name=step.name,
        desk=step.desk,
        state=state,
        minutes=step.minutes,
        documents=step.documents,
        waits_for=waits_for,
        missing=mark.missing if mark else (),
        reasons=mark.reasons if mark else (),
        until=mark.valid_until if mark else "",
        outcome=mark.outcome if mark else "",
        done_on=mark.date if mark and was_done else "",
        done_at=mark.office if mark and was_done else "",
        service=office.service_of.get(step.code, "") if office else "",
        references=tuple(it for it in case.references if it.step == step.code),
    )


class Plan(Struct, frozen=True, kw_only=True):
    """What an office can do for a person on one visit: its services in the office's order, which of them come after
    which, and the steps that are done at each in one sitting, in order.
    """

    services: tuple[str, ...]
    after: dict[str, tuple[str, ...]]
    work: dict[str, tuple[str, ...]]


NO_PLAN = Plan(services=(), after={}, work={})
"""Of a visit without a case."""


def plan(case: Case, flow: Flow, office: Office, today: str, services: Collection[str] = ()) -> Plan:
    """What can be done on one visit on a local date (ISO), at some of the office's services (none named: at all).

    A step belongs to the visit if everything before it is done, or is done on the same visit. One that would make the
    services wait for each other in a circle is left for the next visit, with all that comes after it.
    """
    work: dict[str, list[str]] = {}
    after: dict[str, set[str]] = {}
    at = dict[str, str]()
    for step in ordered(flow):
        service = office.service_of.get(step.code, "")
        if not service or (services and service not in services) or case.holds(step.code, today):
            continue
        before = [code for code in flow.after[step.code] if not case.holds(code, today)]
        earlier = {at[code] for code in before if code in at} - {service}
        if any(code not in at for code in before) or any(_comes_after(one, service, after) for one in earlier):
            continue
        at[step.code] = service
        work.setdefault(service, []).append(step.code)
        after.setdefault(service, set()).update(earlier)
    planned = tuple(service for service in office.service if service in work)
    return Plan(
        services=planned,
        after={service: tuple(one for one in planned if one in after[service]) for service in planned},
        work={service: tuple(work[service]) for service in planned},
    )


def _comes_after(service: str, other: str, after: Mapping[str, set[str]]) -> bool:
    """Whether a service waits for another one, at once or through others."""
    return any(before == other or _comes_after(before, other, after) for before in after.get(service, ()))
