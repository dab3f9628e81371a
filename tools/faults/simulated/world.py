"""A world in which one thing happens at a time: who goes on, how long things take and what fails follows from a seed.

Whatever runs in it is a task, a greenlet that gives its turn back wherever it could be overtaken (`pause`, `sleep`, a
mark). Nothing else takes turns: no thread, no clock of the machine. So the same seed is the same run to the byte, and
its trace says what happened, in order.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

T = TypeVar("T")

SECOND = 1_000_000
"""Time is counted in µs."""

STEP = (20, 200)
"""µs that go by from one step to the next."""

STEPS = 12_000
"""After so many a run is taken to be stuck."""


class StuckError(Exception):
    """A run that does not come to its end."""


class Task:
    """Something that takes turns. `alive` until it is done or ended."""

    def __init__(self, world: World, name: str, work: Callable[[], object]) -> None:
        self.name, self.alive = name, True
        self.on_end: Callable[[], object] | None = None
        self.blocked = 0  # which of its waits it is in; 0 while its turn comes
        self._world = world

        def run() -> None:
            try:
                work()
            except GreenletExit:
                pass
            finally:
                self.alive = False
                if self.on_end:
                    self.on_end()

        self.greenlet = greenlet(run, world.hub)

    def kill(self) -> None:
        """Ends it where it is. What it holds of the world is let go of by whoever it belongs to."""
        if self.alive and self.greenlet is not getcurrent():
            self.alive, self.blocked = False, -1
            if self.greenlet:  # it had a turn already
                self.greenlet.parent = getcurrent()
                self.greenlet.throw(GreenletExit)


class Mark:
    """As `web.turns.Mark`, in this world."""

    def __init__(self, world: World) -> None:
        self._world, self._is_set = world, False
        self._waiting: list[tuple[Task, int]] = []

    def set(self) -> None:
        """It has happened."""
        self._is_set = True
        waiting, self._waiting = self._waiting, []
        for task, wait in waiting:
            self._world.wake(task, wait)

    def clear(self) -> None:
        """It is waited for anew."""
        self._is_set = False

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def wait(self, timeout: float = -1, /) -> bool:
        """Lets others go on until it happens, or so many seconds have gone (without a number, however long it takes);
        whether it has.
        """
        if not self._is_set:
            self._world.block(self._waiting.append, timeout)
        return self._is_set


class World:
    """The scheduler, its clock and its luck."""

    def __init__(self, seed: int) -> None:
        self.luck = random.Random(f"world {seed}")
        self._chance = self.luck.random
        self.now = 0
        self.hub = getcurrent()
        self.said: list[str] = []
        self.turns = 0
        self.stalls = 0.0
        """How likely it is that a task stands still for a while at a step."""
        self._constancy = self.luck.choice((0.0, 0.3, 0.8))
        self._ready: list[Task | Callable[[], object]] = []
        self._timers: list[tuple[int, int, Callable[[], object]]] = []
        self._numbers = count(1)
        self._task: Task | None = None

    # --- For the tasks

    def pause(self, what: str) -> None:
        """Here others may go on; sometimes for long."""
        self.say(what)
        if self.stalls and self.luck.random() < self.stalls:
            self.sleep(self.luck.choice((0.01, 0.1, 1.0, 6.0)) * self.luck.random())
            return
        task = self._running()
        self._ready.append(task)
        self.hub.switch()

    def sleep(self, seconds: float) -> None:
        """Lets others go on for so long."""
        self.block(lambda _: None, seconds)

    def block(self, where: Callable[[tuple[Task, int]], object], timeout: float = -1) -> None:
        """Lets others go on until somebody wakes the task and its wait, as given to `where`, or the time is over."""
        task = self._running()
        wait = task.blocked = next(self._numbers)
        where((task, wait))
        if timeout >= 0:
            self.after(timeout, lambda: self.wake(task, wait))
        self.hub.switch()

    def say(self, what: str) -> None:
        """A line of the trace."""
        self.said.append(f"{self.now} {self._task.name if self._task else '-'} {what}")

    def mark(self) -> Mark:
        """A new mark."""
        return Mark(self)

    # --- For whoever plays with them

    def spawn(self, name: str, work: Callable[[], object]) -> Task:
        """A new task."""
        task = Task(self, name, work)
        self._ready.append(task)
        return task

    def soon(self, call: Callable[[], object]) -> None:
        """Calls somebody, who gives no turn back, in a moment."""
        self._ready.append(call)

    def after(self, seconds: float, call: Callable[[], object]) -> None:
        """The same, in so many seconds."""
        heappush(self._timers, (self.now + round(seconds * SECOND), next(self._numbers), call))

    def wake(self, task: Task, wait: int) -> None:
        """Ends a task's wait, unless it is over."""
        if task.blocked == wait:
            task.blocked = 0
            self._ready.append(task)

    def spend(self, seconds: float) -> None:
        """The clock goes on, and nobody else does."""
        self.now += round(seconds * SECOND)

    def run(self, until: Callable[[], bool], within: float) -> bool:
        """Lets the tasks go on until something holds, looked at after each step; False after so many seconds."""
        end = self.now + round(within * SECOND)
        while not until():
            if self.now >= end or not self._step():
                return False
        return True

    def alone(self, work: Callable[[], T]) -> T:
        """What comes of some work, while whatever it waits for goes on too."""
        found: list[T] = []
        self.spawn("alone", lambda: found.append(work()))
        self.run(lambda: bool(found), within=60)
        return found[0]

    def digest(self) -> str:
        """What happened, as a hash."""
        return sha256("\n".join(self.said).encode()).hexdigest()

    def _running(self) -> Task:
        assert self._task is not None  # noqa: S101 - only tasks give turns back
        return self._task

    def _step(self) -> bool:
        self.turns += 1
        if self.turns > STEPS:
            raise StuckError(f"not over after {STEPS} steps")
        timers = self._timers
        while timers and timers[0][0] <= self.now:
            heappop(timers)[2]()
        ready = self._ready
        if not ready:
            if not timers:
                return False
            self.now = max(self.now, timers[0][0])
            return True
        luck, least, most = self._chance, *STEP
        self.now += least + int(luck() * (most - least))
        if (many := len(ready)) > 1 and luck() >= self._constancy:
            chosen = int(luck() * many)
            ready[chosen], ready[-1] = ready[-1], ready[chosen]
        one = ready.pop()
        if not isinstance(one, Task):
            one()
        elif one.alive:
            self._task = one
            one.greenlet.switch()
            self._task = None
        return True


