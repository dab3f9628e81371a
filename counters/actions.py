"""What the buttons of a desk and of the supervisor's page do: each is one command of the day.

A press comes as JSON: the command's own fields, what the page showed (`present`, the number at the counter, and `date`,
the service day) and, where a note goes along, its `text`. Who pressed is who is signed in, never what is typed.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Request

from ltsa import commands as c
from ltsa.day import Day
from ltsa.message import key_digest
from ltsa.people import LONGEST_NOTE
from web.errors import Refused
from web.house import House
from web.midnight import now_on

LONGEST_KEY = 200
KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
"""An idempotency key of a page. The house's own keys ("close ltsa 2026-11-21 …") hold a space: nobody takes one."""

LONGEST_CODE = 40

DESK: Mapping[str, type[c.DayCommand]] = {
    "open": c.OpenCounter,
    "pause": c.PauseCounter,
    "close": c.CloseCounter,
    "call-next": c.CallNext,
    "call": c.CallTicket,
    "recall": c.Recall,
    "start": c.StartService,
    "finish": c.FinishService,
    "return": c.ReturnTicket,
    "no-show": c.MissTicket,
    "hold": c.HoldTicket,
    "resume": c.ResumeTicket,
    "transfer": c.TransferTicket,
    "documents": c.CheckDocuments,
    "note": c.WriteNote,
    "undo": c.Undo,
    "cancel": c.CancelTicket,
    "put-back": c.PutBack,
    "steps": c.ChangeSteps,
    "priority": c.SetPriority,
    "give-help": c.GiveHelp,
}
"""The desk's actions, by the last part of their address."""

HALL: Mapping[str, type[c.DayCommand]] = {
    "close-day": c.CloseDay,
    "reopen-day": c.ReopenDay,
    "give-help": c.GiveHelp,
}
"""The supervisor's actions."""


class Press:
    """One press of a button, as the page sent it. Raises `Refused` when it cannot be read.

    Attributes:
        key: the idempotency key that the page made.
        asked: the body.
    """

    def __init__(self, request: Request) -> None:
        self.key = request.headers.get("Idempotency-Key", "")
        if not KEY.fullmatch(self.key):
            message = f"Send the header Idempotency-Key: 1 to {LONGEST_KEY} characters, no space, new for each press."
            raise Refused("missing-key", message, field="Idempotency-Key", status=HTTPStatus.BAD_REQUEST)
        try:
            self.asked = msgspec.json.decode(request.get_data(), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused("bad-request", f"Send a JSON object: {error}", status=HTTPStatus.BAD_REQUEST) from error

    def text(self, field: str, longest: int) -> str:
        """A text of the body, trimmed; "" when there is none."""
        value = self.asked.get(field, "")
        if not isinstance(value, str) or len(value.strip()) > longest:
            raise _wrong(field, f"{field} must be a text of at most {longest} characters.")
        return value.strip()

    def at(self, here: House, office: str) -> int:
        """When the press came (ms UTC). Raises `Refused` when the page showed another service day."""
        return now_on(here, office, self.text("date", LONGEST_CODE), self.key)

    def command(self, kind: type[c.DayCommand], **said: object) -> c.DayCommand:
        """The command that the press asks for; `said` is what the page has no word in."""
        try:
            return msgspec.convert({**self.asked, **said, "key": self.key}, kind)
        except msgspec.ValidationError as error:
            sentence, _, field = str(error).partition(" - at ")
            raise _wrong(field.strip("`$.") or "body", sentence) from error

    def meets(self, here: House, office: str, counter: str) -> None:
        """Refuses a press for somebody who is not at the counter: the page was behind. A press that was answered before
        gets its first answer. The rules look again for the counter's own commands, and have the last word.
        """
        expected = self.text("present", LONGEST_CODE)
        if expected and not self._is_there(here.today(office), counter, expected):
            here.catch_up()
            if not self._is_there(day := here.today(office), counter, expected):
                state = day.tickets[expected].state if expected in day.tickets else None
                raise Refused("moved-on", f"{expected} is not at this counter.", field="present", state=state)

    def about(self, here: House, office: str, counter: str) -> str:
        """The number that a note goes with: the one that the page showed, else whoever is at the counter."""
        at = here.today(office).counters.get(counter)
        return self.text("present", LONGEST_CODE) or (at.ticket if at else "")

    def _is_there(self, day: Day, counter: str, expected: str) -> bool:
        at = day.counters.get(counter)
        return at is None or at.ticket == expected or key_digest(self.key) in day.answered


def note_of(press: Press, kind: type[c.DayCommand]) -> str:
    """The text that comes with a press, "" where the command takes none. Raises `Refused` if there should be one."""
    text = press.text("text", LONGEST_NOTE) if "note" in kind.__struct_fields__ else ""
    if not text and kind is c.WriteNote:
        raise Refused("no-text", "Write something first.", field="text", status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return text


def _wrong(field: str, sentence: str) -> Refused:
    return Refused("wrong-input", sentence, field=field, status=HTTPStatus.UNPROCESSABLE_ENTITY)
