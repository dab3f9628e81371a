"""What screens show of people who are neither in a queue nor at a counter."""

from ltsa import board
from ltsa.commands import ChangeSteps, MissTicket, PutBack, ReturnTicket, StartService
from tests.ltsa.hall import Hall


def returns(hall: Hall, counter: str) -> str:
    """The counter calls somebody and sends them to complete something; answers the number."""
    number = hall.calls(counter)
    hall.do(StartService, counter=counter)
    hall.do(ReturnTicket, counter=counter, reasons=("document-missing",))
    return number


def away(hall: Hall, counter: str) -> list[tuple[str, str, str, int]]:
    return [(p.number, p.state, p.service, p.since) for p in board.desk(hall.day, counter).away]


def test_who_was_returned_is_away_at_that_desk_while_waiting_for_another_service() -> None:
    hall = Hall()
    hall.opens("5")
    hall.opens("9")
    number = hall.takes_number("health", "bank")
    returns(hall, "5")
    at = hall.now
    hall.waits(3)
    assert hall.line("bank") == [number]
    assert away(hall, "5") == [(number, "returned", "health", at)]
    hall.serves("9")
    assert away(hall, "5") == [(number, "returned", "health", at)], "the time is that of the return"
    hall.do(PutBack, number=number)
    assert away(hall, "5") == []


def test_who_missed_a_call_is_away_for_the_service_that_was_missed() -> None:
    hall = Hall()
    hall.opens("5")
    hall.opens("9")
    number = hall.takes_number("health", "bank")
    returns(hall, "5")
    hall.calls("9")
    hall.do(MissTicket, counter="9")
    assert [entry[:3] for entry in away(hall, "9")] == [(number, "absent", "bank")]
    assert [person.number for person in board.away(hall.day)] == [number]
    hall.do(ChangeSteps, number=number, drop=("bank",))
    assert [person.state for person in board.away(hall.day)] == ["absent"], "also when nothing is left to come back for"
