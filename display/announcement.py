"""What is said when a number is called: the one place that turns a call into a sentence, as clips and as a caption.

"Nomor antrean, A, nol, satu, dua, silakan menuju Loket tiga." The number is said digit by digit and to the same end as
it stands on the ticket; the counter as a number. Never a name.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from ltsa.office import Text
from web.words import OFFERED, Words

Kind = Literal["call", "recall", "last"]

PAUSE = ","
"""Stands among the clips where the speaker draws breath."""

DIGITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")

_OPENINGS: dict[Kind, tuple[str, ...]] = {
    "call": (),
    "recall": ("panggilan-ulang", PAUSE),
    "last": ("panggilan-terakhir", PAUSE),
}


class Announcement(NamedTuple):
    """A call as it is heard (names of clips and pauses, in order) and as it is read (a sentence by language)."""

    clips: tuple[str, ...]
    captions: Text


@lru_cache(maxsize=1024)
def announcement(number: str, counter: str, kind: Kind) -> Announcement:
    """The sentence for a ticket's number and a counter's id: the first call, a recall, or the last call."""
    clips = (
        *_OPENINGS[kind],
        "nomor-antrean",
        PAUSE,
        *_one_by_one(number),
        PAUSE,
        "silakan-menuju",
        "loket",
        *_counted(counter),
    )
    captions = {lang: Words(lang)(f"display.said.{kind}", number=number, counter=counter) for lang in OFFERED}
    return Announcement(clips, captions)


def in_words(n: int) -> tuple[str, ...]:
    """An Indonesian number from 0 to 99 as clips: 11 sebelas, 15 lima belas, 20 dua puluh, 21 dua puluh satu."""
    tens, ones = divmod(n, 10)
    match tens, ones:
        case 0, _:
            return (DIGITS[ones],)
        case 1, 0:
            return ("sepuluh",)
        case 1, 1:
            return ("sebelas",)
        case 1, _:
            return (DIGITS[ones], "belas")
        case _:
            return (DIGITS[tens], "puluh", *((DIGITS[ones],) if ones else ()))


def _counted(counter: str) -> tuple[str, ...]:
    """A counter's id: "12" dua belas, "3A" tiga a; what is no number below 100 is said sign by sign."""
    parts = re.findall(r"[0-9]+|[A-Za-z]", counter)
    return tuple(clip for part in parts for clip in (in_words(int(part)) if _is_short(part) else _one_by_one(part)))


def _is_short(part: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]?", part) is not None


def _one_by_one(signs: str) -> tuple[str, ...]:
    """Letters and digits, each by its name; hyphens are not heard."""
    return tuple(DIGITS[int(sign)] if sign.isdigit() else sign.lower() for sign in signs if sign.isalnum())
