"""What is said when a number is called."""

from typing import get_args

import pytest

from display.announcement import PAUSE, Kind, announcement, in_words
from display.voice import CLIPS


def spoken(number: str, counter: str, kind: Kind = "call") -> str:
    """The clips as one line to read."""
    return " ".join(announcement(number, counter, kind).clips)


def test_a_number_is_said_digit_by_digit_and_the_counter_as_a_number() -> None:
    assert spoken("A012", "3") == "nomor-antrean , a nol satu dua , silakan-menuju loket tiga"
    assert spoken("D100", "10") == "nomor-antrean , d satu nol nol , silakan-menuju loket sepuluh"


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "satu"),
        (9, "sembilan"),
        (10, "sepuluh"),
        (11, "sebelas"),
        (12, "dua belas"),
        (19, "sembilan belas"),
        (20, "dua puluh"),
        (21, "dua puluh satu"),
        (35, "tiga puluh lima"),
        (99, "sembilan puluh sembilan"),
    ],
)
def test_numbers_are_said_as_indonesians_say_them(n: int, words: str) -> None:
    assert " ".join(in_words(n)) == words


def test_no_two_counters_below_a_hundred_sound_alike() -> None:
    assert len({in_words(n) for n in range(100)}) == 100


@pytest.mark.parametrize(
    ("counter", "words"), [("12A", "dua belas a"), ("B2", "b dua"), ("03", "nol tiga"), ("100", "satu nol nol")]
)
def test_a_counter_that_is_no_small_number_is_said_sign_by_sign(counter: str, words: str) -> None:
    assert spoken("A001", counter).endswith(f"loket {words}")


def test_a_recall_and_a_last_call_say_so_first() -> None:
    assert spoken("A012", "3", "recall").startswith("panggilan-ulang , nomor-antrean")
    assert spoken("A012", "3", "last").startswith("panggilan-terakhir , nomor-antrean")


def test_what_is_heard_can_be_read_in_both_languages() -> None:
    assert announcement("A012", "3", "call").captions == {
        "id": "Nomor antrean A012, silakan menuju Loket 3.",
        "en": "Number A012, please go to counter 3.",
    }
    assert announcement("A012", "3", "recall").captions["id"].startswith("Panggilan ulang. Nomor antrean A012")
    assert announcement("A012", "3", "last").captions["id"].startswith("Panggilan terakhir. Nomor antrean A012")


def test_there_is_a_clip_for_every_word_that_can_be_said() -> None:
    numbers = [f"{letter}{n:03}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for n in (123, 456, 789, 0)]
    said = {
        clip
        for kind in get_args(Kind)
        for number in numbers
        for counter in range(1, 100)
        for clip in announcement(number, str(counter), kind).clips
    }
    assert said - {PAUSE} == CLIPS.keys() - {"chime"}
