"""Who may act at all: people and their roles, devices, programs. Events, state, commands and rules; pure.

One stream for the whole installation. A person is an account's id here; the full name, the password and everything
else that must stay secret or erasable lie beside the ledger. Devices and programs show 256 random bits of which only
the SHA-256 stands here. What each role may do stands in `web/policy.py`; who may give it to whom, below.
"""

import re
from typing import Any, Literal, NamedTuple, assert_never

from msgspec import Struct

from ltsa.message import Command, Event, Refusal, key_digest

INSTALLATION = "installation"
"""What stands for an office where the whole installation is meant; no office may be called so."""

STREAM = f"access:{INSTALLATION}"

EVERYWHERE = "*"
"""The office of a right that holds in every office, also in those to come."""

ROLES = ("officer", "supervisor", "manager", "auditor", "headquarters", "admin")
KINDS = ("kiosk", "display", "counter", "printer")
PROGRAM_ROLES = (*ROLES, "kiosk", "display")

GIVES: dict[str, frozenset[str]] = {
    "manager": frozenset({"officer", "supervisor", "manager"}),
    "headquarters": frozenset({"officer", "supervisor", "manager", "auditor", "headquarters"}),
    "admin": frozenset({"admin"}),
    "system": frozenset(ROLES),
    "command line": frozenset(ROLES),
}
"""Which roles a role may give and take in its own offices. An auditor is not appointed by whom they audit."""

NEVER_NONE = frozenset({"headquarters", "admin"})
"""Roles that somebody must always hold everywhere: nobody else could let anyone in again."""

ACCOUNT = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
COUNTER = re.compile(r"[A-Za-z0-9-]{0,40}")
DIGEST = re.compile(r"[0-9a-f]{64}")
LONGEST_TOKEN = 3660 * 24 * 3_600_000
"""ms for which a program may be let in at most, where that ends at all."""

SHORTEST_ACCOUNT, LONGEST_ACCOUNT, LONGEST_NAME, LONGEST_WHY = 2, 40, 20, 200

Credential = Literal["password", "second-factor", "pin", "recovery-codes", "sessions", "external"]
Purpose = Literal["setup", "invitation", "reset"]


class Grant(NamedTuple):
    """A role in an office, or EVERYWHERE."""

    role: str
    office: str

    def covers(self, office: str) -> bool:
        """Whether the grant holds in an office."""
        return self.office in (EVERYWHERE, office)


# --- What happened ----------------------------------------------------------------------------------------------------


class PersonAdded(Event, frozen=True):
    """An account was made. It has no right yet, and nobody knows a password to it."""

    person: str


class RoleGiven(Event, frozen=True):
    """A person may act in a role, in one office or everywhere."""

    person: str
    role: str
    office: str


class RoleTaken(Event, frozen=True):
    """A person may no longer act in a role there."""

    person: str
    role: str
    office: str


class PersonBarred(Event, frozen=True):
    """An account may not be used, whatever roles it has."""

    person: str
    why: str


class PersonReadmitted(Event, frozen=True):
    """A barred account may be used again."""

    person: str


class CredentialChanged(Event, frozen=True):
    """Something that a person signs in with was set, changed or removed; never what it is."""

    person: str
    what: Credential


class LinkMade(Event, frozen=True):
    """A link was handed out with which a person sets a password once."""

    person: str
    purpose: Purpose


class DevicePaired(Event, frozen=True):
    """A device was let in: `kind` says as what, `counter` at which counter it stands, if at one."""

    device: str
    kind: str
    office: str
    name: str
    digest: str
    counter: str = ""


class DeviceRenamed(Event, frozen=True):
    """A device is called otherwise, or stands elsewhere."""

    device: str
    name: str
    counter: str = ""


class DeviceRevoked(Event, frozen=True):
    """A device is let in no more."""

    device: str


class TokenMade(Event, frozen=True):
    """A program may act in a role, until an instant (ms UTC; 0: until revoked)."""

    token: str
    name: str
    role: str
    office: str
    digest: str
    until: int = 0


class TokenRevoked(Event, frozen=True):
    """A program may act no more."""

    token: str


AccessEvent = (
    PersonAdded
    | RoleGiven
    | RoleTaken
    | PersonBarred
    | PersonReadmitted
    | CredentialChanged
    | LinkMade
    | DevicePaired
    | DeviceRenamed
    | DeviceRevoked
    | TokenMade
    | TokenRevoked
)

TOPICS: dict[str, type[AccessEvent]] = {
    "person-added/1": PersonAdded,
    "role-given/1": RoleGiven,
    "role-taken/1": RoleTaken,
    "person-barred/1": PersonBarred,
    "person-readmitted/1": PersonReadmitted,
    "credential-changed/1": CredentialChanged,
    "link-made/1": LinkMade,
    "device-paired/1": DevicePaired,
    "device-renamed/1": DeviceRenamed,
    "device-revoked/1": DeviceRevoked,
    "token-made/1": TokenMade,
    "token-revoked/1": TokenRevoked,
}


