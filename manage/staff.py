"""The people of an office, as those see them who look after them: rights, and how their signing in stands."""

from collections.abc import Iterable

from msgspec import Struct

from ltsa.access import EVERYWHERE, ROLES, Access, Grant, Person, gives
from ltsa.journal import DataSeen, entry
from web.house import House

MINUTE = 60_000


class Member(Struct, frozen=True, kw_only=True):
    """One person. `here` are the roles in this office, `everywhere` those in all, `elsewhere` how many there are in
    others. The rest says how signing in stands.
    """

    id: str
    name: str
    here: tuple[str, ...]
    everywhere: tuple[str, ...]
    elsewhere: int
    barred: str
    locked_until: int
    has_password: bool
    has_second_factor: bool
    needs_second_factor: bool
    sessions: int

    @property
    def roles(self) -> tuple[str, ...]:
        """All roles that count in this office."""
        return tuple(role for role in ROLES if role in self.here or role in self.everywhere)


def belongs(person: Person, office: str) -> bool:
    """Whether a person has to do with an office: some right of theirs holds there."""
    return any(grant.covers(office) for grant in person.grants)


def look(here: House, office: str, by: str, about: str = "everybody") -> None:
    """Puts on record that somebody is about to see names, once a minute for each who looks."""
    at = here.now()
    key = f"seen names {office} {about} {by} {at // MINUTE}"
    here.do(entry(DataSeen, office=office, at=at, by=by, key=key, kind="names", about=about))


def members(here: House, office: str, only: str = "") -> list[Member]:
    """The people of an office by account, or one of them. Waits in a native thread for what is kept secret."""
    people = sorted((p for p in here.access.people.values() if belongs(p, office)), key=lambda person: person.id)
    chosen = [person for person in people if not only or person.id == only]
    return here.off_loop(_read, here, chosen, office, here.now())


def _read(here: House, people: Iterable[Person], office: str, at: int) -> list[Member]:
    kept, names = here.credentials, here.credentials.names()
    return [
        Member(
            id=person.id,
            name=names.get(person.id, ""),
            here=_roles(person, office),
            everywhere=_roles(person, EVERYWHERE),
            elsewhere=sum(grant.office not in (EVERYWHERE, office) for grant in person.grants),
            barred=person.barred,
            locked_until=kept.locked_until(person.id, at),
            has_password=kept.has_password(person.id),
            has_second_factor=kept.has_totp(person.id),
            needs_second_factor=any(here.door.needs_more(grant) for grant in person.grants),
            sessions=len(kept.sessions(person.id, at)),
        )
        for person in people
    ]


def _roles(person: Person, office: str) -> tuple[str, ...]:
    return tuple(role for role in ROLES if Grant(role, office) in person.grants)


def given_by(access: Access, by: str, office: str) -> tuple[str, ...]:
    """The roles that somebody may give and take in an office."""
    return tuple(role for role in ROLES if gives(access, by, role, office))


def looks_after(access: Access, by: str, person: Person) -> bool:
    """Whether somebody may act on a person's account: only who may give every right that the person has. On their own
    they act at /account, where it asks for the password.
    """
    return by.partition(":")[2] != person.id and all(gives(access, by, g.role, g.office) for g in person.grants)
