"""Where one can go from an instant of a day: to the next or the last event of a choice, to a call, to a correction."""

from collections.abc import Sequence
from heapq import merge

from audit.asked import GO, Filter
from ltsa.present import Recorded
from ltsa.traces import Traces, after, before


def target(history: Sequence[Recorded], traces: Traces, version: int, go: str, chosen: Filter) -> int | None:
    """The version that a way of `GO` leads to from another; None where there is nothing more in that direction.

    A way that names no kinds goes by the choice: from event to event of a ticket, a counter, an officer.
    """
    way, _, to = go.partition("-")
    kinds = GO[f"-{to}" if to else ""]
    versions: Sequence[int] = chosen.versions(history, traces)
    if kinds:
        versions = list(merge(*(traces.kinds.get(kind, []) for kind in kinds)))
    return (after(versions, version) if way == "next" else before(versions, version)) or None
