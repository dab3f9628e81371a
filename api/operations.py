"""The one table of what programs may ask: the application's addresses and the OpenAPI document both come from it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from api import answers, bodies, doing, looking
from api.asked import Asked
from ltsa import commands
from web.policy import ACTIONS, ANYONE, ENDPOINTS

BASE = "/api/v1"
OFFICE = BASE + "/offices/{office}"
COUNTER = OFFICE + "/counters/{counter}"
NUMBER = OFFICE + "/tickets/{number}"
TOKEN = BASE + "/tickets/{token}"
CARD = BASE + "/cases/{card}"

READS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.MISDIRECTED_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
CHANGES = (
    *READS,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that programs may ask.

    Attributes:
        name: the document's operationId.
        path: the address, its parts in braces.
        view: answers a request with a struct.
        answers: that struct's type.
        summary: what it is for, in a sentence.
        tag: which part of the work it belongs to.
        sends: the kind of body, None where nothing is changed.
        query: the kind of parameters.
        status: of an answer that is no refusal.
        refusals: the statuses of those that are.
        example: a body, where an empty one would not do.
    """

    name: str
    path: str
    view: Callable[[Asked], object]
    answers: Any
    summary: str
    tag: str
    sends: type[bodies.Body] | None = None
    query: type[bodies.Body] = bodies.Nothing
    status: int = HTTPStatus.OK
    refusals: tuple[int, ...] = CHANGES
    example: bodies.Body | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Which roles of programs, people and devices may ask it; none where nobody has to say who they are."""
        roles = ACTIONS[ENDPOINTS[f"api.{self.name}"]]
        return () if ANYONE in roles else roles

    @property
    def method(self) -> Literal["GET", "POST"]:
        """GET what only looks, POST what changes."""
        return "GET" if self.sends is None else "POST"


def _look(  # noqa: PLR0913 - a row of the table
    name: str,
    path: str,
    view: Callable[[Asked], object],
    shows: Any,
    summary: str,
    *,
    tag: str = "office",
    query: type[bodies.Body] = bodies.Nothing,
) -> Operation:
    named = (HTTPStatus.NOT_FOUND,) if "{" in path else ()
    withheld = () if tag in {"ticket", "journey"} else (HTTPStatus.FORBIDDEN,)
    refusals = (*READS, *named, *withheld)
    return Operation(
        name=name, path=path, view=view, answers=shows, summary=summary, tag=tag, query=query, refusals=refusals
    )


def _at_counter(
    name: str,
    kind: Callable[..., commands.DayCommand],
    summary: str,
    example: bodies.Body | None = None,
    *,
    sends: type[bodies.Body] = bodies.Nothing,
) -> Operation:
    """What an officer does with a person."""
    sends = type(example) if example else sends
    with_note = "note" in sends.__struct_fields__
    view = doing.command_with_note(kind) if with_note else doing.command(kind, answers.ticket_shown)
    return Operation(
        name=name,
        path=f"{COUNTER}/{name}",
        view=view,
        answers=answers.Ticket,
        summary=summary,
        tag="counter",
        sends=sends,
        example=example,
    )


def _of_counter(
    name: str, view: Callable[[Asked], object], summary: str, example: bodies.Body | None = None
) -> Operation:
    """What an officer does with the counter itself."""
    return Operation(
        name=name,
        path=f"{COUNTER}/{name}",
        view=view,
        answers=answers.CounterNow,
        summary=summary,
        tag="counter",
        sends=type(example) if example else bodies.Nothing,
        example=example,
    )


def _of_visit(
    name: str, kind: Callable[..., commands.DayCommand], summary: str, example: bodies.Body | None = None
) -> Operation:
    """What an officer does with a visit, wherever the person is."""
    return Operation(
        name=name,
        path=f"{NUMBER}/{name.removesuffix('-visit')}",
        view=doing.command(kind, answers.ticket_shown),
        answers=answers.Ticket,
        summary=summary,
        tag="visit",
        sends=type(example) if example else bodies.OfDay,
        example=example,
    )


def _of_kiosk(name: str, view: Callable[[Asked], object], summary: str) -> Operation:
    """What happens at a kiosk."""
    return Operation(
        name=name,
        path=f"{OFFICE}/kiosks/{{kiosk}}/{name}",
        view=view,
        answers=answers.KioskNow,
        summary=summary,
        tag="office",
        sends=bodies.Nothing,
    )


def _of_day(
    name: str, kind: Callable[..., commands.DayCommand], summary: str, example: bodies.Body | None = None
) -> Operation:
    """What a supervisor does with the day."""
    return Operation(
        name=name,
        path=f"{OFFICE}/{name}",
        view=doing.command(kind, answers.day_shown),
        answers=answers.DayNow,
        summary=summary,
        tag="office",
        sends=type(example) if example else bodies.Nothing,
        example=example,
    )


OPERATIONS = (
    _look(
        "offices",
        f"{BASE}/offices",
        looking.offices,
        tuple[answers.Office, ...],
        "Every office that you may see, with its services, counters and codes.",
    ),
    _look("board", f"{OFFICE}/board", looking.hall, answers.Board, "What the hall sees now."),
    _look(
        "events",
        f"{OFFICE}/days/{{date}}/events",
        looking.events,
        tuple[answers.Event, ...],
        "A service day's history, in order; ask again after the last version to follow it.",
        query=bodies.Since,
    ),
    Operation(
        name="issue",
        path=f"{OFFICE}/tickets",
        view=doing.issue,
        answers=answers.OwnTicket,
        summary="Take a number for one or more services.",
        tag="ticket",
        sends=bodies.Issue,
        status=HTTPStatus.CREATED,
        example=bodies.Issue(services=("health", "bank")),
    ),
    _look("ticket", TOKEN, looking.ticket, answers.OwnTicket, "The holder's own ticket.", tag="ticket"),
    Operation(
        name="open-case",
        path=f"{OFFICE}/cases",
        view=doing.open_case,
        answers=answers.OwnJourney,
        summary="Open a journey over days and offices; its card's secret is answered this once.",
        tag="journey",
        sends=bodies.NewCase,
        status=HTTPStatus.CREATED,
        example=bodies.NewCase(scheme="p-to-p", nik="3273015201900007"),
    ),
    _look(
        "case", CARD, looking.case, answers.OwnJourney, "The road of a journey, by its card's secret.", tag="journey"
    ),
    Operation(
        name="note-reference",
        path=f"{OFFICE}/cases/{{case}}/references",
        view=doing.note_reference,
        answers=answers.Journey,
        summary="Note a step's number in SIAPkerja or SISKOP2MI, or put it in place of one on paper.",
        tag="journey",
        sends=bodies.NewReference,
        example=bodies.NewReference(step="ak1", number="SK-2026-00017"),
    ),
    Operation(
        name="cancel",
        path=f"{TOKEN}/cancel",
        view=doing.cancel,
        answers=answers.OwnTicket,
        summary="Give the ticket up.",
        tag="ticket",
        sends=bodies.Nothing,
    ),
    _of_counter(
        "open",
        doing.open_counter,
        "Sit down at the counter, or come back from a pause.",
        bodies.Open(officer="Sri", services=("health", "bank")),
    ),
    _of_counter(
        "pause",
        doing.command(commands.PauseCounter, answers.counter_shown),
        "Leave the counter for a while.",
        bodies.Pause(reason="break"),
    ),
    _of_counter("close", doing.command(commands.CloseCounter, answers.counter_shown), "Leave the counter."),
    _at_counter("call-next", commands.CallNext, "Call whoever is next; 409 `nobody-waiting` where nobody is."),
    _at_counter(
        "call",
        commands.CallTicket,
        "Call a ticket that the officer chose.",
        bodies.Chosen(number="D001", reason="unwell"),
    ),
    _at_counter("recall", commands.Recall, "Call the called person again, as often as the office allows."),
    _at_counter("start", commands.StartService, "The called person has come."),
    _at_counter("finish", commands.FinishService, "The service ended.", bodies.Finish(outcome="done")),
    _at_counter(
        "return",
        commands.ReturnTicket,
        "Send the person to complete something.",
        bodies.Return(reasons=("document-missing",), note="Family card: bring the original."),
    ),
    _at_counter("no-show", commands.MissTicket, "The called person did not come."),
    _at_counter("hold", commands.HoldTicket, "The person steps aside for a moment, and the counter is free."),
    _at_counter("resume", commands.ResumeTicket, "Serve a person on hold again.", bodies.Resume(number="D001")),
    _at_counter(
        "transfer",
        commands.TransferTicket,
        "Send the person to another service instead of this one.",
        bodies.Transfer(service="information"),
    ),
    _at_counter(
        "documents",
        commands.CheckDocuments,
        "Say which documents of the present service's list were seen.",
        bodies.Documents(seen=("id-card",)),
    ),
    _at_counter(
        "note",
        commands.WriteNote,
        "Keep a note about the present person.",
        bodies.WrittenNote(note="Comes back with the original on Monday."),
    ),
    _at_counter("undo", commands.Undo, "Take back the counter's last call, finish, return or no-show, within seconds."),
    _of_visit("cancel-visit", commands.CancelTicket, "An officer gives a visit up for the person."),
    _of_visit("put-back", commands.PutBack, "Let an absent, returned, held or closed ticket wait again."),
    _of_visit(
        "steps",
        commands.ChangeSteps,
        "Add services to a visit, or take off such as have not begun.",
        bodies.Steps(add=("information",), drop=("bank",)),
    ),
    _of_visit(
        "priority",
        commands.SetPriority,
        "Give a visit a priority reason, or take it.",
        bodies.NewPriority(priority="elderly"),
    ),
    _of_kiosk("ask-help", doing.ask_help, "Somebody at a kiosk calls an officer: the desks and the supervisor see it."),
    _of_kiosk("give-help", doing.give_help, "Whoever called from a kiosk has been helped."),
    _of_day(
        "close-day",
        commands.CloseDay,
        "End the day: every visit that is not over is closed, every counter too.",
        bodies.Close(outcome="come-back"),
    ),
    _of_day("reopen-day", commands.ReopenDay, "Take back a closing that came too early."),
)
