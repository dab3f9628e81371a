"""Who is called next, and why: pure functions with an explanation that an auditor can recompute.

Everybody who waits for a service has a claim to it. A policy gives each claim a score in milliseconds; the highest is
called, ties go to who came first. Integers only, so that any machine recomputes it. Which policies there are:

- `fifo`: everybody waits for every step that they may do now, and who came first is called (the head start of a
  priority counts as waiting). Days before 2026-12 were dispatched so.
- `fix`: everybody waits for one step at a time, in the printed order, first come first served at each.
- `shortest`: everybody waits for one step at a time, that with the shortest expected wait; at each, who came first to
  the building is called.
- `all`: everybody waits for every step that they may do now; some of them on standby seats before the counters. A wait
  of the priority class counts b times (accumulating priority: who came less than w/b later may overtake w of waiting).
- `index`: as `all`, and the score says besides how much a call now helps the rest of the visit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from msgspec import Struct

Policy = Literal["fifo", "fix", "shortest", "all", "index"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
ONE_LINE: frozenset[Policy] = frozenset({"fix", "shortest"})
"""Policies under which a person stands in one line at a time, told which."""
SEATED: frozenset[Policy] = frozenset({"all", "index"})
"""Policies under which people wait for everything at once, and the next ones sit before the counters."""

MINUTE = 60_000

Place = tuple[int, int, str]
"""A place in a queue: (instant that counts, in ms; order of arrival; ticket number). Smallest first, never equal."""


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts how much. `priority` is how many times a minute of the priority class counts; `age` and `wait` how
    much a minute in the building and a minute of this wait count; `left`, `unlocks` and `others` how much each minute
    of work left after this step, each minute of work that it unlocks, and each other step the person could do
    meanwhile. Only how they stand to each other matters. `docs/decisions/simulator.md` says how these were found.
    """

    priority: int = 3
    age: int = 2
    wait: int = 3
    left: int = 6
    unlocks: int = 4
    others: int = 12


class Prospect(NamedTuple):
    """What doing a step now would leave: minutes of work left after it, minutes of work that it unlocks, and how many
    other steps the person could do instead.
    """

    left: int = 0
    unlocks: int = 0
    others: int = 0


class Claim(NamedTuple):
    """One person's claim to be called for one service. Instants in ms UTC; `arrived` is when their age began (an
    appointment's slot, or when they came), `since` when this wait began, `place` and `head_start` as the queue has them
    (`place` has the head start taken off already), `order` the rank of arrival.
    """

    number: str
    service: str
    order: int
    place: int
    arrived: int
    since: int
    priority: bool = False
    head_start: int = 0
    prospect: Prospect = Prospect()


