"""The simulator: that it moves people as it says, decides as the office does, and agrees with a second telling."""

from typing import Any

import pytest

from ltsa.dispatch import MINUTE, POLICIES, Claim, Policy, Weights, pick
from ltsa.scenario import draw, names, read, scenario
from ltsa.simulate import HALL, Counter, Played, Script, Task, Visit, _Day, percents, play
from tests.ltsa.simpy_office import exits


def minutes(played: Played) -> dict[str, float]:
    """When each visit was over, in minutes."""
    return {number: at / MINUTE for number, at in played.exits.items()}


def visit(number: str, arrives: float, *, priority: bool = False, **tasks: float | Task) -> Visit:
    """Somebody who comes at a minute, and how many minutes each service takes."""
    return Visit(
        number=number,
        arrives=round(arrives * MINUTE),
        age_from=round(arrives * MINUTE),
        priority=priority,
        tasks={
            service: task if isinstance(task, Task) else Task(work=round(task * MINUTE))
            for service, task in tasks.items()
        },
    )


def counter(service: str, opens: float = 0, *rests: tuple[int, int], slowness: float = 1.0) -> Counter:
    return Counter(
        name=service,
        services=(service,),
        opens=round(opens * MINUTE),
        slowness=slowness,
        rests=tuple((begins * MINUTE, length * MINUTE) for begins, length in rests),
    )


def house(*visits: Visit, counters: tuple[Counter, ...], **more: Any) -> Script:
    """A house without ways, in which a call is heard at once."""
    usual: dict[str, Any] = {
        "after": {},
        "minutes": {service: 5 for each in counters for service in each.services},
        "walks": {},
        "answer": 0,
        "lost": MINUTE,
        "closes": 480 * MINUTE,
    }
    return Script(visits=visits, counters=counters, **{**usual, **more})


def test_one_person_passes_one_counter() -> None:
    assert minutes(play(house(visit("Siti", 3, bank=5), counters=(counter("bank"),)), "fix")) == {"Siti": 8}


def test_a_slow_counter_opens_late_and_takes_longer() -> None:
    script = house(visit("Siti", 3, bank=5), counters=(counter("bank", 10, slowness=1.5),))
    assert minutes(play(script, "fix")) == {"Siti": 17.5}


def test_who_waits_in_one_line_stands_there_while_another_counter_is_idle() -> None:
    people = (visit("Siti", 0, bank=10, health=1), visit("Budi", 1, bank=10, health=1))
    script = house(*people, counters=(counter("bank"), counter("health")))
    assert minutes(play(script, "fix")) == {"Siti": 11, "Budi": 21}
    assert minutes(play(script, "fifo")) == {"Siti": 11, "Budi": 20}  # health meanwhile
    assert play(script, "fix").idle == 9 * MINUTE
    assert play(script, "fifo").idle == 0


def test_the_shortest_expected_wait_sends_people_apart() -> None:
    people = (visit("Siti", 0, bank=10, health=1), visit("Budi", 1, bank=10, health=1), visit("Ani", 2, bank=1))
    script = house(*people, counters=(counter("bank"), counter("health")))
    # nobody waits at the bank when Budi comes, for Siti is at the counter; then Ani stands behind him
    assert minutes(play(script, "shortest")) == {"Siti": 11, "Budi": 21, "Ani": 21}


def test_a_step_waits_for_those_before_it() -> None:
    script = house(
        visit("Siti", 0, out=1, bank=4), counters=(counter("out"), counter("bank")), after={"out": ("bank",)}
    )
    assert minutes(play(script, "fifo")) == {"Siti": 5}


def test_a_rest_begins_when_the_person_at_the_counter_is_done() -> None:
    people = (visit("Siti", 0, bank=15), visit("Budi", 1, bank=5))
    script = house(*people, counters=(counter("bank", 0, (10, 20)),))
    assert minutes(play(script, "fix")) == {"Siti": 15, "Budi": 40}


