"""The journal's entries in words: what happened at the doors, to rights and to settings, in one language."""

import re
from collections.abc import Iterable
from typing import Any

from audit.journal import KINDS, Entry
from audit.telling import Told
from ltsa.access import EVERYWHERE, Access
from ltsa.configuring import Configurations
from ltsa.journal import DataErased, DataExported, DataRecorded, DataSeen
from ltsa.office import Office
from web.format import hhmm, listed, long_date
from web.who import actor, device, program
from web.words import FIRST, Words

_FIRST_DAY = "1970-01-01"
"""Since when the settings are in force with which an office begins."""

_DATE = re.compile(r"( ?)(\d{4}-\d\d-\d\d)")


class JournalTeller:
    """Tells what is on record about an office. `access` knows what devices and programs are called, `configurations`
    what was decided about the office.
    """

    def __init__(self, office: Office, lang: str, access: Access, configurations: Configurations) -> None:
        self.office, self.lang = office, lang
        self._words, self._access, self._configurations = Words(lang), access, configurations

    def tell(self, entry: Entry) -> Told:
        """An entry in words: what happened, what more is known, who did it."""
        tell = getattr(self, f"_{entry.kind.replace('-', '_')}", self._about_person)
        what, *why = tell(entry.event)
        return Told(what, tuple(why), self.actor(entry.by))

    def kind(self, kind: str) -> str:
        """What a kind of entry is called."""
        return self._words(f"audit.journal.kind.{kind}")

    def group(self, group: str) -> str:
        """What a group of kinds is called."""
        return self._words(f"audit.journal.group.{group}")

    def actor(self, by: str) -> str:
        """Who did it."""
        return actor(by, self._words, self._access)

    # --- One a kind of entry: what happened, then what more is known

    def _about_person(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person)]

    def _signed_in(self, event: Any) -> list[str]:
        first, *more = event.how.split("+")
        how = self._term("how", first) + (self._term("how", f"+{more[0]}") if more else "")
        return [self._told(event, person=event.person, how=how)]

    def _signed_out(self, event: Any) -> list[str]:
        if event.why == "locked":  # the session goes on, behind a PIN
            return [self._say("screen-locked", person=event.person)]
        return [self._told(event, person=event.person, why=self._term("ended", event.why))]

    def _sign_in_refused(self, event: Any) -> list[str]:
        why = self._term("wrong_sign_in", event.why)
        key = "sign-in-refused" if event.person else "sign-in-refused-unknown"
        return [self._say(key, person=event.person, why=why)]

    def _account_locked(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person, time=hhmm(event.until, self.office.zone, self.lang))]

    def _request_refused(self, event: Any) -> list[str]:
        told = [self._told(event, action=self._term("action", event.action))]
        return told + [self._words("audit.journal.times", n=event.count)] * (event.count > 1)

    def _data_seen(self, event: DataSeen | DataRecorded | DataErased | DataExported) -> list[str]:
        return [self._told(event, data=self._term("data", event.kind), about=self._about(event.about))]

    _data_recorded = _data_seen

    def _data_erased(self, event: DataErased) -> list[str]:
        several = [self._words("audit.journal.items", n=len(event.items))] if len(event.items) > 1 else []
        return self._data_seen(event) + several

    def _retention_applied(self, event: Any) -> list[str]:
        what = self._term("data", {"persons": "person"}.get(event.kind, event.kind))
        return [self._told(event, data=what, days=event.days, n=event.count)]

    def _data_exported(self, event: DataExported) -> list[str]:
        personal = [self._words("audit.journal.with_persons")] if event.why else []
        return [*self._data_seen(event), *personal, *self._reason(event.why)]

    def _subject_request_received(self, event: Any) -> list[str]:
        what = self._asked("kind", event.kind).lower()
        return [self._told(event, request=event.request, what=what, about=event.person)]

    def _subject_request_taken(self, event: Any) -> list[str]:
        return [self._told(event, request=event.request)]

    def _subject_request_done(self, event: Any) -> list[str]:
        fields = [self._asked("field", field) for field in event.changed]
        return [self._told(event, request=event.request)] + [f"{listed(fields, self.lang)}."] * bool(fields)

    def _subject_request_refused(self, event: Any) -> list[str]:
        return [self._told(event, request=event.request, reason=self._asked("reason", event.reason))]

    def _cases_moved(self, event: Any) -> list[str]:
        flow = self.office.flow.get(event.scheme)
        name = (flow.name.get(self.lang) or flow.name[FIRST]) if flow else event.scheme
        return [self._told(event, flow=name, grace=self._about(event.grace)), *self._reason(event.why)]

    def _paper_changed(self, event: Any) -> list[str]:
        return [self._told(event, name=event.name, paper=self._words(f"device.paper.{event.paper}").lower())]

    def _log_key_set(self, event: Any) -> list[str]:
        return [self._told(event, log_key=event.new)]

    def _role_given(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person, role=self._role(event.role), office=self._where(event.office))]

    _role_taken = _role_given

    def _person_barred(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person), self._because(event.why)]

    def _credential_changed(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person, what=self._term("credential", event.what))]

    def _link_made(self, event: Any) -> list[str]:
        return [self._told(event, person=event.person, purpose=self._term("purpose", event.purpose))]

    def _device_paired(self, event: Any) -> list[str]:
        return [self._told(event, device=self._device(event.kind, event.name)), *self._at_counter(event.counter)]

    def _device_renamed(self, event: Any) -> list[str]:
        kind = self._words(f"audit.who.{device(event.device, self._access)[0]}", name="").strip()
        return [self._told(event, kind=kind, name=event.name), *self._at_counter(event.counter)]

    def _device_revoked(self, event: Any) -> list[str]:
        return [self._told(event, device=self._device(*device(event.device, self._access)))]

    def _token_made(self, event: Any) -> list[str]:
        told = self._told(event, name=event.name, role=self._role(event.role), office=self._where(event.office))
        if not event.until:
            return [told]
        return [told, self._words("audit.journal.until", date=long_date(event.until, self.office.zone, self.lang))]

    def _token_revoked(self, event: Any) -> list[str]:
        return [self._told(event, name=program(event.token, self._access))]

    def _office_configured(self, event: Any) -> list[str]:
        if event.since == _FIRST_DAY:
            return [self._say("office-begun"), *self._reason(event.why)]
        return [self._told(event, since=self._day(event.since)), *self._reason(event.why)]

    def _office_changed(self, event: Any) -> list[str]:
        told = self._told(event, since=self._day(event.since), parts=self._parts(event.changes))
        return [told, *self._reason(event.why)]

    def _office_change_withdrawn(self, event: Any) -> list[str]:
        changes = self._configurations.changes
        undone = changes[event.change - 1].parts if event.change <= len(changes) else {}
        return [self._told(event, since=self._day(event.since), parts=self._parts(undone)), *self._reason(event.why)]

    # --- Words

    def _told(self, event: object, **values: object) -> str:
        return self._say(KINDS[type(event)], **values)

    def _say(self, key: str, **values: object) -> str:
        return self._words(f"audit.journal.told.{key}", **values)

    def _term(self, table: str, code: str) -> str:
        """The word for a code; the code itself where there is none, as of a program that is newer than this one."""
        key = f"audit.journal.{table}.{code}"
        return self._words(key) if key in self._words else code

    def _asked(self, table: str, code: str) -> str:
        """The word for a code of a request about somebody's own data; the code itself where there is none."""
        key = f"subject.{table}.{code}"
        return self._words(key) if key in self._words else code

    def _role(self, role: str) -> str:
        key = f"role.{role}" if f"role.{role}" in self._words else f"device.kind.{role}"
        return (self._words(key) if key in self._words else role).lower()

    def _where(self, office: str) -> str:
        if office == EVERYWHERE:
            return self._words("role.everywhere")
        return (self.office.name.get(self.lang) or self.office.name[FIRST]) if office == self.office.id else office

    def _device(self, kind: str, name: str) -> str:
        return self._words(f"audit.who.{kind}", name=name)

    def _at_counter(self, counter: str) -> list[str]:
        return [self._words("term.counter_n", n=counter)] if counter else []

    def _reason(self, why: str) -> list[str]:
        return [self._because(why)] if why else []

    def _because(self, why: str) -> str:
        return self._words("audit.journal.because", why=why)

    def _parts(self, paths: Iterable[str]) -> str:
        """The parts of the office that paths lead to, each once: "Jam buka, Layanan"."""
        names = dict.fromkeys(self._term("part", path.partition("/")[0]) for path in paths)
        return ", ".join(names)

    def _about(self, about: str) -> str:
        """What data were about, its dates as people write them: "C012, 21 November 2026"."""
        return _DATE.sub(lambda it: (it[1] and ", ") + self._day(it[2]), self._term("about", about))

    def _day(self, written: str) -> str:
        return long_date(written, self.office.zone, self.lang)