class Terms(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a score is the sum of, in ms: the age in the building, this wait, and what the call means for the rest of
    the visit (work left counts against it, work unlocked for it, other steps to do meanwhile against it).
    """

    age: int = 0
    wait: int = 0
    left: int = 0
    unlocks: int = 0
    others: int = 0

    @property
    def score(self) -> int:
        """Their sum, in ms."""
        return self.age + self.wait + self.left + self.unlocks + self.others


class Why(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Why this ticket: the rule and its version, the instant that counted, how many people were eligible, who would
    have been next and by how many milliseconds, how many older ones were passed over.

    Events of before 2026-12 name no rule: it was `fifo/1`. Since then also: the score's `terms`, the version of the
    day's stream under which the rules in force were recorded (`under`) and up to which the state was seen (`seen`),
    whom the policy that runs in shadow would have called (`shadow`, empty where none runs or it agrees), and whether
    the person `sat` on a standby seat, who is called before anybody from the hall.
    """

    rule: str = "fifo/1"
    place: int
    eligible: int
    runner_up: str = ""
    margin: int = 0
    passed_over: int = 0
    terms: Terms | None = None
    under: int = 0
    seen: int = 0
    shadow: str = ""
    sat: bool = False


class Pick(NamedTuple):
    """The claim to answer, and why."""

    claim: Claim
    why: Why


RULES: Mapping[Policy, str] = {policy: f"{policy}/1" for policy in POLICIES}
"""Name and version of each policy's rule, as calls record it."""


def terms(policy: Policy, weights: Weights, claim: Claim, now: int) -> Terms:
    """What a claim's score is the sum of at an instant (ms UTC)."""
    match policy:
        case "fifo":
            return Terms(age=now - claim.place)
        case "fix":
            return Terms(wait=now - claim.since + claim.head_start)
        case "shortest":
            return Terms(age=now - claim.arrived + claim.head_start)
    times = weights.priority if claim.priority else 1
    age = times * (now - claim.arrived)
    if policy == "all":
        return Terms(age=age)
    left, unlocks, others = claim.prospect
    return Terms(
        age=weights.age * age,
        wait=times * weights.wait * (now - claim.since),
        left=-weights.left * left * MINUTE,
        unlocks=weights.unlocks * unlocks * MINUTE,
        others=-weights.others * others * MINUTE,
    )


def score(policy: Policy, weights: Weights, claim: Claim, now: int) -> int:
    """A claim's score at an instant (ms UTC), in ms: the sum of its terms, without saying what they are."""
    _, _, _, place, arrived, since, priority, head_start, prospect = claim
    if policy == "index":
        left, unlocks, others = prospect
        meant = weights.unlocks * unlocks - weights.left * left - weights.others * others
        waited = weights.age * (now - arrived) + weights.wait * (now - since)
        return (weights.priority * waited if priority else waited) + meant * MINUTE
    match policy:
        case "fifo":
            return now - place
        case "fix":
            return now - since + head_start
        case "shortest":
            return now - arrived + head_start
    return weights.priority * (now - arrived) if priority else now - arrived


def slope_and_rank(policy: Policy, weights: Weights, claim: Claim) -> tuple[int, int]:
    """A claim's score as a line over time: `score(now) = slope · now + rank`.

    Among claims with the same slope (one class of priority) the order never changes while they wait: who simulates
    keeps them sorted by rank and compares the first of each class.
    """
    rank = score(policy, weights, claim, 0)
    if policy in ONE_LINE or policy == "fifo":
        return 1, rank
    times = weights.priority if claim.priority else 1
    return times * (weights.age + weights.wait if policy == "index" else 1), rank


def pick(policy: Policy, weights: Weights, claims: Sequence[Claim], now: int) -> Pick | None:
    """The claim to answer at an instant, or None when there is none.

    Highest score first; equal ones by arrival, then rank of arrival; of one person's claims that with the higher score,
    else the one that stands first in `claims` (give them in the order in which the counter names its services).
    """
    chosen = choose(policy, weights, claims, now)
    return Pick(chosen, explain(policy, weights, claims, chosen, now)) if chosen else None


def choose(policy: Policy, weights: Weights, claims: Iterable[Claim], now: int) -> Claim | None:
    """The claim that `pick` answers, without saying why."""
    return min(claims, key=lambda claim: calling_order(policy, weights, claim, now), default=None)


def explain(policy: Policy, weights: Weights, claims: Sequence[Claim], chosen: Claim, now: int) -> Why:
    """Why `chosen` was taken from these claims at an instant, by the policy's rule."""
    others = [claim for claim in claims if claim.order != chosen.order]
    runner_up = choose(policy, weights, others, now)
    age = _age(policy, chosen)
    return Why(
        rule=RULES[policy],
        place=chosen.place,
        eligible=1 + len({claim.order for claim in others}),
        runner_up=runner_up.number if runner_up else "",
        margin=score(policy, weights, chosen, now) - score(policy, weights, runner_up, now) if runner_up else 0,
        passed_over=len({claim.order for claim in others if _age(policy, claim) < age}),
        terms=None if policy == "fifo" else terms(policy, weights, chosen, now),
    )


def calling_order(policy: Policy, weights: Weights, claim: Claim, now: int) -> tuple[int, int, int]:
    """What claims are sorted by, smallest first; equal for two claims of one person only."""
    first = claim.order if policy == "fifo" else claim.arrived
    return -score(policy, weights, claim, now), first, claim.order


def age_behind(policy: Policy, weights: Weights, claim: Claim, other: Claim, now: int) -> int:
    """The earliest instant (ms UTC) from which a claim's age and wait must count so that at `now` it stands just behind
    another one.
    """
    behind = score(policy, weights, other, now) - 1
    none = score(policy, weights, claim._replace(place=now, arrived=now, since=now), now)
    slope = 1
    if policy in SEATED:
        slope = slope_and_rank(policy, weights, claim)[0]
    return now - (behind - none) // slope


def _age(policy: Policy, claim: Claim) -> tuple[int, int]:
    """What makes one person older than another: the place under `fifo`, else the arrival."""
    return (claim.place if policy == "fifo" else claim.arrived), claim.order


def prospects(todo: Mapping[str, int], after: Mapping[str, Iterable[str]]) -> dict[str, Prospect]:
    """What each step that may be done now would leave.

    `todo` has the minutes of every step still to be done on this visit, in its order; `after` which steps come after
    which. The keys of the answer are the steps that may be done now, in the same order.
    """
    waits_for = {step: [before for before in after.get(step, ()) if before in todo] for step in todo}
    possible = [step for step in todo if not waits_for[step]]
    whole = sum(todo.values())
    return {
        step: Prospect(
            left=whole - todo[step],
            unlocks=sum(todo[later] for later, before in waits_for.items() if before == [step]),
            others=len(possible) - 1,
        )
        for step in possible
    }


def line_for(policy: Policy, possible: Sequence[str], load: Mapping[str, tuple[int, int]]) -> str:
    """The one line that a person is sent to, of the services possible now (in printed order).

    `load` says of each service the minutes of work that wait in its line and how many counters are open for it; a
    service without an open counter comes last. Only for the policies of `ONE_LINE`.
    """
    if policy == "fix":
        return possible[0]
    wait_of = {service: load.get(service, (0, 0)) for service in possible}
    best = possible[0]
    for service in possible[1:]:
        (work, counters), (least, best_counters) = wait_of[service], wait_of[best]
        if (counters and not best_counters) or (counters and work * best_counters < least * counters):
            best = service
    return best


def seats(counters: int, percent: int) -> int:
    """How many standby seats a service has: `percent` of a seat for each open counter, rounded up."""
    return -(-counters * percent // 100)
