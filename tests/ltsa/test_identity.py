"""Who somebody says they are: what a NIK, a phone number and a name can be."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltsa.identity import PROVINCES, doubts, identity, name_of, nik_of, phone_of
from ltsa.message import Refusal

RATNA = "3204014503900001"
"""A woman of Kabupaten Bandung, born on 5 March 1990: her day is 45."""


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("320401450390000", "wrong-nik"),
        ("32040145039000011", "wrong-nik"),
        ("32040145O3900001", "wrong-nik"),
        ("٣٢٠٤٠١٤٥٠٣٩٠٠٠٠١", "wrong-nik"),
        ("3204010003900001", "wrong-nik-day"),
        ("3204013203900001", "wrong-nik-day"),
        ("3204014003900001", "wrong-nik-day"),
        ("3204017203900001", "wrong-nik-day"),
        ("3204018503900001", "wrong-nik-day"),
        ("3204014500900001", "wrong-nik-month"),
        ("3204014513900001", "wrong-nik-month"),
        ("3204014503900000", "wrong-nik-serial"),
    ],
)
def test_what_cannot_be_a_nik_is_refused(written: str, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        nik_of(written)
    assert (refusal.value.code, refusal.value.field) == (code, "nik")
    assert written not in refusal.value.message


def test_a_nik_may_be_written_in_groups_and_is_never_changed() -> None:
    assert nik_of(" 320401 450390 0001 ") == RATNA


@pytest.mark.parametrize(
    ("nik", "born", "said"),
    [
        (RATNA, date(1990, 3, 5), ()),
        (RATNA, date(1990, 3, 6), ("birth-date-differs",)),
        ("9904014503900001", None, ("unknown-region",)),
        ("3200014503900001", None, ("unknown-region",)),
        ("3204013102900001", None, ("impossible-date",)),
        ("3204016902000001", None, ()),
        ("3204016902010001", None, ("impossible-date",)),
    ],
)
def test_what_is_odd_about_a_nik_is_said_and_not_refused(nik: str, born: date | None, said: tuple[str, ...]) -> None:
    assert nik_of(nik) == nik
    assert doubts(nik, born) == said


def test_there_are_38_provinces() -> None:
    assert len(PROVINCES) == 38


@pytest.mark.parametrize("written", ["0812 3456 7890", "62 812-3456-7890", "+62 (812) 3456.7890", "+6281234567890"])
def test_a_phone_number_is_kept_in_one_form(written: str) -> None:
    assert phone_of(written) == "+6281234567890"


@pytest.mark.parametrize("written", ["812 3456", "+62 0812 3456 7890", "0", "08x", "+1", "+62", "0812345678901234"])
def test_what_is_no_phone_number_is_refused(written: str) -> None:
    with pytest.raises(Refusal) as refusal:
        phone_of(written)
    assert refusal.value.code == "wrong-phone"


def test_a_phone_number_may_be_of_another_country_or_left_out() -> None:
    assert phone_of("+65 6123 4567") == "+6561234567"
    assert phone_of("  ") == ""


@pytest.mark.parametrize("name", ["Suharto", "I Gusti Ayu Ketut Widyastuti", "Ma'ruf", "Siti Nur'aini, S.Pd."])
def test_a_name_is_one_field_and_one_word_is_a_name(name: str) -> None:
    assert name_of(f"  {name.replace(' ', '  ')} ") == name


@pytest.mark.parametrize("name", ["", "   ", "1234", "Ratna\x00", "x" * 101, "Rat\u202ena"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        name_of(name)
    assert refusal.value.code == "wrong-full-name"


@given(st.text(), st.sampled_from([nik_of, phone_of, name_of]))
def test_whatever_is_written_is_kept_in_a_form_that_stays_or_refused(written: str, kept: Callable[[str], str]) -> None:
    try:
        once = kept(written)
    except Refusal:
        return
    assert kept(once) == once


def test_an_identity_says_which_field_cannot_be() -> None:
    assert identity(RATNA, " Ratna ", "0812 3456 7890").phone == "+6281234567890"
    with pytest.raises(Refusal) as refusal:
        identity(RATNA, "Ratna", "x")
    assert refusal.value.field == "phone"
