"""How short the mean time in the building could be at best: a lower bound for all ways of calling people.

Look at a chain of steps that wait for each other (registration, then health, then …) and at the people who need all of
them, as if nobody else came and no other step had a queue. Then:

1. Nobody is called for the chain's first step before they have come, the house has opened, and whatever that step waits
   for is done: one thing after the other, at the fastest counters, by the shortest ways, with all absences and what
   must be completed.
2. Whoever decides does not know how long a service will take before it has ended. So how long the first, the second, …
   service at a step takes is as good as drawn when it begins, whoever it is for: the order of the people changes who is
   done when, but not how many are done when. Most are done at any time, and the sum of the times is the least, when no
   counter is left idle while somebody may be called; and the more have come from the step before, the more are done.
3. After the chain comes at least what the steps that wait for its last one take, as under 1.

So the exits of a day sum, in expectation, to at least those of this row of queues plus what is left (3), and for those
who do not need the whole chain what their own steps take. The bound is the greatest over all chains, each averaged over
all days before they are compared.

It forgets that a person is at one place, all queues outside of the chain, second visits, and the ways that counters
wait for. It neglects one thing in the other direction: counters differ in speed, and who waits for the faster one
instead of taking the slower could win a little. The truth lies between the bound and the best policy.
"""

from collections.abc import Mapping, Sequence

from ltsa.simulate import HALL, Script, Task, Visit

Chain = tuple[str, ...]


def least(scripts: Sequence[Script]) -> tuple[float, Chain]:
    """A bound of the mean time in the building (ms), meant over days as `comparing.DayFigures.mean` is, and the chain
    that gives it. Of scripts of one scenario.
    """
    days = [each for each in map(of_each_chain, scripts) if each]
    chains = days[0] if days else {}
    means = {chain: sum(day[chain] for day in days) / len(days) for chain in chains}
    best = max(means, key=means.__getitem__, default=())
    return means.get(best, 0.0), best


def of_each_chain(script: Script) -> dict[Chain, float]:
    """One day's mean time in the building (ms) if only one chain of steps had queues, for each chain; nothing for a day
    on which nobody got to the end.
    """
    visits = [visit for visit in script.visits if not any(task.missed and task.left for task in visit.tasks.values())]
    if not visits:
        return {}
    ways = _Ways(script)
    came = sum(visit.arrives for visit in visits)
    alone = {visit.number: ways.alone(visit) for visit in visits}
    means = {}
    for chain in _chains(script.after, tuple(script.minutes)):
        there = [visit for visit in visits if all(step in visit.tasks for step in chain)]
        numbers = {visit.number for visit in there}
        others = sum(own for number, own in alone.items() if number not in numbers)
        means[chain] = (ways.together(chain, there) + others - came) / len(visits)
    return means


def _chains(after: Mapping[str, tuple[str, ...]], steps: Chain) -> list[Chain]:
    """All rows of steps of which each waits for the one before it."""
    found: list[Chain] = [(step,) for step in steps]
    for chain in found:
        found += [(*chain, step) for step in steps if chain[-1] in after.get(step, ())]
    return found


class _Ways:
    """What is least of everything on one day, in ms."""

    def __init__(self, script: Script) -> None:
        self.script = script
        crew = {service: [each for each in script.counters if service in each.services] for service in script.minutes}
        self.crew = crew
        self.fastest = {service: min(each.slowness for each in crew[service]) for service in crew}
        self.opens = {service: min(each.opens for each in crew[service]) for service in crew}
        self.enters = {service: self._enters(service) for service in crew}

    def _enters(self, service: str) -> int:
        """From being free elsewhere to the begin of the service: called at once, or from a seat or line before it."""
        walks, answer = self.script.walks, self.script.answer
        way = min(walks.get((here, service), 0) for here in (*self.script.minutes, HALL) if here != service)
        return min(answer + way, max(answer, way) + walks.get((service, service), 0))

    def takes(self, visit: Visit, service: str) -> float:
        """One step with all that belongs to it, at the fastest counter, when nobody else is there."""
        task = visit.tasks[service]
        away = self.script.lost + task.missed if task.missed else 0
        enters = self.enters[service] if task.coming < 0 else 0
        return away + enters + task.work * self.fastest[service] + self.second(task, service)

    def second(self, task: Task, service: str) -> float:
        """Completing something and coming again."""
        if not task.again:
            return 0.0
        enters = self.enters[service] if task.coming < 0 else 0
        return task.fixing + enters + task.again * self.fastest[service]

    def begins(self, visit: Visit) -> int:
        return max(visit.arrives, min(self.opens[service] for service in visit.tasks))

    def alone(self, visit: Visit) -> float:
        """When the visit could be over if nobody else were there."""
        return self.begins(visit) + sum(self.takes(visit, service) for service in visit.tasks)

    def together(self, chain: Chain, visits: Sequence[Visit]) -> float:
        """The sum of when the visits could be over if only the steps of a chain had queues."""
        first, last, after = chain[0], chain[-1], self.script.after
        coming, tails = list[float](), 0.0
        for visit in visits:
            earlier = _all_before(first, after, visit.tasks)
            coming.append(self.begins(visit) + sum(self.takes(visit, each) for each in earlier))
            later = [each for each in visit.tasks if last in _all_before(each, after, visit.tasks)]
            tails += self.second(visit.tasks[last], last) + sum(self.takes(visit, each) for each in later)
        for step in chain:
            coming = self.through(step, sorted(coming), [visit.tasks[step] for visit in visits])
        return tails + sum(coming)

    def through(self, service: str, coming: Sequence[float], tasks: Sequence[Task]) -> list[float]:
        """When a queue's people are done (ms), who come in this order and take what was drawn, whoever it is for, if
        whichever counter can begin first takes the next.
        """
        walks, crew = self.script.walks, self.crew[service]
        enters = self.script.answer + min(walks.get((here, service), 0) for here in (*self.script.minutes, HALL))
        free: list[float] = [counter.opens for counter in crew]
        rests = [list(counter.rests) for counter in crew]
        done = []
        for came, task in zip(coming, tasks, strict=True):
            begins = [_takes_next(free, rests, n, came) for n in range(len(crew))]
            n = min(range(len(crew)), key=lambda each: (begins[each], crew[each].slowness))
            ends = begins[n] + task.work * crew[n].slowness + (enters if task.coming < 0 else 0)
            free[n] = ends + crew[n].between
            done.append(ends)
        return done


def _takes_next(free: list[float], rests: list[list[tuple[int, int]]], n: int, came: float) -> float:
    """When a counter could begin with somebody who has come: after a rest that was due by then."""
    while rests[n] and rests[n][0][0] <= max(free[n], came):
        due, length = rests[n].pop(0)
        free[n] = max(free[n], due) + length
    return max(free[n], came)


def _all_before(service: str, after: Mapping[str, tuple[str, ...]], tasks: Mapping[str, Task]) -> set[str]:
    """The steps of a visit that come before one, directly or through others of the visit."""
    found: set[str] = set()
    todo = [before for before in after.get(service, ()) if before in tasks]
    while todo:
        if (step := todo.pop()) not in found:
            found.add(step)
            todo += [before for before in after.get(step, ()) if before in tasks]
    return found
