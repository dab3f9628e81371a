"""The judge of histories knows right ones from wrong ones."""

from __future__ import annotations

import random
import sys
from itertools import permutations

import pytest

from tools.faults.linear import Asked, Line, OneQueue, Operation, unexplained

QUEUE = OneQueue()


def did(began: int, ended: int | None, what: str, answer: int | None, counter: str = "") -> Operation[Asked]:
    """Somebody asked something at `began` and was answered at `ended`."""
    return Operation(began, ended, Asked(what, counter, answer))


def is_right(*history: Operation[Asked]) -> bool:
    """Whether an office that does one thing at a time could have answered so."""
    return unexplained(history, QUEUE) is None


def test_one_thing_after_the_other_is_right() -> None:
    assert is_right()
    assert is_right(
        did(0, 1, "issue", 1),
        did(2, 3, "call", 1, "5"),
        did(4, 5, "start", 1, "5"),
        did(6, 7, "finish", 1, "5"),
        did(8, 9, "call", 0, "5"),
    )


def test_two_that_overlap_may_have_come_either_way_round() -> None:
    assert is_right(did(0, 9, "issue", 2), did(1, 8, "issue", 1))
    assert not is_right(did(0, 1, "issue", 2), did(2, 3, "issue", 1))


def test_a_number_that_two_were_given_or_that_was_left_out_is_wrong() -> None:
    assert not is_right(did(0, 9, "issue", 1), did(1, 8, "issue", 1))
    assert not is_right(did(0, 1, "issue", 1), did(2, 3, "issue", 3))


def test_a_person_called_to_two_counters_or_passed_over_is_wrong() -> None:
    came = [did(0, 1, "issue", 1), did(2, 3, "issue", 2)]
    assert is_right(*came, did(4, 9, "call", 2, "5"), did(5, 8, "call", 1, "6"))
    assert not is_right(*came, did(4, 9, "call", 1, "5"), did(5, 8, "call", 1, "6"))
    assert not is_right(*came, did(4, 5, "call", 2, "5"), did(6, 7, "call", 1, "6"))


def test_nobody_waiting_is_wrong_while_somebody_whose_number_was_given_waits() -> None:
    assert is_right(did(0, 5, "issue", 1), did(1, 2, "call", 0, "5"))
    wrong = did(6, 7, "call", 0, "5")
    assert unexplained([did(0, 5, "issue", 1), wrong], QUEUE) == wrong


def test_what_was_never_answered_may_have_happened_or_not_but_not_before_it_was_asked() -> None:
    unanswered = did(0, None, "issue", None)
    assert is_right(unanswered, did(1, 2, "issue", 1))
    assert is_right(unanswered, did(1, 2, "issue", 2))
    assert not is_right(unanswered, did(1, 2, "issue", 3))
    assert not is_right(did(0, 1, "issue", 2), did(2, None, "issue", None))


def test_an_acknowledged_number_that_is_gone_afterwards_is_wrong() -> None:
    assert not is_right(did(0, 1, "issue", 1), did(2, 3, "issue", 1))


def ask(state: Line, what: str, counter: str) -> tuple[Line, int]:
    """What the model itself answers."""
    for answer in (state.issued + 1, state.called + 1, *(place[1] for place in state.at), 0):
        if (after := QUEUE.step(state, Asked(what, counter, answer))) is not None:
            return after, answer
    raise AssertionError(state)


def made(luck: random.Random, many: int) -> list[Operation[Asked]]:
    """What clients see of an office that does one thing at a time, each at a point between invocation and answer."""
    state, history = Line(), []
    for n in range(many):
        what = luck.choice(("issue", "issue", "call", "call", "start", "finish"))
        counter = "" if what == "issue" else luck.choice("56")
        state, answer = ask(state, what, counter)
        history.append(did(10 * n - luck.randrange(30), 10 * n + luck.randrange(30), what, answer, counter))
    return luck.sample(history, many)


def by_hand(history: list[Operation[Asked]]) -> bool:
    """The definition, tried out: every order that keeps who was answered before the other asked."""
    for order in permutations(history):
        state: Line | None = QUEUE.start
        for n, each in enumerate(order):
            if any(later.ended is not None and later.ended < each.began for later in order[n:]):
                state = None
            state = QUEUE.step(state, each.asked) if state is not None else None
        if state is not None:
            return True
    return False


@pytest.mark.parametrize("seed", range(60))
def test_the_judge_agrees_with_the_definition_on_small_histories(seed: int) -> None:
    luck = random.Random(seed)
    history = made(luck, 5)
    assert is_right(*history)
    n = luck.randrange(len(history))
    asked = history[n].asked
    history[n] = history[n]._replace(asked=asked._replace(answer=luck.randrange(4)))
    assert is_right(*history) == by_hand(history)


def test_thousands_of_operations_are_judged() -> None:
    history = made(random.Random(1), 3_000)
    assert sys.getrecursionlimit() < len(history)
    assert is_right(*history)
    last = max(history, key=lambda each: each.began)
    assert not is_right(*history, did(last.began + 100, last.began + 101, "issue", 1))