class Lock:
    """What one at a time holds, while others go on."""

    def __init__(self, world: World) -> None:
        self._world, self._held = world, False
        self._freed = world.mark()

    def __enter__(self) -> None:
        while self._held:
            self._freed.clear()
            self._freed.wait()
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False
        self._freed.set()


class Group:
    """The tasks of one process, or of one purpose: they end together. `going` is how many are not done."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.alive, self.going = world, name, True, 0
        self._tasks: list[Task] = []

    def spawn(self, name: str, work: Callable[..., object], *args: Any) -> Task:
        """A new task of it; one that fails brings the run down, as nothing here may."""

        def run() -> None:
            try:
                work(*args)
            finally:
                self.going -= 1

        self.going += 1
        task = self.world.spawn(f"{self.name} {name}", run)
        self._tasks = [*(one for one in self._tasks if one.alive), task]
        return task

    def kill(self) -> None:
        """Ends all of them where they are."""
        self.alive = False
        for task in self._tasks:
            task.kill()
        self._tasks.clear()


class WorldTurns:
    """`web.turns.Turns` of a process in a world. `ahead` is how far its clock is before the world's, in ms."""

    def __init__(self, group: Group, epoch: int) -> None:
        self._group, self._world, self._epoch, self.ahead = group, group.world, epoch, 0

    def now(self) -> float:
        """Seconds since the world began."""
        return self._world.now / SECOND

    def clock(self) -> int:
        """What the process's clock shows, in ms UTC."""
        return self._epoch + self._world.now // 1000 + self.ahead

    def sleep(self, seconds: float) -> None:
        """Lets others go on for so long."""
        self._world.sleep(seconds)

    def spawn(self, work: Callable[..., object], *args: Any) -> Task:
        """Begins some work beside others."""
        return self._group.spawn(work.__name__.strip("_"), work, *args)

    def mark(self) -> Mark:
        """A mark."""
        return self._world.mark()

    mark_for_threads = mark

    def lock(self) -> Lock:
        """What one at a time holds."""
        return Lock(self._world)

    def bell(self, ring: Callable[[], object]) -> _Bell:
        """A bell, upon which `ring` is called in a moment."""
        return _Bell(self._group, ring)


class _Bell:
    def __init__(self, group: Group, ring: Callable[[], object]) -> None:
        self._group, self._ring, self._rung = group, ring, False

    def send(self) -> None:
        if not self._rung:
            self._rung = True
            self._group.world.soon(self._hear)

    def close(self) -> None:
        self._ring = lambda: None

    def _hear(self) -> None:
        self._rung = False
        if self._group.alive:
            self._ring()
