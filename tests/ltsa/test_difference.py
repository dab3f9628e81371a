"""What an event makes of a day: which tickets, counters and queues differ before and after it."""

from ltsa.day import Day
from ltsa.difference import Change, Difference, difference
from ltsa.replay import day_at
from tests.ltsa.scripted_day import dispatched, history

MORNING = history()
DISPATCHED = dispatched()


def around(version: int) -> Difference:
    """What one event of the morning changed."""
    return difference(day_at(MORNING, version=version - 1), day_at(MORNING, version=version))


def told(difference: Difference) -> dict[str, dict[str, tuple[object, object]]]:
    """By ticket, counter and queue: each fact that differs, before and after."""
    groups = {"ticket": difference.tickets, "counter": difference.counters, "queue": difference.queues}
    return {
        f"{group} {one.id}": {
            f"{change.step} {change.fact}".strip(): (change.before, change.after) for change in one.changes
        }
        for group, changed in groups.items()
        for one in changed
    }


def test_a_call_changes_the_person_the_counter_and_the_queues_they_stood_in() -> None:
    found = around(9)  # 08.05.00, counter 1 calls A001
    assert told(found) == {
        "ticket A001": {
            "state": ("waiting", "called"),
            "service": ("", "information"),
            "counter": ("", "1"),
            "waits": (("information", "labour"), ()),
            "information state": ("todo", "called"),
            "information counter": ("", "1"),
        },
        "counter 1": {"ticket": ("", "A001")},
        "queue information": {"waiting": (3, 2), "first": ("A001", "A002")},
        "queue labour": {"waiting": (3, 2)},
    }
    assert found.new == ()


def test_a_number_that_was_taken_is_new_and_waits() -> None:
    found = around(4)
    assert found.new == ("A001",)
    assert told(found)["ticket A001"]["state"] == ("", "waiting")
    assert told(found)["queue information"] == {"waiting": (0, 1), "first": ("", "A001")}


def test_what_was_undone_is_as_before() -> None:
    missed, undone = around(15), around(16)
    assert told(missed)["ticket C002"]["state"] == ("called", "absent")
    assert told(undone)["ticket C002"]["state"] == ("absent", "called")
    assert difference(day_at(MORNING, version=14), day_at(MORNING, version=16)).tickets == ()


def test_the_first_event_opens_the_day_and_nothing_differs_from_itself() -> None:
    assert Change("open", False, True) in difference(Day(), day_at(MORNING, version=1)).day  # noqa: FBT003 - the values
    day = day_at(MORNING)
    assert difference(day, day).nothing


def test_whoever_sits_before_the_counters_stands_with_the_queue() -> None:
    versions = [recorded.version for recorded in DISPATCHED if getattr(recorded.event, "seat", False)]
    before, after = (day_at(DISPATCHED, version=version) for version in (versions[0] - 1, versions[0]))
    number = getattr(DISPATCHED[versions[0] - 1].event, "number", "")
    found = told(difference(before, after))
    assert found[f"ticket {number}"]["seat"] == (False, True)
    assert [facts["seated"] for name, facts in found.items() if "seated" in facts and name.startswith("queue")] == [
        ((), (number,))
    ]
