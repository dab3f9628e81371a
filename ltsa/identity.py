"""Who somebody says they are: what a NIK, a phone number and a name can be. Pure; none of it ever enters an event."""

import re
from datetime import date
from typing import Literal

from msgspec import Struct

from ltsa.message import Refusal

LONGEST_NAME = 100
WOMEN = 40
"""Added to the day of birth in a woman's NIK."""

PROVINCES = frozenset(
    f"{code}"
    for first, last in ((11, 19), (21, 21), (31, 36), (51, 53), (61, 65), (71, 76), (81, 82), (91, 96))
    for code in range(first, last + 1)
)
"""The 38 provinces' codes (Kepmendagri 100.1.1-6117/2022). A NIK keeps the code of its first registration."""

Doubt = Literal["unknown-region", "impossible-date", "birth-date-differs"]
"""What may be odd about a NIK that is one: it is said, and never refused nor made to match."""

_NIK = re.compile(r"[0-9]{16}")
_INDONESIAN = re.compile(r"\+62[1-9][0-9]{7,11}")
_ABROAD = re.compile(r"\+(?!62|0)[0-9]{8,15}")


class Identity(Struct, frozen=True, kw_only=True):
    """A person: NIK, name as on the identity card, phone in E.164 or ""."""

    nik: str
    name: str
    phone: str = ""


def identity(nik: str, name: str, phone: str = "") -> Identity:
    """An identity as it is kept. Raises `Refusal` with the field that cannot be."""
    return Identity(nik=nik_of(nik), name=name_of(name), phone=phone_of(phone))


def nik_of(written: str) -> str:
    """A NIK as it is kept: 16 digits, blanks between them left out. Six for the region, then day, month and year of
    birth (women: day + 40), four for the serial number; there is no check digit.
    """
    nik = "".join(written.split())
    if not _NIK.fullmatch(nik):
        raise Refusal("wrong-nik", "A NIK has 16 digits.", field="nik")
    day, month = int(nik[6:8]) % WOMEN, int(nik[8:10])
    if not (1 <= day <= 31 and int(nik[6:8]) <= WOMEN + 31):  # noqa: PLR2004 - the days of a month
        message = "Its 7th and 8th digits are a day of birth: 01 to 31, or 41 to 71 for women."
        raise Refusal("wrong-nik-day", message, field="nik")
    if not 1 <= month <= 12:  # noqa: PLR2004 - the months of a year
        message = "Its 9th and 10th digits are a month of birth: 01 to 12."
        raise Refusal("wrong-nik-month", message, field="nik")
    if nik.endswith("0000"):
        raise Refusal("wrong-nik-serial", "Its last four digits are never 0000.", field="nik")
    return nik


def doubts(nik: str, born: date | None = None) -> tuple[Doubt, ...]:
    """What is odd about a NIK: a region that is none today, a date that never was, a birth date other than `born`. The
    century is not in it.
    """
    found = list[Doubt]()
    if nik[:2] not in PROVINCES or "00" in (nik[2:4], nik[4:6]):
        found.append("unknown-region")
    day, month, year = int(nik[6:8]) % WOMEN, int(nik[8:10]), int(nik[10:12])
    if not any(_is_date(century + year, month, day) for century in (1900, 2000)):
        found.append("impossible-date")
    if born is not None and (born.day, born.month, born.year % 100) != (day, month, year):
        found.append("birth-date-differs")
    return tuple(found)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def phone_of(written: str) -> str:
    """A phone number in E.164 from 08…, 62…, +62… or another country's +…; "" for none."""
    number = re.sub(r"[\s().-]", "", written)
    if not number:
        return ""
    if number.startswith("0"):
        number = f"+62{number[1:]}"
    elif number.startswith("62"):
        number = f"+{number}"
    if not (_INDONESIAN.fullmatch(number) or _ABROAD.fullmatch(number)):
        message = "A phone number is written as 0812 3456 7890 or +62 812 3456 7890."
        raise Refusal("wrong-phone", message, field="phone")
    return number


def name_of(written: str) -> str:
    """A name as one field; one word is a name."""
    name = " ".join(written.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or not any(map(str.isalpha, name)):
        message = f"A name has 1 to {LONGEST_NAME} letters, as on the identity card."
        raise Refusal("wrong-full-name", message, field="name")
    return name
