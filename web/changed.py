"""Changes of an office's configuration in words: which part it was, and what it was before and after."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ltsa.configuring import Change, Configurations, Difference
from ltsa.office import WEEKDAYS, Office, Opening, Text
from web.format import DAYS, full_date, listed
from web.words import FIRST, LANGUAGES, Words

NOTHING = "–"


class Told(NamedTuple):
    """A part that became another: its name, and both values as people read them; "–" where there was or is none."""

    what: str
    before: str
    after: str


class Teller:
    """Tells what changed from one configuration to another, in one language."""

    def __init__(self, before: Office, after: Office, lang: str) -> None:
        self._before, self._after, self.lang = before, after, lang
        self.words = Words(lang)

    def tell(self, difference: Difference) -> Told:
        """One part."""
        first, *rest = difference.path.split("/")
        told = getattr(self, f"_{first}", self._single)
        result: Told = told(rest, difference)
        return result

    def said(self, text: Text | None) -> str:
        """An office's own words in the reader's language."""
        return (text or {}).get(self.lang) or (text or {}).get(FIRST, "") or NOTHING

    def service(self, service: str) -> str:
        """A service's name, after or else before."""
        found = self._after.service.get(service) or self._before.service.get(service)
        return self.said(found.name) if found else service

    def hours(self, value: Any) -> str:
        """Hours as people write them: "08.00–16.00, istirahat 12.00–13.00"."""
        if not value:
            return self.words("manage.told.shut")
        breaks = [
            f"{self.said(rest['name'])} {self._span(rest['begins'], rest['ends'])}" for rest in value.get("breaks", ())
        ]
        return ", ".join([self._span(value["opens"], value["closes"]), *breaks])

    # --- By the first name of the path

    def _single(self, _rest: list[str], difference: Difference) -> Told:
        name = difference.path.partition("/")[0]
        known = {"name": "office_name", "zone": "zone", "running_text": "running_text"}
        return self._pair(self._field(known.get(name, name)), difference, self._words_or_text)

    def _second_factor(self, _rest: list[str], difference: Difference) -> Told:
        name: Callable[[str], str] = lambda role: self.words(f"role.{role}")  # noqa: E731
        return self._pair(self._field("second_factor"), difference, lambda roles: self._list(name(r) for r in roles))

    def _week(self, rest: list[str], difference: Difference) -> Told:
        if rest:
            weekday = DAYS.get(self.lang, DAYS[FIRST])[WEEKDAYS.index(rest[0])]
            label = self.words("manage.told.hours_on", day=weekday)
            before, after = self._before.week, self._after.week
            return Told(label, self._shut(difference.before, before), self._shut(difference.after, after))
        return self._pair(self.words("manage.section.week"), difference, lambda week: str(len(week)))

    def _days_off(self, rest: list[str], difference: Difference) -> Told:
        label = self.words("manage.told.day_off", day=self._date(rest[0]))
        return self._pair(label, difference, lambda day: self.said(day["name"]))

    def _special_days(self, rest: list[str], difference: Difference) -> Told:
        label = self.words("manage.told.special_day", day=self._date(rest[0]))
        return self._pair(label, difference, lambda day: f"{self.said(day['name'])}, {self.hours(day)}")

    def _services(self, rest: list[str], difference: Difference) -> Told:
        if rest == ["*"]:
            label = self.words("manage.told.order", of=self.words("manage.section.services"))
            return self._pair(label, difference, lambda ids: self._list(self.service(each) for each in ids))
        name = self.service(rest[0])
        match rest[1:]:
            case []:
                label = self.words("manage.told.service", name=name)
                return self._pair(label, difference, lambda it: f"{it['prefix']} · {self.said(it['name'])}")
            case ["after"]:
                return self._of(name, "after", difference, lambda ids: self._list(map(self.service, ids)))
            case ["bring", *inner]:
                return self._listed(f"{name}: {self._field('bring')}", inner, difference)
            case [field]:
                known = {"name": "service_name", "about": "service_about", "agency": "service_agency"}
                known["capacity"] = "service_capacity"
                write = self._limit if field == "capacity" else self._words_or_text
                return self._of(name, known.get(field, field), difference, write)
            case _:
                return self._plain(difference)

    def _counters(self, rest: list[str], difference: Difference) -> Told:
        if rest == ["*"]:
            label = self.words("manage.told.order", of=self.words("manage.section.counters"))
            return self._pair(label, difference, self._list)
        found = self._after.counter.get(rest[0]) or self._before.counter.get(rest[0])
        name = self.said(found.name) if found else rest[0]
        served: Callable[[Any], str] = lambda ids: self._list(map(self.service, ids))  # noqa: E731
        match rest[1:]:
            case []:
                label = self.words("manage.told.counter", name=name)
                return self._pair(label, difference, lambda it: f"{self.said(it['name'])}: {served(it['services'])}")
            case ["services"]:
                return self._of(name, "counter_services", difference, served)
            case _:
                return self._of(name, "counter_name", difference, self._words_or_text)

    def _flows(self, rest: list[str], difference: Difference) -> Told:
        if rest == ["*"]:
            label = self.words("manage.told.order", of=self._field("flows"))
            return self._pair(label, difference, lambda ids: self._list(map(self._flow, ids)))
        name = self._flow(rest[0])
        return self._pair(" · ".join([name, *rest[1:]]), difference, self._part)

    def _flow(self, flow: str) -> str:
        found = self._after.flow.get(flow) or self._before.flow.get(flow)
        return self.said(found.name) if found else flow

    def _part(self, value: Any) -> str:
        """A part of a flow: a text by its words, a step or document by its name, several by their names."""
        if isinstance(value, list):
            return self._list(map(self._part, value))
        named = value["name"] if isinstance(value, dict) and "name" in value else value
        return self._words_or_text(named)

    def _rules(self, rest: list[str], difference: Difference) -> Told:
        name, *inner = rest
        if name in {"absent_place", "returned_place"}:
            return self._pair(self._field(name), difference, self.place)
        if name == "dispatch" and inner:
            return self._dispatch(inner, difference)
        if name == "capacity":
            return self._pair(self._field(name), difference, self._limit)
        if not inner and not isinstance(difference.after, list):
            return self._pair(self._field(name), difference, self._words_or_text)
        return self._listed(self._field(name), inner, difference)

    def _dispatch(self, inner: list[str], difference: Difference) -> Told:
        match inner:
            case ["policy" | "shadow" as name]:
                called: Callable[[Any], str] = lambda policy: self.words(f"manage.policy.{policy or 'none'}")  # noqa: E731
                return self._pair(self._field(name), difference, called)
            case ["weights", name]:
                return self._pair(self._field(f"weight_{name}"), difference, self._words_or_text)
            case ["far"]:
                return self._pair(
                    self._field("far"), difference, lambda services: self._list(map(self.service, services))
                )
            case ["standby" | "standby_far" as name]:
                return self._pair(self._field(name), difference, lambda percent: f"{percent} %")
            case _:
                return self._plain(difference)

    def _listed(self, label: str, inner: list[str], difference: Difference) -> Told:
        """A list of coded words, one of it, or a part of one."""
        if not inner or inner == ["*"]:
            label = self.words("manage.told.order", of=label) if inner else label
            return self._pair(label, difference, lambda items: self._list(self._item(label, item) for item in items))
        if len(inner) == 1:
            return self._pair(label, difference, lambda item: self.said(item["name"]))
        if inner[1] == "name":
            return self._pair(label, difference, self._words_or_text)
        return self._pair(f"{label}, {inner[0]}: {self._field(inner[1])}", difference, self._words_or_text)

    # --- Values

    def place(self, rule: Any) -> str:
        """Where somebody put back stands."""
        return place(str(rule), self.words)

    def _pair(self, label: str, difference: Difference, write: Callable[[Any], str]) -> Told:
        before, after = difference.before, difference.after
        if isinstance(before, dict) and isinstance(after, dict) and _is_text(before) and _is_text(after):
            langs = [
                lang for lang in {**dict.fromkeys(LANGUAGES), **before, **after} if before.get(lang) != after.get(lang)
            ]
            return Told(label, self._in(langs, before), self._in(langs, after))
        return Told(label, *(NOTHING if value is None else write(value) or NOTHING for value in (before, after)))

    def _of(self, name: str, field: str, difference: Difference, write: Callable[[Any], str]) -> Told:
        return self._pair(f"{name}: {self._field(field)}", difference, write)

    def _plain(self, difference: Difference) -> Told:
        return self._pair(difference.path, difference, self._words_or_text)

    def _in(self, langs: list[str], text: Text) -> str:
        if langs == [FIRST]:
            return text.get(FIRST, "") or NOTHING
        return "; ".join(f"{self.words(f'manage.language.{lang}')}: {text.get(lang) or NOTHING}" for lang in langs)

    def _shut(self, value: Any, week: Mapping[str, Opening]) -> str:
        """The hours of a weekday; one without any is closed, unless the office had no hours at all."""
        return self.hours(value) if week else self.words("manage.summary.always")

    def _words_or_text(self, value: Any) -> str:
        match value:
            case bool():
                return self.words("verb.yes" if value else "verb.no")
            case dict():
                return self.said(value)
            case _:
                return str(value)

    def _retention(self, rest: list[str], difference: Difference) -> Told:
        label = self._field(f"keep_{rest[0]}") if rest else self.words("manage.section.retention")
        return self._pair(label, difference, self._kept)

    def _kept(self, days: Any) -> str:
        """How many days something is kept; 0 is for ever."""
        return f"{days} {self.words('manage.unit.days')}" if days else self.words("manage.retention.never")

    def _limit(self, people: Any) -> str:
        """How many people at most; 0 is no limit."""
        return str(people) if people else self.words("manage.told.no_limit")

    def _item(self, _label: str, item: Any) -> str:
        return self.said(item["name"]) if isinstance(item, dict) else str(item)

    def _field(self, name: str) -> str:
        return self.words(key) if (key := f"manage.field.{name}") in self.words else name

    def _list(self, names: Iterable[str]) -> str:
        return listed(list(names), self.lang) or NOTHING

    def _date(self, written: str) -> str:
        return full_date(written, lang=self.lang)

    def _span(self, begins: str, ends: str) -> str:
        return f"{clock(begins, self.lang)}–{clock(ends, self.lang)}"


