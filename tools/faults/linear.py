"""Whether what clients saw of a queue could have come from an office that does one thing at a time.

A history is linearizable when its operations can be put into one order in which each lies between its invocation and
its answer, and the model gives every answer that was given (Herlihy and Wing, 1990). The search is Wing and Gong's
(1993) with Lowe's memory of what was tried (2017): where few clients ask at once it is nearly linear. Pure.

A queue is an object of its own, so each is judged by itself: a history is linearizable if and only if each object's is.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

S = TypeVar("S")
A = TypeVar("A")
A_contra = TypeVar("A_contra", contravariant=True)

LOST = None
"""The answer of an operation that never got one: it may have happened at any time since, or not at all."""


class Operation(NamedTuple, Generic[A]):
    """What one client asked and saw. Times are of one clock, in any unit; `ended` is None where no answer came."""

    began: int
    ended: int | None
    asked: A


class Model(Protocol[S, A_contra]):
    """One that does one thing at a time. States are values that can be compared and hashed."""

    start: S

    def step(self, state: S, asked: A_contra) -> S | None:
        """The state after it gave the answer that stands in `asked`; None where it never gives that."""


class _Node:
    """A place in the list of invocations and answers that are still to be explained."""

    __slots__ = ("after", "answer", "before", "number")

    def __init__(self, number: int, answer: "_Node | None") -> None:
        self.number, self.answer = number, answer
        self.before: _Node | None = None
        self.after: _Node | None = None


def unexplained(history: Sequence[Operation[A]], model: Model[S, A]) -> Operation[A] | None:
    """None for a linearizable history; else the operation whose answer could not be explained where the search came
    furthest.
    """
    head, answered = _list(history)
    state, taken, tried = model.start, 0, set[tuple[int, S]]()
    stack: list[tuple[_Node, S]] = []
    furthest, culprit = -1, history[0] if history else None
    node = head.after
    while answered:
        if node is not None and node.answer is not node:  # an invocation: may it be next?
            following = model.step(state, history[node.number].asked)
            after = taken | 1 << node.number
            if following is not None and (after, following) not in tried:
                tried.add((after, following))
                stack.append((node, state))
                state, taken = following, after
                answered -= history[node.number].ended is not None
                _lift(node)
                node = head.after
            else:
                node = node.after
            continue
        if node is not None and len(stack) > furthest:  # an answer that nothing has explained
            furthest, culprit = len(stack), history[node.number]
        if not stack:
            return culprit
        node, state = stack.pop()
        taken &= ~(1 << node.number)
        answered += history[node.number].ended is not None
        _put_back(node)
        node = node.after
    return None


def _list(history: Iterable[Operation[A]]) -> tuple[_Node, int]:
    """The list's head, and how many answers there are. At one time invocations come first: they overlap."""
    moments: list[tuple[int, int, _Node]] = []
    answered = 0
    for number, operation in enumerate(history):
        answer = None
        if operation.ended is not None:
            answer = _Node(number, None)
            answer.answer = answer
            answered += 1
            moments.append((operation.ended, 1, answer))
        moments.append((operation.began, 0, _Node(number, answer)))
    moments.sort(key=lambda moment: moment[:2])
    head = last = _Node(-1, None)
    for _, _, node in moments:
        last.after, node.before, last = node, last, node
    return head, answered


def _lift(node: _Node) -> None:
    """Takes an invocation and its answer out of the list."""
    for each in (node, node.answer):
        if each is not None:
            assert each.before is not None  # noqa: S101 - the head is never lifted
            each.before.after = each.after
            if each.after is not None:
                each.after.before = each.before


def _put_back(node: _Node) -> None:
    """Puts them back where they were: the one that was lifted last first."""
    for each in (node.answer, node):
        if each is not None:
            assert each.before is not None  # noqa: S101 - as above
            each.before.after = each
            if each.after is not None:
                each.after.before = each


class Asked(NamedTuple):
    """What a queue was asked and answered.

    Attributes:
        what: "issue", "call", "start" or "finish".
        counter: where, "" for "issue".
        answer: the number within its series; 0 where nobody was waiting or at the counter; None where no answer came.
    """

    what: str
    counter: str
    answer: int | None


class Line(NamedTuple):
    """A queue of one service, first come, first served: numbers after `called` up to `issued` wait. `at` is who was
    called to which counter, and whether they are served.
    """

    issued: int = 0
    called: int = 0
    at: tuple[tuple[str, int, bool], ...] = ()


class OneQueue(Model[Line, Asked]):
    """The office that does one thing at a time: numbers without a gap, each called once, in turn, and served there."""

    start = Line()

    def step(self, state: Line, asked: Asked) -> Line | None:
        """The line after that; None for an answer that it never gives."""
        here = next((place for place in state.at if place[0] == asked.counter), None)
        number = _given(state, asked, here)
        if asked.answer not in (LOST, number):
            return None
        if not number:
            return state
        others = tuple(place for place in state.at if place is not here)
        match asked.what:
            case "issue":
                return state._replace(issued=number)
            case "call":
                return state._replace(called=number, at=tuple(sorted((*others, (asked.counter, number, False)))))
            case "start":
                return state._replace(at=tuple(sorted((*others, (asked.counter, number, True)))))
            case _:
                return state._replace(at=others)


def _given(state: Line, asked: Asked, here: tuple[str, int, bool] | None) -> int:
    """The number that the queue answers with, 0 for a refusal."""
    match asked.what:
        case "issue":
            return state.issued + 1
        case "call":
            return state.called + 1 if here is None and state.called < state.issued else 0
        case "start":
            return here[1] if here and not here[2] else 0
        case _:
            return here[1] if here and here[2] else 0
