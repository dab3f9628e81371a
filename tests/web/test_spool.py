"""What lies about devices beside the ledger, in a file and in a database."""

from collections.abc import Callable, Iterator

import pytest

from ltsa.side_store import Beside
from web.fleet import CODE_GOOD, PairingLink, Report
from web.spool import PRINTED_WITHIN, REMEMBERED, PrintJob, Spool

AT = 1_795_219_200_000
SAID = {"kind": "kiosk", "office": "ltsa", "name": "pintu", "counter": "", "address": "10.0.0.7", "browser": "Chromium"}


@pytest.fixture
def spool(beside: Callable[[str], Beside]) -> Iterator[Spool]:
    opened = Spool(beside("devices"))
    yield opened
    opened.close()


def job(number: int, printer: str = "printer-1") -> PrintJob:
    """A ticket that was taken one second after the one before."""
    at = AT + number * 1000
    return PrintJob(
        job=f"job-{number}",
        printer=printer,
        office="ltsa",
        date="2026-11-21",
        key=f"key-{number}",
        ordered=at,
        until=at + PRINTED_WITHIN,
    )


def test_a_device_waits_under_one_code_until_it_is_let_in_or_the_code_is_over(spool: Spool) -> None:
    waiting = spool.begin("d1", AT, **SAID)
    assert spool.begin("d1", AT + 1, **SAID) == waiting
    assert spool.begin("d2", AT, **SAID).code != waiting.code
    assert spool.waiting(waiting.code, AT) == spool.waits("d1", AT) == waiting
    assert spool.waiting(waiting.code, AT + CODE_GOOD) is None
    spool.end(waiting.code)
    assert spool.waits("d1", AT) is None


def test_a_link_pairs_until_it_is_used(spool: Spool) -> None:
    link = PairingLink(kind="display", office="ltsa", name="aula", counter="", by="manager:maya", until=AT + CODE_GOOD)
    spool.keep_link("d1", link)
    assert spool.link("d1", AT) == link
    assert spool.link("d1", AT + CODE_GOOD) is None
    spool.end_link("d1")
    assert spool.link("d1", AT) is None


def test_what_a_device_last_said_is_known_and_its_sign_of_life_never_goes_back(spool: Spool) -> None:
    said = Report(device="kiosk-1", seen=AT, version="1.0", paper="low", printer="reachable", screen="1080×1920")
    assert spool.report(said) == said
    spool.saw(["kiosk-1", "display-1"], AT + 5)
    spool.saw(["kiosk-1"], AT + 1)
    spool.recorded("kiosk-1", "low", AT + 6)
    spool.renewed("kiosk-1", AT + 7)
    known = spool.reports()
    assert (known["kiosk-1"].seen, known["kiosk-1"].paper, known["display-1"].version) == (AT + 5, "low", "")
    assert (known["kiosk-1"].recorded, known["kiosk-1"].recorded_at, known["kiosk-1"].renewed) == (
        "low",
        AT + 6,
        AT + 7,
    )
    assert spool.report(Report(device="kiosk-1", seen=AT + 2, version="1.1")).seen == AT + 5
    spool.forget(AT, ["display-1"])
    assert list(spool.reports()) == ["display-1"]


def test_a_ticket_is_ordered_once_printed_once_and_its_key_is_wiped(spool: Spool) -> None:
    assert [spool.order(job(2)), spool.order(job(1)), spool.order(job(1))] == ["ordered"] * 3
    spool.order(job(3, "printer-2"))
    assert [each.job for each in spool.to_print("printer-1", AT + 3000)] == ["job-1", "job-2"]
    assert not spool.printed("job-1", "printer-2"), "it is not that one's"
    assert spool.printed("job-1", "printer-1")
    kept = spool.job("job-1")
    assert kept is not None
    assert (kept.state, kept.key, spool.order(job(1))) == ("printed", "", "printed")
    late = AT + 2000 + PRINTED_WITHIN
    assert spool.to_print("printer-1", late) == []
    kept = spool.job("job-2")
    assert kept is not None
    assert (kept.state, kept.key) == ("late", ""), "nobody stands there any more"
    spool.forget_prints(late + REMEMBERED)
    assert (spool.job("job-2"), spool.job("job-3") is not None) == (None, True)
