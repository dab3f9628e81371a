"""Times, dates and counts as Indonesians write them, and as English-speaking readers do."""

from datetime import UTC, date, datetime

import pytest
from flask import g, render_template_string

from tests.web.look_app import look_app
from web.format import (
    count,
    full_date,
    hhmm,
    hhmmss,
    iso,
    listed,
    long_date,
    minutes,
    minutes_range,
    ranged,
    short_date,
    zone_label,
)

AFTERNOON = int(datetime(2026, 11, 21, 7, 30, 5, tzinfo=UTC).timestamp() * 1000)
LATE = int(datetime(2026, 11, 21, 16, 30, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000


@pytest.mark.parametrize(
    ("zone", "label", "time"),
    [("Asia/Jakarta", "WIB", "14.30"), ("Asia/Makassar", "WITA", "15.30"), ("Asia/Jayapura", "WIT", "16.30")],
)
def test_one_instant_is_three_times_of_day_in_indonesia(zone: str, label: str, time: str) -> None:
    assert hhmm(AFTERNOON, zone) == time
    assert hhmmss(AFTERNOON, zone) == f"{time}.05"
    assert zone_label(zone) == label


def test_english_writes_the_time_with_a_colon() -> None:
    assert hhmm(AFTERNOON, lang="en") == "14:30"
    assert hhmmss(AFTERNOON, lang="en") == "14:30:05"


def test_the_date_is_the_local_one() -> None:
    assert long_date(LATE, "Asia/Jakarta") == "21 November 2026"
    assert long_date(LATE, "Asia/Jayapura") == "22 November 2026"


def test_dates_are_written_out() -> None:
    assert full_date(AFTERNOON) == "Sabtu, 21 November 2026"
    assert full_date(AFTERNOON, lang="en") == "Saturday, 21 November 2026"
    assert full_date("2026-08-17") == "Senin, 17 Agustus 2026"
    assert short_date(date(2026, 8, 17)) == "17 Agu 2026"
    assert short_date("2026-05-02", lang="en") == "2 May 2026"


@pytest.mark.parametrize(
    ("ms", "indonesian", "english"),
    [
        (0, "< 1 menit", "< 1 minute"),
        (-5_000, "< 1 menit", "< 1 minute"),
        (59_999, "< 1 menit", "< 1 minute"),
        (MINUTE, "1 menit", "1 minute"),
        (12 * MINUTE, "12 menit", "12 minutes"),
        (60 * MINUTE, "1 jam", "1 hour"),
        (65 * MINUTE, "1 jam 5 menit", "1 hour 5 minutes"),
        (121 * MINUTE, "2 jam 1 menit", "2 hours 1 minute"),
    ],
)
def test_durations_are_words(ms: int, indonesian: str, english: str) -> None:
    assert minutes(ms) == indonesian
    assert minutes(ms, "en") == english


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (10, 20, "10–20 menit"),
        (0, 5, "kurang dari 5 menit"),
        (0, 1, "< 1 menit"),
        (8, 8, "8 menit"),
        (50, 80, "50–80 menit"),
    ],
)
def test_a_wait_is_a_range(low: int, high: int, said: str) -> None:
    assert minutes_range(low * MINUTE, high * MINUTE) == said


@pytest.mark.parametrize(
    ("names", "indonesian", "english"),
    [
        ([], "", ""),
        (["A"], "A", "A"),
        (["A", "B"], "A dan B", "A and B"),
        (["A", "B", "C"], "A, B, dan C", "A, B and C"),
    ],
)
def test_names_in_a_sentence_end_in_and(names: list[str], indonesian: str, english: str) -> None:
    assert listed(names) == indonesian
    assert listed(names, "en") == english


def test_thousands_take_a_point_in_indonesian_and_a_comma_in_english() -> None:
    assert count(1204) == "1.204"
    assert count(1234567) == "1.234.567"
    assert count(1204, "en") == "1,204"


def test_programs_read_the_offset() -> None:
    assert iso(AFTERNOON, "Asia/Makassar") == "2026-11-21T15:30:05+08:00"


def test_a_template_writes_in_its_page_s_zone_and_language() -> None:
    written = "{{ at | hhmm }} {{ zone_label() }}, {{ at | full_date }}, {{ 90000 | minutes }}, {{ 1204 | count }}"
    app = look_app()
    with app.app_context():
        assert render_template_string(written, at=AFTERNOON) == "14.30 WIB, Sabtu, 21 November 2026, 1 menit, 1.204"
        g.zone, g.lang = "Asia/Jayapura", "en"
        assert render_template_string(written, at=AFTERNOON) == "16:30 WIT, Saturday, 21 November 2026, 1 minute, 1,204"


@pytest.mark.parametrize(
    ("names", "written"),
    [
        ([], ""),
        (["Loket 4"], "Loket 4"),
        (["Loket 4", "Loket 5"], "Loket 4–5"),
        (["Loket 9", "Loket 4", "Loket 6", "Loket 5"], "Loket 4–6 dan 9"),
        (["4", "5", "7"], "4–5 dan 7"),
        (["Meja depan", "Loket 4"], "Meja depan dan Loket 4"),
    ],
)
def test_counters_that_differ_in_their_number_alone_are_named_together(names: list[str], written: str) -> None:
    assert ranged(names) == written