def test_who_does_not_come_costs_a_minute_and_comes_back_or_has_left() -> None:
    absent = Task(work=5 * MINUTE, missed=10 * MINUTE)
    gone = Task(work=5 * MINUTE, missed=10 * MINUTE, left=True)
    people = (visit("Siti", 0, bank=absent), visit("Tono", 0, bank=gone), visit("Budi", 0, bank=5))
    assert minutes(play(house(*people, counters=(counter("bank"),)), "fix")) == {"Budi": 7, "Siti": 16}


def test_who_must_complete_something_comes_a_second_time() -> None:
    twice = Task(work=5 * MINUTE, again=2 * MINUTE, fixing=20 * MINUTE)
    script = house(visit("Siti", 0, bank=twice), visit("Budi", 4, bank=18), counters=(counter("bank"),))
    assert minutes(play(script, "fix")) == {"Budi": 23, "Siti": 27}


WAYS = {("bank", "bank"): 0, ("hall", "bank"): 2 * MINUTE, ("bank", "hall"): 2 * MINUTE}


def test_a_counter_waits_for_those_whom_it_calls_from_the_hall_and_not_for_those_on_its_seats() -> None:
    people = (visit("Siti", 0, bank=10), visit("Budi", 1, bank=10), visit("Ani", 1, bank=10))
    script = house(*people, counters=(counter("bank"),), walks=WAYS)
    assert minutes(play(script, "fifo")) == {"Siti": 12, "Budi": 24, "Ani": 36}
    assert minutes(play(script, "all")) == {"Siti": 12, "Budi": 22, "Ani": 32}
    assert play(script, "fifo").idle == 4 * MINUTE
    assert play(script, "all").idle == 0


def test_who_sits_before_a_counter_that_rests_waits_in_the_hall_again() -> None:
    people = (visit("Siti", 0, bank=10), visit("Budi", 1, bank=10, health=5))
    counters = (counter("bank", 0, (5, 60)), counter("health", 20))
    # Budi sits before the bank's counter; it rests from 10 to 70, and health opens at 20
    assert minutes(play(house(*people, counters=counters), "all")) == {"Siti": 10, "Budi": 80}
    assert play(house(*people, counters=counters), "all").waits[-1].service == "bank"
    assert [wait.service for wait in play(house(*people, counters=counters), "all").waits] == ["bank", "health", "bank"]


def test_a_counter_for_several_services_calls_who_came_first() -> None:
    both = Counter(name="1", services=("bank", "health"), opens=0)
    script = house(visit("Siti", 0, health=5), visit("Budi", 1, bank=5), visit("Ani", 2, health=5), counters=(both,))
    assert minutes(play(script, "fifo")) == {"Siti": 5, "Budi": 10, "Ani": 15}


def test_a_counter_needs_its_time_between_two_people() -> None:
    slow = Counter(name="1", services=("bank",), opens=0, between=2 * MINUTE)
    script = house(visit("Siti", 0, bank=5), visit("Budi", 1, bank=5), counters=(slow,))
    assert minutes(play(script, "fifo")) == {"Siti": 5, "Budi": 12}


@pytest.mark.parametrize("policy", POLICIES)
def test_who_has_had_enough_goes_and_nobody_waits_for_them(policy: Policy) -> None:
    tono = Visit(number="Tono", arrives=1, age_from=1, tasks={"bank": Task(work=MINUTE)}, until=5 * MINUTE)
    script = house(visit("Siti", 0, bank=10), tono, visit("Budi", 2, bank=5), counters=(counter("bank"),), walks=WAYS)
    played = minutes(play(script, policy))
    assert set(played) == {"Siti", "Budi"}
    assert played["Budi"] == played["Siti"] + (7 if policy == "fifo" else 5)


def test_a_wait_of_the_priority_class_counts_three_times() -> None:
    people = (
        visit("Siti", 0, bank=20),
        visit("Budi", 1, bank=5),
        visit("Nenek", 8, priority=True, bank=5),
        visit("Ani", 2, bank=5),
    )
    by_arrival = tuple(sorted(people, key=lambda person: person.arrives))
    played = play(house(*by_arrival, counters=(counter("bank"),)), "all", percent=0)
    # at 20 Budi has waited 19 and Ani 18 minutes, Nenek 12, which count as 36
    assert minutes(played) == {"Siti": 20, "Nenek": 25, "Budi": 30, "Ani": 35}


