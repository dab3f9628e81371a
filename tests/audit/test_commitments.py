"""What an auditor is shown, held against what the record commits to: without seeing it, and while it is kept."""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from typing import TYPE_CHECKING, Any

import html5lib

from ltsa.commands import CheckDay
from ltsa.identity import identity
from ltsa.journal import DataRecorded, DataSeen
from web import journeys
from web.limits import LOOKED_UP
from web.notes import erase_note, note_beside

if TYPE_CHECKING:
    from tests.audit.conftest import Auditor

TEXT = "Bu Wati sakit, diganti Pak Joko.\nKunci arsip di laci."
RATNA = identity("3204014503900001", "Ratna Sari", "0812 3456 7890")
SARI: dict[str, Any] = {"office": "ltsa", "by": "officer:sari"}


def writes(auditor: Auditor, text: str = TEXT, key: str = "k") -> tuple[str, int]:
    """A remark at the opening: its id, and the position of the event that carries it."""
    here = auditor.house
    with note_beside(here, **SARI, number="", key=key, text=text) as note:
        done = here.do(CheckDay(**SARI, at=here.now(), key=key, ok=(), open=(), note=note))
    return note, done.position


def opens_a_case(auditor: Auditor) -> tuple[str, int]:
    """Ratna's case: who she is in the record, and the position of the event that commits to it."""
    person, _, _ = journeys.open_case(auditor.house, RATNA, **SARI, scheme="p-to-p", key="c")
    return person, recorded(auditor)[-1].position


def recorded(auditor: Auditor) -> list[Any]:
    return list(auditor.house.ledger.told("data-recorded/1"))


def checks(auditor: Auditor, position: int, **said: str) -> tuple[int, str]:
    answer = auditor.client.post(f"/audit/ltsa/committed/{position}", data=said)
    return answer.status_code, html.unescape(answer.text)


def salt_in(page: str) -> bytes:
    found = re.search(r"hexkey:([0-9a-f]{64})", page)
    assert found
    return bytes.fromhex(found[1])


def test_a_note_that_is_shown_is_the_one_that_was_written_or_not(auditor: Auditor) -> None:
    note, position = writes(auditor)
    page = auditor.opens(f"/committed/{position}")
    assert note in page
    assert TEXT[:9] not in page, "an auditor reads no note here"
    status, page = checks(auditor, position, text=TEXT.replace("\n", "\r\n"))
    assert (status, "Sesuai: ini yang dicatat" in page) == (200, True)
    by_hand = hmac.new(salt_in(page), f"ltsa-note/1\n{TEXT}".encode(), hashlib.sha256).hexdigest()
    assert by_hand == note, "and anybody can compute it without this program"
    parser = html5lib.HTMLParser()
    parser.parse(auditor.client.post(f"/audit/ltsa/committed/{position}", data={"text": TEXT}).text)
    assert parser.errors == []
    status, page = checks(auditor, position, text=TEXT.replace("Joko", "Jaka"))
    assert (status, "bukan ini yang dicatat" in page, "hexkey" in page) == (200, True, False)


def test_an_identity_is_on_record_with_its_case_and_with_each_correction(auditor: Auditor) -> None:
    person, position = opens_a_case(auditor)
    journeys.open_case(auditor.house, RATNA, **SARI, scheme="p-to-p", key="c")
    assert len(recorded(auditor)) == 1, "a retry records nothing twice"
    said = {"nik": "320401 450390 0001", "name": "Ratna Sari", "phone": "081234567890"}
    status, page = checks(auditor, position, **said)
    assert (status, "Sesuai: ini yang dicatat" in page) == (200, True)
    right = identity(RATNA.nik, "Ratna Sari Dewi", RATNA.phone)
    assert journeys.correct(auditor.house, person, right, **SARI)
    later = recorded(auditor)[-1]
    assert isinstance(later.event, DataRecorded)
    assert later.event.about == person
    wanted = {position: "Ratna Sari", later.position: "Ratna Sari Dewi"}
    for at, name in wanted.items():
        for tried in wanted.values():
            _, page = checks(auditor, at, **{**said, "name": tried})
            assert ("Sesuai: ini yang dicatat" in page) == (tried == name)
    for page in (auditor.opens("/journal", kind="data-recorded"), auditor.opens(f"/person/{person}")):
        assert f"/committed/{later.position}" in page


def test_after_the_erasure_nobody_can_test_a_guess(auditor: Auditor) -> None:
    """Not with the right words, and not with all that is left in the files."""
    (note, written), (person, opened) = writes(auditor), opens_a_case(auditor)
    assert journeys.erase(auditor.house, person, **SARI, key="e")
    assert erase_note(auditor.house, note, **SARI, about="", key="e")
    for position in (written, opened):
        assert "Tidak dapat diperiksa lagi" in auditor.opens(f"/committed/{position}")
        _, page = checks(auditor, position, text=TEXT, nik=RATNA.nik, name=RATNA.name, phone=RATNA.phone)
        assert "Sesuai: ini yang dicatat" not in page
    assert auditor.house.persons.salt(person) is auditor.house.people.salt(note) is None


def test_each_check_is_on_record_and_nobody_goes_through_all_niks(auditor: Auditor) -> None:
    person, position = opens_a_case(auditor)
    for n in range(1, LOOKED_UP.times):
        assert checks(auditor, position, nik=f"320401450390{n:04}")[0] == 200
    assert checks(auditor, position, nik="12")[0] == 422, "what is no NIK is no check"
    seen = [it.event for it in auditor.house.ledger.told("data-seen/1")]
    assert all(isinstance(event, DataSeen) for event in seen)
    assert [(event.kind, event.about, event.by) for event in seen] == [  # type: ignore[union-attr]
        ("person-check", person, "auditor:ratna")
    ] * (LOOKED_UP.times - 1)
    assert checks(auditor, position, nik=RATNA.nik)[0] == 429


def test_what_commits_to_nothing_here_is_not_found(auditor: Auditor) -> None:
    _, position = writes(auditor)
    auditor.is_refused("/committed/1", 404)
    auditor.is_refused(f"/committed/{position + 1000}", 404)
    auditor.is_refused("/committed/99999999999999999999", 404)
    assert auditor.client.get(f"/audit/batam/committed/{position}").status_code in {403, 404}


def test_a_note_of_an_older_version_says_that_it_cannot_be_checked(auditor: Auditor) -> None:
    here = auditor.house
    done = here.do(CheckDay(**SARI, at=here.now(), key="o", ok=(), open=(), note="ab" * 16))
    assert "Versi sistem yang lama" in auditor.opens(f"/committed/{done.position}")
