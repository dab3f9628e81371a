"""The house: what all rooms of one running office share, and how they are joined into one application.

A `House` holds the ledger, the committed state that pages show (kept up with the ledger on the server's loop), the file
of personal data and the feed. Nothing here blocks the loop: commands wait for the ledger's writer, reads run in native
threads.
"""

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from functools import partial
from types import ModuleType
from typing import Any, TypeVar

import gevent
import msgspec
from flask import Flask, Request, current_app, g, has_request_context

from ltsa import board
from ltsa.access import EVERYWHERE, INSTALLATION, Access
from ltsa.commands import CloseDay
from ltsa.configuring import Change, Configurations, ConfigureOffice
from ltsa.day import Day
from ltsa.hours import state_at
from ltsa.journal import JournalEvent, SignedOut, entry
from ltsa.ledger import AnyCommand, Done, LedgerUnavailableError
from ltsa.log import ForkError
from ltsa.message import Refusal
from ltsa.models.background import Follower
from ltsa.office import Office, example_office
from ltsa.personal import FOLLOWED_EVERY
from ltsa.present import DAYS_KEPT, Present, Recorded, day_stream
from ltsa.tokens import token_digest
from web import asking, errors, files, format, icons, limits, logs, own_writes, security, waits, why, words  # noqa: A004 - format is the room's name
from web.asking import NOBODY, Asker, Door, may_watch
from web.computing import Computations
from web.following import Following
from web.forecasting import Forecasts
from web.formats import demand_known
from web.limits import Buckets
from web.live import Feed
from web.opening import open_stores
from web.presence import Presence
from web.pulse import Pulse
from web.routes import LateRule
from web.settings import Settings, WrongSetting
from web.showing import Showing
from web.signing import sign_record
from web.turns import ServerTurns
from web.wake import FileBell, RedisBell

log = logging.getLogger(__name__)

T = TypeVar("T")

HOUSEKEEPING = 60
DOORS_TURN = 0.05
"""Seconds after an office's doors have opened or closed at which its screens say so."""
READS_AT_ONCE = 10
HASHES_AT_ONCE = 2