def test_nobody_is_lost_and_nobody_is_at_two_places() -> None:
    for name in names():
        script = draw(read(name), 2, 0)
        leave = {v.number for v in script.visits if any(task.left for task in v.tasks.values())}
        for policy in POLICIES:
            played = play(script, policy)
            assert set(played.exits) == {v.number for v in script.visits} - leave
            for person in script.visits:
                if person.number in played.exits:
                    needed = sum(task.work + task.again + task.fixing for task in person.tasks.values())
                    assert played.exits[person.number] - person.arrives > needed * 0.4


class Watched(_Day):
    """A day in which every call is asked of `pick` again, with everybody's claims."""

    asked = 0

    def __init__(self, *said: Any) -> None:
        super().__init__(*said)
        self.said: dict[tuple[int, str], Claim] = {}

    def claim(self, person: Any, service: str, prospect: Any, since: int) -> None:
        super().claim(person, service, prospect, since)
        own = person.visit
        place = own.age_from - own.head_start
        self.said[person.order, service] = Claim(
            own.number, service, person.order, place, own.age_from, since, own.priority, own.head_start, prospect
        )

    def is_free(self, number: int) -> None:
        crew = self.crews[number]
        for lines in (self.seats, self.hall):
            claims = [
                self.said[order, service] for service in crew for line in lines.lines[service] for _, _, order in line
            ]
            picked, found = pick(self.policy, self.weights, claims, self.now), lines.first(crew, self.now)
            assert (picked is None) == (found is None)
            if picked and found:
                assert (picked.claim.order, picked.claim.service) == (found[0][2], found[1])
                Watched.asked += 1
        super().is_free(number)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_sorted_lines_choose_whom_the_office_would_call(policy: Policy) -> None:
    before = Watched.asked
    for script, weights in ((draw(read("busy280"), 1, 0), Weights()), (two_services_a_counter(), Weights(wait=2))):
        Watched(script, policy, weights, percents(script)).run()
    assert Watched.asked - before > 1000


def two_services_a_counter() -> Script:
    """A drawn day in which the counters of bank and insurance take both."""
    script = draw(read("base"), 4, 0)
    both = {"BPJS": ("BPJS", "BANK"), "BANK": ("BANK", "BPJS")}
    return Script(
        **{field: getattr(script, field) for field in script.__struct_fields__ if field != "counters"},
        counters=tuple(
            Counter(
                name=each.name,
                services=both.get(each.services[0], each.services),
                opens=each.opens,
                slowness=each.slowness,
                rests=each.rests,
                between=20_000,
            )
            for each in script.counters
        ),
    )


VILLAGE = scenario(
    {
        "steps": ["FORM", "STAMP"],
        "lam": 40,
        "profile": [[0, 240, 1.0]],
        "mean": [6, 2.5],
        "counters": [1, 1],
        "types": [[0.75, ["FORM", "STAMP"]], [0.25, ["STAMP"]]],
        "p_noshow": 0.2,
        "p_rework": 0.3,
    }
)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", [*names(), "village"])
def test_simpy_tells_the_same_day(name: str, policy: Policy) -> None:
    found = VILLAGE if name == "village" else read(name)
    for day in range(2 if name in {"base", "village"} else 1):
        script = draw(found, 5, day)
        told = exits(script, policy, Weights(), percents(script))
        assert len(told) > 20
        assert play(script, policy).exits == told


@pytest.mark.parametrize("policy", POLICIES)
def test_simpy_tells_the_same_day_of_counters_for_two_services(policy: Policy) -> None:
    script = two_services_a_counter()
    assert play(script, policy, Weights(), 100).exits == exits(script, policy, Weights(), percents(script, 100))


def test_the_hall_is_a_place_of_every_drawn_day() -> None:
    walks = draw(read("base"), 1, 0).walks
    assert walks[HALL, "REG"] == round((0.4 + 0.2 * 4) * MINUTE)
    assert walks["BANK", "BANK"] == round(0.2 * MINUTE)
