"""What the settings ask for beyond single values: hours of a weekday, days off of a year, services, agencies."""

from typing import Any

import msgspec

from ltsa.office import DayOff, Office, Text
from manage.fields import ON, Field, Inputs, Rows, Sheet, Time, Words, in_order

BREAK = {"id": "Istirahat", "en": "Break"}


class Hours(Field, frozen=True, kw_only=True):
    """The hours of a weekday: closed, or from when to when, with breaks."""

    opens = Time(path="opens", label="opens")
    closes = Time(path="closes", label="closes")
    breaks = Rows(
        path="breaks",
        label="breaks",
        columns=(
            Time(path="begins", label="begins"),
            Time(path="ends", label="ends"),
            Words(path="name", label="break_name", needed=False),
        ),
        ordered=False,
        most=6,
    )

    def inputs(self, name: str, value: Any) -> Inputs:
        """Whether it is open, the hours, a row for each break."""
        shown = {f"{name}.open": ON} if value else {}
        hours = value or {"opens": "08:00", "closes": "16:00"}
        shown |= self.opens.inputs(f"{name}.opens", hours["opens"])
        shown |= self.closes.inputs(f"{name}.closes", hours["closes"])
        return shown | self.breaks.inputs(f"{name}.breaks", hours.get("breaks"))

    def read(self, sheet: Sheet, name: str) -> Any:
        """The hours; None for a weekday on which it is closed."""
        if sheet.text(f"{name}.open") != ON:
            return None
        breaks = self.breaks.read(sheet, f"{name}.breaks")
        return {
            "opens": self.opens.read(sheet, f"{name}.opens"),
            "closes": self.closes.read(sheet, f"{name}.closes"),
            "breaks": [rest | {"name": rest["name"] or BREAK} for rest in _by_time(breaks)],
        }

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """The weekday's hours; nothing where it stays closed."""
        value = self.read(sheet, self.path)
        return {self.path: value} if value or self.path.partition("/")[2] in office.week else {}


class DaysOff(Field, frozen=True, kw_only=True):
    """Which of some days are days off."""

    days: tuple[DayOff, ...]

    def painted(self, office: Office) -> Inputs:
        """A box for each day, ticked where the office has it."""
        return {f"{self.path}.{day.date}": ON for day in self.days if day.date in office.day_off}

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """The days that are ticked; None for those that are no longer."""
        ticked = {day.date for day in self.days if sheet.text(f"{self.path}.{day.date}") == ON}
        taken = {f"days_off/{day.date}": _dated(day) for day in self.days if day.date in ticked}
        left = [day.date for day in self.days if day.date not in ticked and day.date in office.day_off]
        return taken | {f"days_off/{date}": None for date in left}


class DatedRows(Rows, frozen=True, kw_only=True):
    """Dates of one year, each with what is to be known of it. `part` is where they stand."""

    part: str
    year: int

    def painted(self, office: Office) -> Inputs:
        """A row for each date."""
        return self.inputs(self.path, [msgspec.to_builtins(day) for day in self.shown(office)])

    def shown(self, office: Office) -> list[Any]:
        """The office's dates of that year that are written here."""
        days = [day for day in getattr(office, self.part) if day.date.startswith(f"{self.year}-")]
        return [day for day in days if getattr(day, "kind", "own") == "own"]

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """Each date with its facts; None for those that are no longer."""
        rows = {row.pop("date", ""): row for row in self.read(sheet, self.path)}
        for n in sheet.rows(self.path):
            name = f"{self.path}.{n}.date"
            if (date := sheet.text(name)) and not date.startswith(f"{self.year}-"):
                sheet.refuse(name, "year", year=self.year)
        known = {day.date: _dated(day) for day in self.shown(office)}
        kept = {f"{self.part}/{date}": known.get(date, {}) | row for date, row in rows.items()}
        return {f"{self.part}/{date}": None for date in known if date not in rows} | kept


class Services(Rows, frozen=True, kw_only=True):
    """The services, which have pages of their own: their order, and which of them are to be no more."""

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """The order; None for those without a row, which leave the counters and whatever came after them too."""
        order = [sheet.text(f"{self.path}.{n}.key") for n in sheet.rows(self.path)]
        gone = [service.id for service in office.services if service.id not in order]
        told: dict[str, Any] = {f"services/{name}": None for name in gone} | {"services/*": order}
        for counter in office.counters:
            if left := [name for name in counter.services if name not in gone]:
                told[f"counters/{counter.id}/services"] = left
            else:
                sheet.refuse(self.path, "counter-alone", counter=counter.name["id"])
        if set(office.rules.dispatch.far) & set(gone):
            told["rules/dispatch/far"] = [name for name in office.rules.dispatch.far if name not in gone]
        for service in office.services:
            if service.id in order and set(service.after) & set(gone):
                told[f"services/{service.id}/after"] = [name for name in service.after if name not in gone]
        return told


class Counters(Rows, frozen=True, kw_only=True):
    """The counters, each with its services in the order that they had."""

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """All of them."""
        rows = self.read(sheet, self.path)
        for row in rows:
            if before := office.counter.get(row.get("id", "")):
                row["services"] = in_order(row["services"], before.services)
        return {self.path: rows}


class Agencies(Field, frozen=True, kw_only=True):
    """The agencies of an office, each with its name at all of its services."""

    def painted(self, office: Office) -> Inputs:
        """A name for each agency."""
        shown: Inputs = {}
        for n, (name, _) in enumerate(agencies(office)):
            shown |= self.name(n).inputs(f"{self.path}.{n}", name)
        return shown

    def name(self, number: int) -> Words:
        """The field of one agency's name."""
        return Words(path=f"{self.path}.{number}", label="agency", needed=False)

    def changes(self, sheet: Sheet, office: Office) -> dict[str, Any]:
        """The name at every service of each agency."""
        return {
            f"services/{service}/agency": name
            for n, (_, services) in enumerate(agencies(office))
            for name in [self.name(n).read(sheet, f"{self.path}.{n}")]
            for service in services
        }


def agencies(office: Office) -> list[tuple[Text, list[str]]]:
    """The agencies of an office and the services of each, in the order of the services."""
    found: list[tuple[Text, list[str]]] = []
    for service in office.services:
        for name, services in found:
            if name == service.agency:
                services.append(service.id)
                break
        else:
            found.append((service.agency, [service.id]))
    return found


def _dated(day: Any) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(day)
    return {name: value for name, value in facts.items() if name != "date"}


def _by_time(breaks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(breaks, key=lambda rest: rest["begins"] or "")
