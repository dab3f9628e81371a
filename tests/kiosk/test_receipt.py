"""The applicant's receipt: the proof of a visit, on the phone, once the day is closed and signed."""

from __future__ import annotations

import io
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from html5lib import HTMLParser

from app import create_app
from ltsa.commands import CallNext, CloseDay, FinishService, IssueTicket, OpenCounter, StartService
from ltsa.published import Published
from ltsa.tokens import ticket_secret, token_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from flask.testing import FlaskClient

    from web.house import House
    from web.settings import Settings


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """An office in this process."""
    made = create_app(settings)
    with closing(made.extensions["ltsa"]):
        yield made


class Visit:
    """Somebody at the bank's counter."""

    def __init__(self, app: Flask) -> None:
        self.here: House = app.extensions["ltsa"]
        self.phone: FlaskClient = app.test_client()
        self.at = self.here.now()
        date = self.here.office("ltsa").service_date(self.at).isoformat()
        self.token = ticket_secret(self.here.seed, "ltsa", date, "a key")
        self.does(IssueTicket, by="kiosk:1", key="a key", services=("bank",), token=token_digest(self.token))

    def does(self, kind: type, **facts: object) -> None:
        """Something happens in the office."""
        self.at += 1
        said = {"office": "ltsa", "at": self.at, "by": "officer:siti", "key": f"{kind.__name__} {self.at}", **facts}
        self.here.do(kind(**said))
        self.here.catch_up()

    def is_served(self) -> None:
        """From the call to the end."""
        bank = next(counter.id for counter in self.here.office("ltsa").counters if "bank" in counter.services)
        self.does(OpenCounter, counter=bank, officer="siti")
        self.does(CallNext, counter=bank)
        self.does(StartService, counter=bank)
        self.does(FinishService, counter=bank, outcome="done")

    def reads(self, page: str, lang: str = "en") -> str:
        """A page of the ticket."""
        answer = self.phone.get(f"/t/{self.token}{page}?lang={lang}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.text


def test_the_holder_keeps_the_proof_of_their_visit_once_the_day_is_closed_and_signed(app: Flask) -> None:
    visit = Visit(app)
    visit.is_served()
    assert "Proof of this visit" not in visit.reads("")
    page = visit.reads("/receipt")
    assert "The service day is not over" in page
    assert "Called to" in page
    assert "receipt.zip" not in page
    assert visit.phone.get(f"/t/{visit.token}/receipt.zip").status_code == 303

    visit.does(CloseDay)
    Published(visit.here.ledger).sign()
    assert "Proof of this visit" in visit.reads("")
    for lang, said in (("en", "Keep the proof"), ("id", "Simpan bukti")):
        page = visit.reads("/receipt", lang)
        assert said in page
        HTMLParser(strict=True).parse(page)
    answer = visit.phone.get(f"/t/{visit.token}/receipt.zip")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/zip", "no-store")

    log = Published(visit.here.ledger)
    from audit import bundle  # noqa: PLC0415 - whoever checks it is another face

    assert "5 events" in bundle.told(io.BytesIO(answer.data), [log.verifier_key])


def test_without_the_ticket_s_secret_there_is_no_receipt(app: Flask) -> None:
    visit = Visit(app)
    for page in ("receipt", "receipt.zip"):
        assert visit.phone.get(f"/t/{'A' * 26}/{page}").status_code == 404
