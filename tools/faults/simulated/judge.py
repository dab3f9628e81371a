"""What must be true of a run: of what clients were told, of the record, of every process and of every display."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from ltsa import board
from ltsa.day import Day, evolve
from ltsa.log import leaf_text, log_of
from ltsa.present import Present, Recorded, day_stream
from ltsa.proof import leaf_hash, root
from ltsa.record import decoded
from ltsa.store import Row
from tools.faults.check import compare
from tools.faults.simulated.people import Answered
from tools.faults.simulated.process import OFFICE, shown

if TYPE_CHECKING:
    from tools.faults.simulated.run import Run

WORKED_OUT = {"claims", "ranks"}
"""What a day only remembers."""

KEPT = [name for name in Day.__struct_fields__ if name not in WORKED_OUT]


def judge(run: Run) -> None:
    """Adds to what was found whatever is wrong."""
    recorded = decoded(run.disk.committed.cursor(), "rowid > 0 ORDER BY rowid")
    compare(run.found, [told for client in run.clients for told in client.told], recorded)
    for sentence in _wrong(run, recorded):
        run.found.says(sentence)


def _wrong(run: Run, recorded: Sequence[Recorded]) -> Iterator[str]:
    for client in run.clients:
        yield from client.wrong
    for display in run.displays:
        yield from display.wrong
    yield from _of_the_order(recorded)
    yield from _of_the_tree(run)
    yield from _of_what_was_told(run, recorded)
    yield from _of_processes(run, recorded)


def _of_the_order(recorded: Sequence[Recorded]) -> Iterator[str]:
    """Positions and versions have no gap, no key leads to two commands, and time does not run back."""
    if (positions := [row.position for row in recorded]) != list(range(1, len(recorded) + 1)):
        yield f"Positions have a gap or a double: {positions}."
    versions, newest = Counter[str](), Counter[str]()
    for row in recorded:
        versions[row.stream] += 1
        if row.version != versions[row.stream]:
            yield f"{row.stream} has {row.version} where {versions[row.stream]} comes next."
        if row.event.at < newest[row.stream]:
            yield f"{row.stream} {row.version} is older than the event before."
        newest[row.stream] = max(newest[row.stream], row.event.at)


def _of_the_tree(run: Run) -> Iterator[str]:
    """The proof log's leaves and root are those of the events."""
    cursor = run.disk.committed.cursor()
    cursor.execute(
        "SELECT rowid, originator_id, originator_version, topic, CAST(state AS BLOB) FROM ledger ORDER BY rowid"
    )
    leaves = [leaf_hash(leaf_text(Row(*row)).encode()) for row in cursor.fetchall()]
    log = log_of(cursor)
    if log.size() != len(leaves) or log.hashes(0, len(leaves)) != leaves:
        yield f"The proof log has {log.size()} leaves, and the {len(leaves)} events make others."
    elif log.root(len(leaves)) != root(leaves):
        yield "The proof log's root is not that of its leaves."


def _of_what_was_told(run: Run, recorded: Sequence[Recorded]) -> Iterator[str]:
    """Every answer, and every picture of every display, is what the record gives at its position."""
    answers = {one.done.position: (client.name, one) for client in run.clients for one in client.answered}
    pictures = {(picture.v, picture.html) for display in run.displays for picture in display.pictures}
    seen, true, day, stream = {v for v, _ in pictures}, dict[int, str](), Day(), _today(run)
    for row in recorded:
        if row.stream == stream:
            evolve(day, row.event)  # type: ignore[arg-type]
        if row.position in seen:
            true[row.position] = shown(day, *run.office)
        if row.position in answers:
            yield from _of_an_answer(*answers[row.position], day, recorded)
    for v, html in sorted(pictures):
        if true.get(v) != html:
            yield f"A display was shown at {v} what the record does not give there."
    for display in run.displays:
        if display.html != shown(day, *run.office):
            yield f"{display.name} shows {display.v}, and not where the record ends, {recorded[-1].position}."


def _of_an_answer(name: str, told: Answered, day: Day, recorded: Sequence[Recorded]) -> Iterator[str]:
    """A day as it was right after the command's last event."""
    done = told.done
    if done.events != tuple(recorded[done.events[0].position - 1 : done.position]):
        yield f"{name} was told of other events under {told.key} than are on record."
    elif done.answer != board.answer(day, [one.event for one in done.events]):  # type: ignore[misc]
        yield f"{name} was told another picture under {told.key} than the record gives."


def _of_processes(run: Run, recorded: Sequence[Recorded]) -> Iterator[str]:
    """What every process takes for true is a replay up to its position."""
    held: dict[int, list[tuple[str, Day]]] = {}
    for process in run.processes:
        if not process.is_open:
            yield f"p{process.number} has not opened."
            continue
        for what, present in (("shows", process.following.present), ("decides by", process.ledger.known)):
            if present and (day := _held(run, present)):
                held.setdefault(present.position, []).append((f"p{process.number} {what}", day))
    day, stream = Day(), _today(run)
    for row in recorded:
        if row.stream == stream:
            evolve(day, row.event)  # type: ignore[arg-type]
        for what, known in held.pop(row.position, ()):
            if _kept(known) != _kept(day):
                yield f"What {what} at {row.position} is not what the record gives."
    for position in held:
        yield f"A process knows of {position}, which is not on record."


def _held(run: Run, present: Present) -> Day | None:
    """The day in memory; None where nobody asked for it since it was read anew."""
    return next((day for day in present.loaded(OFFICE) if day.date == run.office[1].isoformat()), None)


def _today(run: Run) -> str:
    return day_stream(OFFICE, run.office[1].isoformat())


def _kept(day: Day) -> bytes:
    return msgspec.json.encode([getattr(day, name) for name in KEPT], enc_hook=list)