def tell(known: Configurations, change: Change, lang: str) -> list[Told]:
    """What a recorded change made another."""
    if change.version == 1:
        return []
    before, after = (known.on(change.since, version) for version in (change.version - 1, change.version))
    return tell_all(known.differences(change.version), before, after, lang)


def tell_all(differences: Iterable[Difference], before: Office, after: Office, lang: str) -> list[Told]:
    """Differences between two configurations."""
    teller = Teller(before, after, lang)
    return [teller.tell(difference) for difference in differences]


def actor(by: str, lang: str) -> str:
    """Who did it, by account: "siti.rahma, manajer kantor"; names of people stand on the pages about people alone."""
    words, (role, _, name) = Words(lang), by.partition(":")
    called = next((words(key) for key in (f"role.{role}", f"manage.who.{role}") if key in words), role)
    return f"{name} ({called.lower()})" if name else called


def place(rule: str, words: Words) -> str:
    """Where somebody put back stands, by the office's rule: "original", "last", "behind:3"."""
    name, _, n = rule.partition(":")
    return words(f"manage.place.{name}", n=n)


def clock(local: str, lang: str) -> str:
    """A local time as it is written in the configuration, as people write it: "08.00"."""
    return local if lang == "en" else local.replace(":", ".")


def _is_text(value: dict[str, Any]) -> bool:
    return all(isinstance(text, str) and len(lang) <= 3 for lang, text in value.items())  # noqa: PLR2004 - "id", "su"