class House:
    """One running installation. `settings` as given; `people`, `persons` and `models` block and belong into
    `off_loop`.
    """

    key_on_record = ""
    """The verifier key that signs, once it is known to be on record."""

    fork: ForkError | None = None
    """How the record differs from what was signed before, where it does: pages of who answers for it say so."""

    def __init__(self, settings: Settings) -> None:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.settings = settings
        _demand_known(settings)
        self.database = settings.data / "ledger.sqlite"
        with ExitStack() as opened:  # what is open already is closed where something else cannot be opened
            stores = open_stores(settings, opened)
            self.ledger, self.seed = stores.ledger, stores.seed
            self.installation, self.one_host = stores.installation, stores.one_host
            self.personal, self.persons, self.people = stores.personal, stores.personal.persons, stores.personal.people
            self.credentials, self.fleet = stores.credentials, stores.fleet
            self.models, self.follower = stores.models, Follower(stores.models)
            self.present = self._open_present()
            self._stores = opened.pop_all()
        self._readers = ThreadPoolExecutor(READS_AT_ONCE, "reader", _begin_native_thread)
        self._hashers = ThreadPoolExecutor(HASHES_AT_ONCE, "hasher", _begin_native_thread)
        self.door = Door(self)
        self.limits = Buckets(settings.rate_limits)
        self.feed = Feed(self, settings.public_url, settings.names, self.limits)
        self.presence = Presence(self)
        self.pulse = Pulse()
        self.forecasts = Forecasts(self)
        self.showing = Showing(self)
        self.computations = Computations()
        self._bells = self._hung_bells()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._following = Following(self.ledger, self.present, self._hear, self.off_loop, ServerTurns())
        self._rights_changed = False
        self._housekeeping: gevent.Greenlet[..., None] | None = None
        self.ledger.on_commit(self.feed.ring)

    def _open_present(self) -> Present:
        """What is true now; a new ledger gets its first office. Raises `WrongSetting` for one that is not there."""
        present, asked = self.ledger.present(), self.settings.office
        if not present.offices():
            self.ledger.do(first_office(asked, self.now()))
            present = self.ledger.present()
        if asked not in present.offices():
            known = ", ".join(present.offices())
            raise WrongSetting(f"The setting office is “{asked}”; the ledger in {self.settings.data} knows {known}.")
        self.personal.carry_out(self.ledger)
        for office in present.offices():
            for stream in self.ledger.last_streams(day_stream(office, ""), DAYS_KEPT):
                present.day(office, date.fromisoformat(stream.rpartition(":")[2]))
        return present

    # --- What happens

    def now(self) -> int:
        """The server's clock, in ms UTC: the only one that commands are stamped with."""
        return time.time_ns() // 1_000_000

    def do(self, command: AnyCommand) -> Done:
        """Waits, without blocking others, until a command is durable. Raises `Refusal` or `LedgerUnavailableError`."""
        try:
            done = self._following.do(command)
        except (Refusal, LedgerUnavailableError) as reason:
            self.outcomes[type(command).__name__, getattr(reason, "code", "unavailable")] += 1
            raise
        self.outcomes[type(command).__name__, "repeated" if done.repeated else "done"] += 1
        if has_request_context():
            g.acknowledged = max(g.get("acknowledged", 0), done.position)
        if isinstance(command, CloseDay) and not done.repeated:
            self.showing.write()
            self.sign()
        return done

    def sign(self) -> None:
        """Signs how far the record has grown. What keeps it from that is no reason to keep the office from its work."""
        try:
            self.off_loop(sign_record, self)
        except ForkError as fork:
            self.fork = fork
            log.exception("the record was not signed")
        except (LedgerUnavailableError, WrongSetting, OSError):
            log.exception("the record was not signed")
        else:
            self.fork = None

    def note(self, kind: type[JournalEvent], /, *, office: str = INSTALLATION, by: str, **facts: object) -> Done:
        """Puts something that happened at the doors on record, and waits until it is durable."""
        return self.do(entry(kind, office=office, at=self.now(), by=by, key=secrets.token_hex(16), **facts))

    def note_about(self, kind: type[JournalEvent], person: str, **facts: object) -> Done:
        """Puts something that happened to a person at the doors on record: with their office, if they have one only."""
        account = self.access.people.get(person)
        offices = {grant.office for grant in account.grants} if account else set()
        office = offices.pop() if len(offices) == 1 and EVERYWHERE not in offices else INSTALLATION
        by = f"person:{person}" if person else "nobody"
        return self.note(kind, office=office, by=by, person=person, **facts)

    def off_loop(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Runs something that blocks (disk, long computation) in a native thread, and waits without blocking others.
        What runs in one already goes on in it.
        """
        return _in_thread_of(self._readers, partial(work, *args, **kwargs))

    def apart(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """As `off_loop`, in one of a few threads of its own, for what computes long and may be asked for by strangers
        (hashes of passwords): sign-ins wait for each other, pages never wait for sign-ins.
        """
        return _in_thread_of(self._hashers, partial(work, *args, **kwargs))

    # --- What is true, as committed

    @property
    def access(self) -> Access:
        """Who may act: people, devices, programs."""
        return self.present.access

    def offices(self) -> list[Office]:
        """The offices of this installation, as configured today."""
        return [self.office(office) for office in self.present.offices()]

    def office(self, office: str) -> Office:
        """An office as configured today. Raises `Refusal` for one that is not there."""
        return self.present.office_at(office, self.now())[0]

    def office_on(self, office: str, day: date) -> Office:
        """An office as configured on a local date, past or to come. Raises `Refusal` for one that is not there."""
        return self.present.office(office, day)

    def configurations(self, office: str) -> Configurations:
        """All that was decided about an office's configuration. Raises `Refusal` for one that is not there."""
        return self.present.configurations(office)

    def changes(self, office: str) -> list[Change]:
        """What was decided about an office's configuration, the latest first. Raises `Refusal`."""
        return list(reversed(self.present.configurations(office).changes))

    def today(self, office: str) -> Day:
        """An office's present service day; a day that has not begun shows an empty hall. Raises `Refusal`."""
        configuration, day = self.present.office_at(office, self.now())
        state = self.present.day(office, day)
        return state if state.office is not None else board.unopened(configuration, day)

    def ticket(self, secret: str) -> tuple[Day, str] | None:
        """The day and number of the ticket with this secret, if it is of a day still in memory (today or the last)."""
        token = token_digest(secret)
        for office in self.present.offices():
            for day in self.present.loaded(office):
                if token in day.tokens:
                    return day, day.tokens[token]
        return None

    def find_ticket(self, secret: str) -> tuple[Day, str] | None:
        """The same, also of one that another process issued a moment ago: who scans it comes with nothing that tells.
        Raises `LedgerUnavailableError` while that cannot be known.
        """
        if (found := self.ticket(secret)) is None:
            self.catch_up()
            found = self.ticket(secret)
        return found

    # --- Following the ledger (`web.live.Source`)

    @property
    def position(self) -> int:
        """The ledger's position that `present` has reached."""
        return self.present.position

    @property
    def house(self) -> "House":
        """What pictures are taken of."""
        return self

    def zone(self, office: str) -> str:
        """The IANA name of an office's time zone."""
        return self.office(office).zone

    def asker(self, environ: dict[str, Any]) -> Asker:
        """Who opened a socket; nobody for a token that is none."""
        try:
            return self.door.of(Request(environ))
        except Refusal:
            return NOBODY

    def may_watch(self, who: Asker, view: str, office: str) -> bool:
        """Whether somebody may watch a live view of an office."""
        return may_watch(who, view, office)

    def advance(self) -> set[str]:
        """Keeps up with the ledger; the ids of the offices that changed since the last call."""
        self._following.keep_up()
        if self._rights_changed:
            self._rights_changed = False
            self.door.renew()
        return self._following.changed()

    def concern(self, office: str) -> None:
        """Something has changed beside the ledger that pages of this office show."""
        self._following.concern(office)
        self.feed.ring()

    def catch_up(self) -> None:
        """Takes in everything that was committed until now."""
        self._following.catch_up()

    def _hear(self, recorded: Recorded) -> None:
        kind, office, *rest = recorded.stream.split(":")
        if kind == "day":
            self.forecasts.hear(office, rest[0], recorded)
        if kind in {"access", "office"} or isinstance(recorded.event, SignedOut):
            self._rights_changed = True

    def read_own_writes(self, elsewhere: int = 0) -> None:
        """Before each request: everything that this server has acknowledged is part of what it shows and judges by; and
        what another has acknowledged to who asks, up to a position, unless the ledger is away.
        """
        self._following.read_own_writes(elsewhere)

    def _hung_bells(self) -> list[FileBell | RedisBell]:
        """What rings when others commit. A database tells the ledger by itself."""
        bells: list[FileBell | RedisBell] = []
        if not self.ledger.on_commit_elsewhere(self._ring_at_others):
            bells.append(FileBell(self.database, self._ring_at_others))
        if self.settings.redis_url:
            redis = RedisBell(self.settings.redis_url, self._ring_far_off)
            self.ledger.on_commit(redis.tell)
            bells.append(redis)
        return bells

    def _ring_at_others(self) -> None:
        """Somebody wrote to the ledger. This process's own commits have rung already."""
        if self._following.others_wrote():
            self.feed.ring()

    def _ring_far_off(self) -> None:
        """Another machine says that it wrote."""
        self._following.others_rang()
        self.feed.ring()

    # --- Running

    def start(self) -> None:
        """Begins to follow the ledger and to keep house. Called on the server's loop, once."""
        self.feed.start()
        self.pulse.start()
        self.presence.start()
        self.forecasts.start()
        self.follower.start()
        for bell in self._bells:
            bell.start()
        self._housekeeping = gevent.spawn(self._keep_house)

    def stop(self) -> None:
        """Stops following: pages hear no more. Commands in progress are still answered."""
        if self._housekeeping:
            self._housekeeping.kill()
        self.forecasts.stop()
        self.presence.stop()
        self.showing.write()
        for bell in self._bells:
            bell.stop()
        self.feed.stop()
        self.pulse.stop()

    def close(self) -> None:
        """Ends the native threads, then closes the files that they use; what was acknowledged is in them.

        Who waited for a thread may be gone, stopped or cut off; what it works at is not.
        """
        self.computations.close()
        self.follower.stop()
        for threads in (self._readers, self._hashers):
            threads.shutdown(cancel_futures=True)
        self._stores.close()

    def _keep_house(self) -> None:
        """Every minute, and whenever an office's doors open or close; what fails is tried again with the next one."""
        turn_over = partial(self._turn_over, dict[str, tuple[str, str, bool]]())
        while True:
            for duty in (
                turn_over,
                self.door.tell_all,
                self.feed.recheck,
                self._end_sessions,
                self._carry_out_erasures,
                self._be_the_one_host,
                self.showing.write,
                self.sign,
            ):
                try:
                    duty()
                except (Refusal, LedgerUnavailableError, WrongSetting):
                    log.exception("the house could not be kept")
            gevent.sleep(self._until_doors())

    def _until_doors(self) -> float:
        """Seconds until the house is to be kept again: not past the moment at which an office opens or closes."""
        at = self.now()
        doors = [state_at(office, at) for office in self.offices()]
        times = [time for it in doors for time in (it.until, it.numbers_from, it.numbers_until) if time and time > at]
        return min([HOUSEKEEPING, *((time - at) / 1000 + DOORS_TURN for time in times)])

    def _turn_over(self, shown: dict[str, tuple[str, str, bool]]) -> None:
        """Closes the days that were left open, at their last instant, and turns the screens over to the new day, and
        when an office's doors open or close.
        """
        for office in self.offices():
            today = office.service_date(self.now()).isoformat()
            for day in list(self.present.loaded(office.id)):
                if day.open and day.date < today:
                    self._close(office, day)
            doors = state_at(office, self.now())
            now = today, doors.state, doors.numbers
            if shown.setdefault(office.id, now) != now:
                shown[office.id] = now
                self.concern(office.id)

    def _end_sessions(self) -> None:
        """Puts the sessions on record that ended by themselves."""
        at = self.now()
        for ended in self.off_loop(self.credentials.forget_expired, at):
            why = "expired" if ended.until <= at else "idle"
            self.note_about(SignedOut, ended.person, session=ended.id, why=why)

    def _carry_out_erasures(self) -> None:
        """Whatever was cut off while the office runs is erased too, and an opening has the less to look through. Keys
        that were destroyed leave nothing behind.
        """
        position = self.position

        def carried_out() -> None:
            self.personal.keys.settle()
            if position - self.personal.keys.reached >= FOLLOWED_EVERY:
                self.personal.carry_out(self.ledger)

        self.off_loop(carried_out)

    def _be_the_one_host(self) -> None:
        """Keys in a file are one host's: says so again after the database was away."""
        if self.one_host:
            self.off_loop(self.one_host.hold)

    def _close(self, office: Office, day: Day) -> None:
        _, ends = self.present.span(office.id, date.fromisoformat(day.date))
        key = f"close {office.id} {day.date} after {day.version}"
        try:
            self.do(CloseDay(office=office.id, at=ends - 1, by="system", key=key))
        except (Refusal, LedgerUnavailableError) as reason:
            log.warning("the day %s of %s was not closed: %s", day.date, office.id, reason)


_native = threading.local()


def _begin_native_thread() -> None:
    _native.is_here = True


def _in_thread_of(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    if getattr(_native, "is_here", False):
        return work()
    answered = ServerTurns().mark_for_threads()
    asked = threads.submit(work)
    asked.add_done_callback(lambda _: answered.set())
    answered.wait()
    return asked.result()


def first_office(name: str, at: int) -> ConfigureOffice:
    """The command that sets up the example office under an id, as a start."""
    configuration = msgspec.structs.replace(example_office(), id=name)
    return ConfigureOffice(
        office=name, at=at, by="system", key=f"first office {name}", configuration=configuration, since="1970-01-01"
    )


def house() -> House:
    """The house of the application that answers this request."""
    found: House = current_app.extensions["ltsa"]
    return found


def open_house(settings: Settings, *rooms: ModuleType) -> Flask:
    """Joins the rooms into one application: each room's `blueprint`, and its `LIVE` views if it has any."""
    app = Flask("ltsa", static_folder=None, template_folder=None)
    app.url_rule_class = LateRule
    here = House(settings)
    app.extensions["ltsa"] = here
    for part in (logs, words, format, waits, icons, errors, why):
        part.install(app)
    security.install(app, settings.public_url, settings.names)
    limits.install(app, here.limits)
    own_writes.install(app, here)
    asking.install(app, here)
    app.jinja_env.globals["fork_of_record"] = lambda: here.fork
    limits.install_for_askers(app)
    here.feed.init_app(app)
    app.register_blueprint(files.blueprint)
    for room in rooms:
        app.register_blueprint(room.blueprint)
        here.feed.add(*getattr(room, "LIVE", ()))
    if settings.oidc_issuer:
        from web import oidc  # noqa: PLC0415 - an office without single sign-on does not load what it needs

        oidc.install(app, here)

    return app


def _demand_known(settings: Settings) -> None:
    try:
        demand_known(settings.data, settings.ledger)
    except LedgerUnavailableError as reason:
        raise WrongSetting(f"The office in {settings.data} cannot be opened: {reason}.") from None