# --- What is true -----------------------------------------------------------------------------------------------------


class Person(Struct):
    """An account and its rights. `barred` says why it may not be used, "" if it may."""

    id: str
    grants: frozenset[Grant] = frozenset()
    barred: str = ""
    since: int = 0


class Device(Struct):
    """A device that was let in, `revoked` (ms UTC) if it is no more."""

    id: str
    kind: str
    office: str
    name: str
    digest: str
    counter: str = ""
    since: int = 0
    revoked: int = 0


class Token(Struct):
    """A program's right to act, `revoked` (ms UTC) if it has none any more."""

    id: str
    name: str
    role: str
    office: str
    digest: str
    until: int = 0
    since: int = 0
    by: str = ""
    revoked: int = 0


class Access(Struct):
    """Everybody and everything that may act. `shown` finds devices and tokens by what they show (its SHA-256)."""

    version: int = 0
    at: int = 0
    answered: dict[str, tuple[str, int]] = {}
    people: dict[str, Person] = {}
    devices: dict[str, Device] = {}
    tokens: dict[str, Token] = {}
    shown: dict[str, Device | Token] = {}

    def holders(self, role: str, office: str) -> list[str]:
        """Who may act in a role in an office, the barred left out."""
        return [
            person.id
            for person in self.people.values()
            if not person.barred and any(grant.role == role and grant.covers(office) for grant in person.grants)
        ]

    def named(self, office: str, kind: str, name: str) -> Device | None:
        """The device of a kind that goes by a name in an office."""
        devices = (device for device in self.devices.values() if not device.revoked)
        return next((d for d in devices if (d.office, d.kind, d.name) == (office, kind, name)), None)


def evolve(access: Access, event: AccessEvent) -> None:  # noqa: C901, PLR0912 - one case an event
    """Applies one event to the state, in place. Never refuses, never reads a clock."""
    access.version += 1
    access.at = event.at
    if event.key not in access.answered:
        access.answered[event.key] = (event.content, access.version)
    match event:
        case PersonAdded():
            access.people[event.person] = Person(event.person, since=event.at)
        case RoleGiven():
            access.people[event.person].grants |= {Grant(event.role, event.office)}
        case RoleTaken():
            access.people[event.person].grants -= {Grant(event.role, event.office)}
        case PersonBarred():
            access.people[event.person].barred = event.why
        case PersonReadmitted():
            access.people[event.person].barred = ""
        case CredentialChanged() | LinkMade():
            pass
        case DevicePaired():
            device = Device(event.device, event.kind, event.office, event.name, event.digest, event.counter, event.at)
            access.devices[event.device] = access.shown[event.digest] = device
        case DeviceRenamed():
            device = access.devices[event.device]
            device.name, device.counter = event.name, event.counter
        case DeviceRevoked():
            device = access.devices[event.device]
            device.revoked = event.at
            del access.shown[device.digest]
        case TokenMade():
            token = Token(event.token, event.name, event.role, event.office, event.digest, event.until, event.at)
            token.by = event.by
            access.tokens[event.token] = access.shown[event.digest] = token
        case TokenRevoked():
            token = access.tokens[event.token]
            token.revoked = event.at
            del access.shown[token.digest]
        case _:
            assert_never(event)


# --- What may happen --------------------------------------------------------------------------------------------------


class AccessCommand(Command, frozen=True, kw_only=True):
    """A command about who may act. `office` is the one it concerns; EVERYWHERE for the whole installation."""


class AddPerson(AccessCommand, frozen=True):
    """Make an account, with roles in `office` from the start."""

    person: str
    roles: tuple[str, ...] = ()


class GiveRole(AccessCommand, frozen=True):
    """Let a person act in a role in `office`."""

    person: str
    role: str


class TakeRole(AccessCommand, frozen=True):
    """No longer let a person act in a role in `office`."""

    person: str
    role: str


class BarPerson(AccessCommand, frozen=True):
    """Let an account not be used."""

    person: str
    why: str


class ReadmitPerson(AccessCommand, frozen=True):
    """Let a barred account be used again."""

    person: str


class ChangeCredential(AccessCommand, frozen=True):
    """Put on record that something a person signs in with has changed."""

    person: str
    what: Credential


class MakeLink(AccessCommand, frozen=True):
    """Put on record that a link was handed out."""

    person: str
    purpose: Purpose


