"""Flows: which steps a person's journey has under a scheme, and what comes before what. Data, and pure graph rules.

One graph a scheme and not one order for all: a visa comes before the orientation under one scheme and after the
e-PMI under another (UU 18/2017, Permen P2MI 34/2025). Flows are part of an office's dated configuration; a case is
pinned to the content of the one that it began under, known by its digest, until it is moved (`ltsa/journey.py`).
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from ltsa.coded import Coded, Text
from ltsa.message import Event

Stage = Literal["before", "during", "after"]
"""Of the migration: what is done before departure, abroad, after the return."""

System = Literal["", "siapkerja", "siskop2mi"]
"""The system outside in which a step leaves a reference number; "" for none."""

DESKS = (
    *("labour", "information", "civil-registry", "health", "immigration", "police", "bank", "social-security"),
    *("bp3mi", "outside"),
)
"""The eight desks of PP 59/2021 art. 31, the BP3MI's own, and everything that happens at no desk of an office."""

STREAM = "flows:installation"


class Switch(Coded, frozen=True, kw_only=True):
    """Something that is required at times and waived at others; `on` says whether it is now."""

    on: bool = False


class FlowStep(Coded, frozen=True, kw_only=True):
    """A step of a journey.

    Attributes:
        desk: which of DESKS does it.
        after: codes of the steps that must be done, and valid, before it.
        documents: what to bring.
        minutes: the published standard time at the desk.
        valid_days: how many days it holds, the day itself not counted; 0 for ever. Then it has to be done again.
        system: where it leaves a reference number.
        switch: it belongs to the flow only while this switch is on; what comes after it then comes after what it came
            after. "" for always.
        outside: done elsewhere (a selection, a visa): an officer records that it is done.
    """

    desk: str
    after: tuple[str, ...] = ()
    documents: tuple[Coded, ...] = ()
    minutes: int = 10
    valid_days: int = 0
    system: System = ""
    switch: str = ""
    outside: bool = False


class Flow(Struct, frozen=True, kw_only=True, dict=True, forbid_unknown_fields=True):
    """The steps of one scheme, for new cases from one local date (ISO) to another, both included ("" for ever)."""

    id: str
    name: Text
    about: Text
    begins: str
    ends: str = ""
    stage: Stage = "before"
    switches: tuple[Switch, ...] = ()
    steps: tuple[FlowStep, ...] = ()

    @cached_property
    def step(self) -> dict[str, FlowStep]:
        """The steps that belong to the flow as its switches are, by code, in the flow's order."""
        on = {switch.code for switch in self.switches if switch.on}
        return {step.code: step for step in self.steps if not step.switch or step.switch in on}

    @cached_property
    def after(self) -> dict[str, tuple[str, ...]]:
        """What must be done before each step, past those that are switched off; each after what it comes after.

        Only for a flow without a loop and without a dead end.
        """
        asked = {step.code: step.after for step in self.steps}
        rank = {code: number for number, code in enumerate(asked)}
        found = dict[str, tuple[str, ...]]()
        for code in _ordered(asked, rank):
            before = [b for name in asked[code] for b in ((name,) if name in self.step else found[name])]
            found[code] = tuple(sorted(set(before), key=rank.__getitem__))
        return {code: before for code, before in found.items() if code in self.step}

    @cached_property
    def digest(self) -> str:
        """What the flow's content is known by: 128 bits as hexadecimal."""
        return sha256(msgspec.json.encode(self)).hexdigest()[:32]

    def is_open(self, day: str) -> bool:
        """Whether a case may begin under it on a local date (ISO)."""
        return self.begins <= day and (not self.ends or day <= self.ends)


def loop(flow: Flow) -> tuple[str, ...]:
    """Steps that come after each other in a circle, the first one again at the end; empty when there is none.

    Switches do not count: one that is turned on next year must not close a circle then.
    """
    known = {step.code for step in flow.steps}
    graph = {step.code: [before for before in step.after if before in known] for step in flow.steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()


def dead_end(flow: Flow) -> tuple[str, ...]:
    """The way from a step that can never be done to what is missing: a prerequisite that is no step of the flow. Empty
    when every step can be reached. Only for a flow without a loop.
    """
    graph = {step.code: step.after for step in flow.steps}
    ways = dict[str, tuple[str, ...]]()
    for code in _ordered(graph, {step.code: number for number, step in enumerate(flow.steps)}):
        for before in graph[code]:
            if before not in graph:
                ways[code] = (code, before)
            elif before in ways:
                ways[code] = (code, *ways[before])
    return next((ways[step.code] for step in reversed(flow.steps) if step.code in ways), ())


def _ordered(graph: Mapping[str, tuple[str, ...]], rank: Mapping[str, int]) -> Iterator[str]:
    """Codes, each after what it comes after, else as they are ranked. What is not in the graph is left out."""
    sorter = TopologicalSorter({code: [name for name in before if name in graph] for code, before in graph.items()})
    sorter.prepare()
    while ready := sorter.get_ready():
        for code in sorted(ready, key=rank.__getitem__):
            yield code
            sorter.done(code)


def ordered(flow: Flow) -> tuple[FlowStep, ...]:
    """The flow's steps as its switches are, each after what must be done before it."""
    rank = {code: number for number, code in enumerate(flow.step)}
    return tuple(flow.step[code] for code in _ordered(flow.after, rank))


# --- Flows that cases are pinned to -----------------------------------------------------------------------------------


class FlowKept(Event, frozen=True):
    """The first case came to follow a flow of this content. `digest` is what cases name it by."""

    digest: str
    flow: Flow


FlowEvent = FlowKept

TOPICS: dict[str, type[FlowEvent]] = {"flow-kept/1": FlowKept}


class Flows(Struct):
    """All flows that cases follow or followed, by digest."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    kept: dict[str, Flow] = {}


def evolve(flows: Flows, event: FlowEvent) -> None:
    """Keeps one more flow."""
    flows.version += 1
    flows.at = event.at
    match event:
        case FlowKept():
            flows.kept[event.digest] = event.flow
        case _:
            assert_never(event)


def keep(flow: Flow, flows: Flows, following: Event) -> list[FlowEvent]:
    """The event that keeps a flow that no case followed before, said as the event that made one follow it."""
    if flow.digest in flows.kept:
        return []
    said = {"by": following.by, "key": following.key, "content": following.content}
    return [FlowKept(at=max(following.at, flows.at), **said, digest=flow.digest, flow=flow)]
