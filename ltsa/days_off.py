"""The country's days off of a year, offered to an office to be taken over into its configuration.

From the library `holidays`: national holidays and cuti bersama as decreed, later years by calculation, some of them
marked as estimates. What an office took over is data of its own: a replay does not depend on the library's version.
"""

from ltsa.office import DayOff, Kind

_KINDS: tuple[tuple[Kind, str], ...] = (("holiday", "public"), ("joint-leave", "government"))
"""And how the library calls them."""

_LANGUAGES = {"id": "id", "en": "en_US"}


def national_days_off(year: int) -> tuple[DayOff, ...]:
    """A year's national holidays and cuti bersama by date; a date that is both is a holiday."""
    # It brings every country of the world along, which no start of a server should wait for.
    from holidays.countries.indonesia import Indonesia  # noqa: PLC0415

    found: dict[str, DayOff] = {}
    for kind, category in _KINDS:
        calendars = {
            code: Indonesia(years=year, categories=category, language=language, expand=False)
            for code, language in _LANGUAGES.items()
        }
        for day in calendars["id"]:
            name = {code: calendar[day] for code, calendar in calendars.items()}
            found.setdefault(day.isoformat(), DayOff(date=day.isoformat(), name=name, kind=kind))
    return tuple(found[day] for day in sorted(found))
