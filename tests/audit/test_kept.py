"""The page that says how often the ranges held that people were told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ltsa.commands import CallNext, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.predictions import MODEL, RecordWaits
from ltsa.tokens import token_digest
from tests.ltsa.test_predictions import told

if TYPE_CHECKING:
    from tests.audit.conftest import Auditor


def tell_and_call(auditor: Auditor) -> str:
    """Two people are told that they are called within five minutes; one is called at once, one is told ten to twenty
    and called at once too. The date.
    """
    here = auditor.house
    said: dict[str, Any] = {"office": "ltsa", "by": "test"}
    here.do(OpenCounter(**said, at=here.now(), key="opens 8", counter="8", officer="Sri", services=("bank",)))
    date = here.office("ltsa").service_date(here.now()).isoformat()
    for n, (low, high) in enumerate(((0, 5), (10, 20)), 1):
        at, key = here.now(), f"n {n}"
        done = here.do(IssueTicket(**said, at=at, key=key, services=("bank",), token=token_digest(key)))
        assert done.answer
        assert done.answer.ticket
        wait = replace(told(done.answer.ticket.number, 0, low, high), at=at, since=at)
        here.do(RecordWaits(**said, at=at, key=f"told {n}", date=date, model=MODEL, waits=(wait,)))
        if n == 1:
            here.do(CallNext(**said, at=here.now(), key="calls", counter="8"))
    here.do(StartService(**said, at=here.now(), key="starts", counter="8"))
    here.do(FinishService(**said, at=here.now(), key="ends", counter="8", outcome="done"))
    here.do(CallNext(**said, at=here.now(), key="calls again", counter="8"))
    here.catch_up()
    return date


def test_a_day_without_predictions_says_so(auditor: Auditor) -> None:
    assert "Belum ada rentang yang bisa dinilai" in auditor.opens("/forecast")


def test_the_page_counts_what_held_and_the_table_names_each(auditor: Auditor) -> None:
    date = tell_and_call(auditor)
    page = auditor.opens("/forecast")
    assert "Dari 2 rentang" in page
    assert "50 % tepat" in page
    assert "kept__bar" in page
    table = auditor.client.get(f"/audit/ltsa/forecast.csv?from={date}&to={date}")
    rows = table.get_data(as_text=True).splitlines()
    assert len(rows) == 3
    held = [re.split("[,;]", row)[7] for row in rows[1:]]
    assert held == ["ya", "tidak"], "the second was called long before the range began"