class PairDevice(AccessCommand, frozen=True):
    """Let a device in, into `office`. `digest` is the SHA-256 of what it will show."""

    kind: str
    name: str
    digest: str
    counter: str = ""


class RenameDevice(AccessCommand, frozen=True):
    """Call a device of `office` otherwise, or move it to another counter."""

    device: str
    name: str
    counter: str = ""


class RevokeDevice(AccessCommand, frozen=True):
    """Let a device of `office` in no more."""

    device: str


class MakeToken(AccessCommand, frozen=True):
    """Let a program act in a role in `office`. `digest` is the SHA-256 of what it will show."""

    name: str
    role: str
    digest: str
    until: int = 0


class RevokeToken(AccessCommand, frozen=True):
    """Let a program of `office` act no more."""

    token: str


def decide(command: AccessCommand, access: Access) -> list[AccessEvent]:  # noqa: C901, PLR0911, PLR0912 - a case a command
    """The events that answer a command, at least one; raises `Refusal`."""
    said: dict[str, Any] = {
        "at": max(command.at, access.at),
        "by": command.by,
        "key": key_digest(command.key),
        "content": command.content(),
    }
    office = command.office
    match command:
        case AddPerson(person=person, roles=roles):
            return _add_person(access, person, roles, office, said)
        case GiveRole(person=person, role=role):
            _may_give(access, command.by, role, office)
            if Grant(role, office) in _person(access, person).grants:
                raise Refusal("has-role", f"{person} has this role already.", field="role")
            return [RoleGiven(**said, person=person, role=role, office=office)]
        case TakeRole(person=person, role=role):
            _may_give(access, command.by, role, office)
            if Grant(role, office) not in _person(access, person).grants:
                raise Refusal("has-no-role", f"{person} does not have this role there.", field="role")
            if office == EVERYWHERE:
                _not_the_last(access, person, role)
            return [RoleTaken(**said, person=person, role=role, office=office)]
        case BarPerson(person=person, why=why):
            barred = _person(access, person)
            if barred.barred:
                raise Refusal("barred", f"{person} is barred already.", field="person", state="barred")
            _over_all_of(access, command.by, barred)
            for grant in barred.grants:
                if grant.office == EVERYWHERE:
                    _not_the_last(access, person, grant.role)
            return [PersonBarred(**said, person=person, why=_why(why))]
        case ReadmitPerson(person=person):
            if not (readmitted := _person(access, person)).barred:
                raise Refusal("not-barred", f"{person} is not barred.", field="person")
            _over_all_of(access, command.by, readmitted)
            return [PersonReadmitted(**said, person=person)]
        case ChangeCredential(person=person, what=what):
            _person(access, person)
            return [CredentialChanged(**said, person=person, what=what)]
        case MakeLink(person=person, purpose=purpose):
            _over_all_of(access, command.by, _person(access, person))
            return [LinkMade(**said, person=person, purpose=purpose)]
        case PairDevice():
            return [_pair(command, access, said)]
        case RenameDevice(device=device, name=name, counter=counter):
            kind = _device(access, device, office).kind
            _free_name(access, office, kind, name, but=device)
            _plain_counter(counter)
            return [DeviceRenamed(**said, device=device, name=name, counter=counter)]
        case RevokeDevice(device=device):
            _device(access, device, office)
            return [DeviceRevoked(**said, device=device)]
        case MakeToken():
            return [_make_token(command, access, said)]
        case RevokeToken(token=token):
            found = access.tokens.get(token)
            if found is None or found.office != office or found.revoked:
                raise Refusal("unknown-program", f"There is no program {token!r} in this office.", field="token")
            return [TokenRevoked(**said, token=token)]
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def _add_person(
    access: Access, person: str, roles: tuple[str, ...], office: str, said: dict[str, Any]
) -> list[AccessEvent]:
    if not (ACCOUNT.fullmatch(person) and SHORTEST_ACCOUNT <= len(person) <= LONGEST_ACCOUNT):
        message = f"{person!r} cannot be an account: 2 to 40 small letters, digits, dots and hyphens, as in siti.rahma."
        raise Refusal("wrong-account", message, field="person")
    if person in access.people:
        raise Refusal("account-taken", f"There is an account {person!r} already; choose another.", field="person")
    for role in roles:
        _may_give(access, said["by"], role, office)
    given = [RoleGiven(**said, person=person, role=role, office=office) for role in dict.fromkeys(roles)]
    return [PersonAdded(**said, person=person), *given]


def _pair(command: PairDevice, access: Access, said: dict[str, Any]) -> DevicePaired:
    if command.kind not in KINDS:
        raise Refusal("wrong-kind", f"{command.kind!r} is no device; use one of {', '.join(KINDS)}.", field="kind")
    _free_name(access, command.office, command.kind, command.name)
    _plain_counter(command.counter)
    _new_digest(access, command.digest)
    return DevicePaired(
        **said,
        device=command.digest[:12],
        kind=command.kind,
        office=command.office,
        name=command.name,
        digest=command.digest,
        counter=command.counter,
    )


