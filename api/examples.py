"""What the document shows as examples: a short morning played by the rules themselves, and one refusal of each kind."""

from datetime import date
from typing import Any

from api import answers
from ltsa import board, commands, journey, journey_rules
from ltsa.calling import carry_out
from ltsa.day import Day
from ltsa.journey import Person, case_id
from ltsa.journey_rules import Here, NoteReference, OpenCase, RecordStep
from ltsa.ledger import Done
from ltsa.office import Office, example_office
from ltsa.present import Recorded, day_stream
from ltsa.road import road
from ltsa.rules import decide
from ltsa.tokens import token_digest
from web.forecasting import Wait
from web.journeys import Journey

TOKEN = "QMPR2JVZ5TD4WXN7H3KEA6CUFY"  # noqa: S105 - made up
PERSON, CARD = "0c5a7d1e9b3f82640d17", "7XKQH2VN4RZD6TWJ3MCEPAUY5F"
WAIT = Wait(low=10, high=20, begins=1_795_223_400_000, ends=1_795_224_000_000, method="futures")
ADDRESS = "http://127.0.0.1:8000"
MORNING = 1_795_224_600_000
"""21 November 2026, 08.30 in Jakarta."""

MISSING_KEY = answers.Error(
    code="missing-key",
    message="Send the header Idempotency-Key with every change: the same for a retry, a new one for each new command.",
    field="Idempotency-Key",
    state=None,
)
SIGN_IN_NEEDED = answers.Error(
    code="sign-in-needed",
    message="Sign in first: a person at /sign-in, a program with `Authorization: Bearer TOKEN`.",
    field=None,
    state=None,
)
NOT_ALLOWED = answers.Error(
    code="not-allowed",
    message="This is not yours to see or to do; ask the manager of the office for the right.",
    field=None,
    state="desk.work",
)
UNKNOWN_HOST = answers.Error(
    code="unknown-host",
    message="This office is not called 'elsewhere.example'. Open it at its public address (the setting public_url), at"
    " this machine's address in numbers, or add the name to the setting hosts.",
    field=None,
    state=None,
)
TOO_MANY = answers.Error(
    code="too-many", message="Too many requests from here in a short time; ask again in 7 s.", field=None, state=None
)
UNKNOWN_OFFICE = answers.Error(
    code="unknown-office", message="There is no office 'lsta'; known are ltsa.", field="office", state=None
)
KEY_REUSED = answers.Error(
    code="key-reused",
    message="This idempotency key was used for another command; use a new key for each.",
    field="Idempotency-Key",
    state=None,
)
TOO_LARGE = answers.Error(code="too-large", message="What was sent exceeds the limit.", field=None, state=None)
UNSUPPORTED = answers.Error(
    code="unsupported-media-type",
    message="Send the body as Content-Type: application/json in UTF-8, without Content-Encoding.",
    field=None,
    state=None,
)
UNKNOWN_FIELD = answers.Error(
    code="unknown-field",
    message="There is no 'service' here; known are: services, priority, language, appointment, card.",
    field="service",
    state=None,
)
UNAVAILABLE = answers.Error(
    code="ledger-unavailable",
    message="The record cannot be written or read now. Ask again with the same key: nothing is done twice.",
    field=None,
    state=None,
)


def of_answers() -> dict[str, answers.Shown]:
    """An example of every answer, by the name of its struct."""
    morning = _Morning()
    morning.do(commands.OpenCounter, counter="5", officer="Sri", services=("health", "bank"))
    issued = morning.do(commands.IssueTicket, services=("health", "bank"), token="0" * 64)
    called = morning.do(commands.CallNext, counter="5")
    shown, waits = (board.display(morning.day), board.hall(morning.day)), {"bank": WAIT, "health": WAIT}
    seen = answers.board_shown(*shown, morning.day.version, 42, waits)
    event = answers.event_shown(called.events[0])
    helped = morning.do(commands.AskHelp, kiosk="barat")
    closed = morning.do(commands.CloseDay)
    way = _journey(morning.office, morning.day.date, morning.at)
    return {
        "Office": answers.office_shown(example_office()),
        "OwnTicket": answers.own_ticket_shown(answers.ticket_of(issued), TOKEN, ADDRESS, WAIT),
        "Ticket": answers.ticket_shown(called),
        "CounterNow": answers.counter_shown(called),
        "Board": seen,
        "Event": event,
        "KioskNow": answers.kiosk_shown(helped),
        "DayNow": answers.day_shown(closed),
        "Journey": answers.journey_shown(way),
        "OwnJourney": answers.own_journey_shown(way, CARD, ADDRESS),
        "Error": UNKNOWN_FIELD,
    }


def _journey(office: Office, today: str, at: int) -> Journey:
    """A journey of which the first step is done and has its number in the system outside."""
    said: dict[str, Any] = {"office": office.id, "at": at, "by": "program:3f2a9c51d07e", "person": PERSON}
    flow, person, case = office.flow["p-to-p"], Person(), case_id(PERSON, 1)
    here = Here(office=office, today=today, flows={flow.digest: flow})
    for command in (
        OpenCase(**said, key="1", scheme=flow.id, card=token_digest(CARD)),
        RecordStep(**said, key="2", case=case, step="ak1", outcome="done"),
        NoteReference(**said, key="3", case=case, step="ak1", system="siapkerja", number="SK-2026-00017"),
    ):
        for event in journey_rules.decide(command, person, here):
            journey.evolve(person, event)
    found = person.cases[case]
    return Journey(
        person=PERSON,
        case=found,
        flow=flow,
        today=date.fromisoformat(today),
        road=road(found, flow, today, office),
        plan=None,
        visit=None,
        appointment=None,
    )


class _Morning:
    """A service day that nothing records."""

    def __init__(self) -> None:
        self.office = example_office()
        self.day: Day = board.unopened(self.office, date(2026, 11, 21))
        self.at = MORNING

    def do(self, kind: type[Any], **said: Any) -> Done:
        """Decides a command, a minute after the last one."""
        self.at += 60_000
        command = kind(
            office=self.office.id, at=self.at, by="program:3f2a9c51d07e", key=f"{kind.__name__} {self.at}", **said
        )
        stream, first = day_stream(self.office.id, self.day.date), self.day.version + 1
        events = carry_out(self.day, decide(command, self.day))
        recorded = (Recorded(40 + n, stream, n, event) for n, event in enumerate(events, first))
        return Done(tuple(recorded), board.answer(self.day, events))
