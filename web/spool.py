"""Tickets that a printer of the office still has to print, in `devices.sqlite`, until the printer says that it has.

A job holds the idempotency key that the ticket was taken under, from which the server alone derives the ticket's secret
(`ltsa/tokens.py`); it is wiped as soon as the ticket is printed or too late. Everything blocks.
"""

from typing import ClassVar, Literal

from msgspec import Struct

from ltsa.side_store import statements
from web.fleet import Fleet, keep, made, one

PRINTED_WITHIN = 3 * 60_000
"""ms after which nobody stands there any more who waits for paper."""

REMEMBERED = 3_600_000
"""ms for which is known what became of a job."""

TABLES = statements("""
CREATE TABLE IF NOT EXISTS prints (job TEXT PRIMARY KEY, printer TEXT NOT NULL, office TEXT NOT NULL,
    date TEXT NOT NULL, key TEXT NOT NULL, ordered INTEGER NOT NULL, until INTEGER NOT NULL, copy INTEGER NOT NULL,
    state TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS prints_of_printer ON prints (printer, state);
""")

PrintState = Literal["ordered", "printed", "late"]


class PrintJob(Struct, frozen=True, kw_only=True):
    """A ticket for a printer: `key` is what it was taken under, `copy` 1 the first time; times in ms UTC."""

    job: str
    printer: str
    office: str
    date: str
    key: str
    ordered: int
    until: int
    copy: int = 1
    state: PrintState = "ordered"


class Spool(Fleet):
    """The fleet's store, with what its printers still have to print."""

    tables: ClassVar = [*Fleet.tables, *TABLES]

    def order(self, job: PrintJob) -> PrintState:
        """Has a ticket printed, once: a job that is known is not ordered again. How it stands."""
        with self._changing() as database:
            if known := one(database, PrintJob, "prints WHERE job = ?", job.job):
                return known.state
            keep(database, "prints", job)
            return "ordered"

    def to_print(self, printer: str, at: int) -> list[PrintJob]:
        """What a printer still has to print, the oldest first; what nobody waits for any more is given up."""
        with self._looking() as database:
            rows = database.execute(
                "SELECT job, printer, office, date, key, ordered, until, copy, state FROM prints"
                " WHERE printer = ? AND state = 'ordered' ORDER BY ordered, job",
                (printer,),
            ).fetchall()
        jobs = [made(PrintJob, row) for row in rows]
        for late in (job for job in jobs if job.until <= at):
            self._over(late.job, "late")
        return [job for job in jobs if job.until > at]

    def printed(self, job: str, printer: str) -> bool:
        """A printer has printed a ticket, in time or not. False for a job that is not its own."""
        with self._looking() as database:
            found = one(database, PrintJob, "prints WHERE job = ? AND printer = ?", job, printer)
        if found:
            self._over(job, "printed")
        return found is not None

    def job(self, job: str) -> PrintJob | None:
        """A job, and how it stands."""
        with self._looking() as database:
            return one(database, PrintJob, "prints WHERE job = ?", job)

    def forget_prints(self, at: int) -> None:
        """Takes out what is over."""
        with self._changing() as database:
            database.execute("UPDATE prints SET state = 'late', key = '' WHERE state = 'ordered' AND until <= ?", (at,))
            database.execute("DELETE FROM prints WHERE until <= ?", (at - REMEMBERED,))

    def _over(self, job: str, state: PrintState) -> None:
        with self._changing() as database:
            database.execute("UPDATE prints SET state = ?, key = '' WHERE job = ?", (state, job))
