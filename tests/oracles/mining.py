"""What pm4py reads in our event logs. It runs in `.venv-oracles`, warnings are errors, and none of our code is in it.

Questions come as lines of JSON; each is answered with a line of JSON.
"""

import json
import sys
from typing import Any

import pm4py
from pm4py.algo.conformance.footprints import algorithm as footprints
from pm4py.objects.ocel.validation import ocel20_rel_validation
from pm4py.objects.petri_net.obj import Marking, PetriNet
from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to


def answered(q: dict[str, Any]) -> dict[str, Any]:
    """Counts of what it reads; or how a log of cases conforms to a flow (step: what comes before it)."""
    if q["ask"] == "ocel":
        read = pm4py.read_ocel2_json if q["file"].endswith(".json") else pm4py.read_ocel2_sqlite
        log = read(q["file"])
        events, objects = log.events["ocel:activity"], log.objects["ocel:type"]
        wrong = [] if q["file"].endswith(".json") else ocel20_rel_validation.apply(q["file"])[1]
        return {
            "events": len(events),
            "activities": events.value_counts().to_dict(),
            "objects": objects.value_counts().to_dict(),
            "relations": len(log.relations),
            "wrong": wrong,
        }
    # Named, for without a name pm4py warns that there is a faster reader to install.
    log = pm4py.read_xes(q["file"], variant="iterparse")
    if q["ask"] == "xes":
        return {
            "cases": log["case:concept:name"].nunique(),
            "events": len(log),
            "activities": log["concept:name"].value_counts().to_dict(),
            "transitions": log["lifecycle:transition"].value_counts().to_dict(),
        }
    if q["ask"] == "conformance":
        done = log[log["lifecycle:transition"] == "complete"]
        return conformance(done[done["corrected_by"].isna()] if q["corrected"] else done, q["flow"])
    message = f"no such question: {q['ask']}"
    raise ValueError(message)


def conformance(log: Any, flow: dict[str, list[str]]) -> dict[str, Any]:
    """The log replayed on the flow, and the flow that pm4py discovers in it against the flow: what follows directly on
    what, and may not.
    """
    net, begin, end = net_of(flow)
    replayed = pm4py.conformance_diagnostics_token_based_replay(log, net, begin, end)
    counted = ("missing_tokens", "consumed_tokens", "remaining_tokens", "produced_tokens")
    discovered = pm4py.discover_footprints(log)
    beside = footprints.apply(discovered, pm4py.discover_footprints(net, begin, end))
    return {
        "fitness": pm4py.fitness_token_based_replay(log, net, begin, end)["log_fitness"],
        "tokens": [[case[count] for count in counted] for case in replayed],
        "too_early": [sorted({step.label for step in case["transitions_with_problems"]}) for case in replayed],
        "discovered": len(discovered["sequence"] | discovered["parallel"]),
        "not_in_flow": sorted(beside),
    }


def net_of(flow: dict[str, list[str]]) -> tuple[PetriNet, Marking, Marking]:
    """The flow as a Petri net: a transition a step, a place for each "this before that", all steps once."""
    net, begin, end = PetriNet("flow"), Marking(), Marking()
    steps = {code: PetriNet.Transition(code, code) for code in flow}
    net.transitions.update(steps.values())

    def place(name: str) -> PetriNet.Place:
        net.places.add(made := PetriNet.Place(name))
        return made

    for code, before in flow.items():
        for other in before:
            between = place(f"{other} before {code}")
            add_arc_from_to(steps[other], between, net)
            add_arc_from_to(between, steps[code], net)
        if not before:
            begin[first := place(f"begin {code}")] = 1
            add_arc_from_to(first, steps[code], net)
        if not any(code in others for others in flow.values()):
            end[last := place(f"end {code}")] = 1
            add_arc_from_to(steps[code], last, net)
    return net, begin, end


def main() -> None:
    """Answer until there is no further question."""
    for line in sys.stdin:
        try:
            told = {"ok": True, **answered(json.loads(line))}
        except Exception as reason:  # noqa: BLE001 - whatever pm4py says about our files is an answer, warnings too
            told = {"ok": False, "error": f"{type(reason).__name__}: {reason}"}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


main()
