"""Events in words: what happened, why, and who did it, in the words of the office's configuration of that day."""

from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from ltsa.access import Access
from ltsa.board import TicketPicture
from ltsa.dispatch import Why
from ltsa.office import Coded, Office, Text
from ltsa.replay import Line, Phase
from web.format import hhmmss, minutes
from web.who import actor
from web.why import Reasons
from web.words import FIRST, Words

SECOND = 1000
MINUTE = 60 * SECOND


class Told(NamedTuple):
    """A line of a story as people read it."""

    what: str
    why: tuple[str, ...]
    who: str


def whole_seconds(since: int, until: int) -> int:
    """The difference, in ms, of two instants as clocks write them: 08.20.50 to 08.21.49 is 59 seconds."""
    return (until // SECOND - since // SECOND) * SECOND


class Stop(NamedTuple):
    """A step of a visit on its road."""

    label: str
    state: str
    note: str


class Teller:
    """Tells the events of one day in one language. `access` knows programs by name."""

    def __init__(self, office: Office, lang: str, access: Access | None = None) -> None:
        self.office, self.lang, self._access = office, lang, access
        self._words = Words(lang)
        self._reasons = Reasons.of(office, lang)

    def tell(self, line: Line) -> Told:
        """A line's event in words."""
        tell = getattr(self, f"_{line.event.replace('-', '_')}", None)
        what, *why = tell(line, line.details) if tell else [self._told(line.event)]
        return Told(what, tuple(why), self.actor(line.actor))

    def said_aloud(self, line: Line | None, version: int) -> str:
        """The event shown, for who hears the page: its number, its time, what it was and whom it is about."""
        if line is None:
            return self._words("audit.board.nothing_yet")
        about = [line.number, self.counter(line.counter) if line.counter else ""]
        told = [self.tell(line).what, *filter(None, about)]
        return self._words("audit.instant.said", version=version, time=self.time(line.at), told=" ".join(told))

    def kind(self, event: str) -> str:
        """What a kind of event is called."""
        return self._words(f"audit.event.{event}")

    def actor(self, by: str) -> str:
        """Who gave a command: "officer:…", "kiosk:…", "holder"."""
        return actor(by, self._words, self._access)

    def time(self, at: int) -> str:
        """A time of day to the second."""
        return hhmmss(at, self.office.zone, self.lang)

    def between(self, since: int, until: int) -> str:
        """How long it was between two times of day as they are written, to the second: "3 menit 12 detik"."""
        return self.span(whole_seconds(since, until))

    def span(self, ms: int) -> str:
        """A duration to the second: "3 menit 12 detik"."""
        seconds = self._words("audit.span.seconds", n=ms // 1000 % 60)
        if ms < MINUTE:
            return seconds
        return minutes(ms, self.lang) + (f" {seconds}" if ms // 1000 % 60 else "")

    def service(self, service: str) -> str:
        """A service's name on that day."""
        known = self.office.service.get(service)
        return self.said(known.name) if known else service

    def counter(self, counter: str) -> str:
        """A counter's name on that day."""
        known = self.office.counter.get(counter)
        return self.said(known.name) if known else counter

    def priority(self, code: str) -> str:
        """A priority reason's name on that day."""
        return self._coded(code, self.office.rules.priorities)

    def reason(self, code: str) -> str:
        """The name of a reason for a pause on that day."""
        return self._coded(code, self.office.rules.pause_reasons)

    @cached_property
    def codes(self) -> dict[str, str]:
        """The names of every code of the office that events carry: services, reasons, outcomes, papers, priorities."""
        rules = self.office.rules
        lists: list[Iterable[Coded]] = [
            *(service.bring for service in self.office.services),
            rules.opening_checks,
            rules.closing_outcomes,
            rules.deviation_reasons,
            rules.pause_reasons,
            rules.return_reasons,
            rules.outcomes,
            rules.priorities,
        ]
        names = {coded.code: self.said(coded.name) for coded in chain(*lists)}
        return names | {service.id: self.said(service.name) for service in self.office.services}

    def code(self, code: str) -> str:
        """A code's name on that day."""
        return self.codes.get(code, code)

    def stretch(self, phase: Phase) -> str:
        """What a ticket or a counter was over a stretch: "Sedang dilayani A012, Perbankan, Loket 9"."""
        at = self.counter(phase.counter) if phase.counter else ""
        service = self.service(phase.service) if phase.service else ""
        reason = self.reason(phase.reason) if phase.reason else ""
        head = f"{self._state(phase)} {phase.number}".strip()
        return ", ".join(part for part in (head, service, at, reason) if part)

    def stretch_short(self, phase: Phase, of: str) -> str:
        """The same in the room that a bar has: whom a counter has, where somebody is."""
        if of != "tickets":
            return phase.number or self._state(phase)
        return self.counter(phase.counter) if phase.counter else self._state(phase)

    def _state(self, phase: Phase) -> str:
        of_counter = phase.state in {"free", "paused"}
        return self._words(f"audit.story.{phase.state}" if of_counter else f"state.{phase.state}")

    def place(self, rule: str) -> str:
        """Where somebody put back stands, by the office's rule: "original", "last", "behind:3"."""
        name, _, n = rule.partition(":")
        return self._words(f"audit.place.{name}", n=n)

    def said(self, text: Text) -> str:
        """An office's own text in the teller's language, else in Indonesian."""
        return text.get(self.lang) or text.get(FIRST, "")

    def road(self, ticket: TicketPicture) -> list[Stop]:
        """The steps of a visit, for the road on its page."""
        shown = {"called": "now", "serving": "now", "waiting": "next", "transferred": "dropped"}
        return [
            Stop(
                self.said(step.name),
                shown.get(step.state, step.state),
                ", ".join(
                    [
                        *([self.counter(step.counter)] if step.counter else []),
                        *([self._coded(step.outcome, self.office.rules.outcomes)] if step.outcome else []),
                        *(self.said(reason.name) for reason in step.reasons if step.state == "returned"),
                    ]
                ),
            )
            for step in ticket.steps
        ]

    # --- One a kind of event: what happened, then why

    def _ticket_issued(self, line: Line, details: dict[str, Any]) -> list[str]:
        told = [self._told("ticket-issued", services=self.services(details["services"]))]
        if details["priority"]:
            priority, earlier = self.priority(details["priority"]), self.between(details["place"], line.at)
            told.append(self._why("head_start", priority=priority, margin=earlier))
        return told

    def _ticket_called(self, line: Line, details: dict[str, Any]) -> list[str]:
        service, reason = self.service(line.service), details["reason"]
        known = self.office.rules.deviation_reasons
        told = [
            self._told("ticket-called-instead", service=service, reason=self._coded(reason, known))
            if reason
            else self._told("ticket-called", service=service)
        ]
        return told + self._decided(line)

    def _ticket_directed(self, line: Line, details: dict[str, Any]) -> list[str]:
        key = "ticket-directed-seat" if details["seat"] else "ticket-directed-line"
        return [self._told(key, service=self.service(line.service)), *self._decided(line, called=False)]

    def _ticket_released(self, line: Line, _details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-released", service=self.service(line.service)), *self._decided(line)]

    def _decided(self, line: Line, *, called: bool = True) -> list[str]:
        """Why it was decided, and whether that was computed again to the same."""
        told = []
        if line.why:
            told += self._reasons.told(line.why, called=called, priority=bool(line.priority))
            told += self._waits_from(line, line.why)
            told += [self._reasons.rule(line.why)] if line.why.terms else []
        return [*told, self._why(line.recomputed)]

    def _waits_from(self, line: Line, why: Why) -> list[str]:
        """From when the wait counts, where that is not the arrival."""
        if line.slot:
            return [self._why("appointment", slot=self.time(line.slot))]
        if why.place == line.arrived:
            return []
        key, span = "arrived" if why.place < line.arrived else "arrived_later", sorted((line.arrived, why.place))
        return [self._why(key, arrived=self.time(line.arrived), margin=self.between(*span))]

    def _ticket_recalled(self, _line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-recalled-last" if details["last"] else "ticket-recalled", n=details["count"])]

    def _service_started(self, line: Line, _details: dict[str, Any]) -> list[str]:
        return [self._told("service-started", service=self.service(line.service))]

    def _service_finished(self, line: Line, details: dict[str, Any]) -> list[str]:
        outcome = self._coded(details["outcome"], self.office.rules.outcomes)
        return [self._told("service-finished", service=self.service(line.service), outcome=outcome)]

    def _ticket_returned(self, line: Line, details: dict[str, Any]) -> list[str]:
        reasons = self._listed(self._coded(code, self.office.rules.return_reasons) for code in details["reasons"])
        return [self._told("ticket-returned", service=self.service(line.service), reasons=reasons)]

    def _ticket_missed(self, line: Line, _details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-missed", service=self.service(line.service))]

    def _ticket_put_back(self, line: Line, details: dict[str, Any]) -> list[str]:
        why = self._why("put_back", state=self._words(f"state.{line.was}").lower(), place=self.place(line.place))
        return [self._told("ticket-put-back", place=self.time(details["place"])), why]

    def _ticket_held(self, line: Line, _details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-held", service=self.service(line.service))]

    def _ticket_resumed(self, line: Line, _details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-resumed", service=self.service(line.service))]

    def _ticket_transferred(self, line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told("ticket-transferred", service=self.service(line.service), to=self.service(details["to"]))]

    def _ticket_tied(self, _line: Line, details: dict[str, Any]) -> list[str]:
        if not details["added"]:
            return [self._told("ticket-tied-only")]
        return [self._told("ticket-tied", services=self.services(details["added"]))]

    def _steps_changed(self, _line: Line, details: dict[str, Any]) -> list[str]:
        changes = (("steps-added", details["added"]), ("steps-dropped", details["dropped"]))
        return [" ".join(self._told(key, services=self.services(services)) for key, services in changes if services)]

    def _priority_changed(self, _line: Line, details: dict[str, Any]) -> list[str]:
        place = self.time(details["place"])
        if details["priority"]:
            return [self._told("priority-given", priority=self.priority(details["priority"]), place=place)]
        return [self._told("priority-taken", place=place)]

    def _documents_checked(self, line: Line, details: dict[str, Any]) -> list[str]:
        service = self.office.service.get(line.service)
        seen = self._listed(self._coded(code, service.bring if service else ()) for code in details["seen"])
        key = "documents-checked" if seen else "documents-none"
        return [self._told(key, service=self.service(line.service), seen=seen)]

    def _ticket_closed(self, _line: Line, details: dict[str, Any]) -> list[str]:
        outcome = self._coded(details["outcome"], self.office.rules.closing_outcomes)
        state = self._words(f"state.{details['state']}").lower()
        return [self._told("ticket-closed-outcome" if outcome else "ticket-closed", state=state, outcome=outcome)]

    def _day_checked(self, _line: Line, details: dict[str, Any]) -> list[str]:
        checks = self.office.rules.opening_checks
        lists = (("day-checked-ok", details["ok"]), ("day-checked-open", details["open"]))
        items = [(key, self._listed(self._coded(code, checks) for code in codes)) for key, codes in lists]
        return [" ".join([self._told("day-checked"), *(self._told(key, items=named) for key, named in items if named)])]

    def _counter_opened(self, line: Line, details: dict[str, Any]) -> list[str]:
        services = self.services(details["services"])
        return [self._told("counter-opened", officer=line.officer, services=services)]

    def _counter_paused(self, _line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told("counter-paused", reason=self.reason(details["reason"]))]

    def _action_undone(self, line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told(f"undone-{details['action']}", service=self.service(line.service))]

    def _help_asked(self, _line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told("help-asked", kiosk=details["kiosk"])]

    def _help_given(self, _line: Line, details: dict[str, Any]) -> list[str]:
        return [self._told("help-given", kiosk=details["kiosk"])]

    # --- Words

    def _told(self, key: str, **values: object) -> str:
        return self._words(f"audit.told.{key}", **values)

    def _why(self, key: str, **values: object) -> str:
        return self._words(f"audit.why.{key}", **values)

    def services(self, services: Iterable[str]) -> str:
        """Names of services, one after the other."""
        return self._listed(self.service(service) for service in services)

    def _coded(self, code: str, known: Iterable[Coded]) -> str:
        return next((self.said(coded.name) for coded in known if coded.code == code), code)

    def _listed(self, words: Iterable[str]) -> str:
        return ", ".join(words)
