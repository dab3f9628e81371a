"""Whose counter it is: officers work at the counter that they opened; who leads the hall may step in at any."""

from http import HTTPStatus

from ltsa.day import Day
from ltsa.message import key_digest
from web.asking import asker
from web.errors import Refused
from web.house import House


def own_counter(here: House, office: str, counter: str, key: str = "") -> None:
    """Refuses a person who would act at a colleague's counter. Programs serve all counters of their office, and what
    was answered under this key before gets its first answer.

    Raises:
        Refused: `counter-taken`.
    """
    if is_own(here.today(office), counter, key):
        return
    here.catch_up()  # perhaps it was closed at another server
    if not is_own(here.today(office), counter, key):
        message = "A colleague sits at this counter; a supervisor may step in."
        raise Refused("counter-taken", message, field="counter", status=HTTPStatus.CONFLICT)


def is_own(day: Day, counter: str, key: str = "") -> bool:
    """Whether who asks may act at a counter: it is theirs or nobody's, they lead the hall, or are no person."""
    who, at = asker(), day.counters.get(counter)
    return (
        at is None
        or at.state == "closed"
        or who.person in ("", at.officer)
        or who.may("hall.lead", day.rules_of.id)
        or (key != "" and key_digest(key) in day.answered)
    )