def _make_token(command: MakeToken, access: Access, said: dict[str, Any]) -> TokenMade:
    if command.role not in PROGRAM_ROLES:
        message = f"{command.role!r} is no role; use one of {', '.join(PROGRAM_ROLES)}."
        raise Refusal("wrong-role", message, field="role")
    if command.role in ROLES:
        _may_give(access, command.by, command.role, command.office)
    if not 0 < len(command.name.strip()) <= LONGEST_ACCOUNT or not command.name.isprintable():
        raise Refusal("wrong-name", "Say in 1 to 40 characters which program it is.", field="name")
    if command.until and not said["at"] < command.until <= said["at"] + LONGEST_TOKEN:
        message = "A token ends within ten years from now, or when it is revoked; choose another day."
        raise Refusal("wrong-until", message, field="until")
    _new_digest(access, command.digest)
    return TokenMade(
        **said,
        token=command.digest[:12],
        name=command.name.strip(),
        role=command.role,
        office=command.office,
        digest=command.digest,
        until=command.until,
    )


def _person(access: Access, person: str) -> Person:
    if person not in access.people:
        raise Refusal("unknown-person", f"There is no account {person!r}.", field="person")
    return access.people[person]


def _device(access: Access, device: str, office: str) -> Device:
    found = access.devices.get(device)
    if found is None or found.office != office or found.revoked:
        raise Refusal("unknown-device", f"There is no device {device!r} in this office.", field="device")
    return found


def _free_name(access: Access, office: str, kind: str, name: str, but: str = "") -> None:
    if not (NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        message = f"{name!r} cannot name a device: 1 to 20 small letters, digits and hyphens, as in kiosk-1."
        raise Refusal("wrong-name", message, field="name")
    if (taken := access.named(office, kind, name)) and taken.id != but:
        raise Refusal("name-taken", f"There is a {kind} {name!r} already; choose another name.", field="name")


def _plain_counter(counter: str) -> None:
    if not COUNTER.fullmatch(counter):
        message = f"{counter[:LONGEST_ACCOUNT]!r} is no counter; use its id, as in 4, or a kiosk's name."
        raise Refusal("wrong-counter", message, field="counter")


def _new_digest(access: Access, digest: str) -> None:
    if not DIGEST.fullmatch(digest):
        raise Refusal("wrong-digest", "A digest is 64 hexadecimal digits.", field="digest")
    known = {*access.devices, *access.tokens}
    if digest[:12] in known:
        raise Refusal("digest-used", "This secret is in use; make a new one.", field="digest")


def authority(access: Access, by: str) -> frozenset[Grant]:
    """The rights with which whoever is named so ("manager:siti", "command line") gives rights to others."""
    role, _, person = by.partition(":")
    if not person:
        return frozenset({Grant(role, EVERYWHERE)})
    found = access.people.get(person)
    return found.grants if found and not found.barred else frozenset()


def gives(access: Access, by: str, role: str, office: str) -> bool:
    """Whether somebody may give and take a role in an office."""
    return any(role in GIVES.get(own.role, ()) and own.covers(office) for own in authority(access, by))


def _may_give(access: Access, by: str, role: str, office: str) -> None:
    if role not in ROLES:
        raise Refusal("wrong-role", f"{role!r} is no role; use one of {', '.join(ROLES)}.", field="role")
    if not gives(access, by, role, office):
        raise Refusal("not-yours-to-give", f"You may not give or take the role {role} there.", field="role")


def _over_all_of(access: Access, by: str, person: Person) -> None:
    """Who holds a right that one may not give is not barred, or let in by a link, by that one."""
    if by.partition(":")[2] == person.id:
        return
    for grant in person.grants:
        if not gives(access, by, grant.role, grant.office):
            message = f"{person.id} is {grant.role} too; ask somebody who may give that role."
            raise Refusal("not-yours-to-give", message, field="person")


def _not_the_last(access: Access, person: str, role: str) -> None:
    others = (
        other.id
        for other in access.people.values()
        if other.id != person and not other.barred and Grant(role, EVERYWHERE) in other.grants
    )
    if role in NEVER_NONE and not any(others):
        raise Refusal("last-one", f"{person} is the last {role}; give somebody else the role first.", field="role")


def _why(why: str) -> str:
    if not (0 < len(why.strip()) <= LONGEST_WHY and why.replace("\n", " ").isprintable()):
        raise Refusal("missing-why", f"Say why, in 1 to {LONGEST_WHY} printable characters.", field="why")
    return why.strip()
