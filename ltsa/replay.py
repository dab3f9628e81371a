"""The day at an instant, and the stories in it: of a ticket, a counter, an officer. Pure, from the recorded events."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ltsa.day import CounterOpened, Day, DayOpened, evolve
from ltsa.present import Recorded


class Line(Struct, frozen=True, kw_only=True):
    """One event in a story.

    `actor` is who gave the command, `officer` who sat at the counter; `details` are the event's other fields by name.
    """

    position: int
    version: int
    at: int
    event: str
    actor: str
    number: str = ""
    service: str = ""
    counter: str = ""
    officer: str = ""
    details: dict[str, object] = {}


def day_at(history: Iterable[Recorded], until: int | None = None, version: int | None = None) -> Day:
    """The day as it stood at an instant (ms UTC, inclusive) or right after a version; by default as it stands."""
    day = Day()
    for recorded in history:
        if (until is not None and recorded.event.at > until) or (version is not None and recorded.version > version):
            break
        evolve(day, recorded.event)  # type: ignore[arg-type]
    return day


def story(history: Iterable[Recorded], *, number: str = "", counter: str = "", officer: str = "") -> Iterator[Line]:
    """The events of a day as lines, in order; only those of one ticket, one counter or one officer when it is named."""
    sitting: dict[str, str] = {}
    for recorded in history:
        line = _line(recorded, sitting)
        if (
            (not number or line.number == number)
            and (not counter or line.counter == counter)
            and (not officer or line.officer == officer or line.actor == f"officer:{officer}")
        ):
            yield line


def _line(recorded: Recorded, sitting: dict[str, str]) -> Line:
    event = recorded.event
    if isinstance(event, CounterOpened):
        sitting[event.counter] = event.officer
    fields = {
        name: getattr(event, name)
        for name in event.__struct_fields__
        if name not in {"at", "by", "key", "content"} and not (isinstance(event, DayOpened) and name == "office")
    }
    counter = fields.get("counter", "")
    return Line(
        position=recorded.position,
        version=recorded.version,
        at=event.at,
        event=_kebab(type(event).__name__),
        actor=event.by,
        number=fields.pop("number", ""),
        service=fields.pop("service", ""),
        counter=fields.pop("counter", ""),
        officer=fields.pop("officer", sitting.get(counter, "")),
        details=fields,
    )


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
