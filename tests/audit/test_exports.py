"""`python3 app.py export`: a scripted morning as other programs read it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from xml.etree import ElementTree as ET  # what is read was written a moment before

import duckdb
import msgspec
import pytest
from jsonschema import FormatChecker, validate
from msgspec.structs import replace

from audit.exports import extract as extracting
from audit.exports import formats, ocel, parquet, xes
from audit.exports.command import export
from audit.exports.extract import Extract, Format, Said, Taken, Wanted
from ltsa.identity import Identity, identity
from ltsa.journal import DataExported
from ltsa.ledger import Ledger
from ltsa.present import day_stream
from tests.audit.event_logs import OCEL_JSON, XES, broken_in_xes
from tests.ltsa.scripted_journey import CASE, played
from web import journeys
from web.house import House
from web.settings import Settings
from web.tickets import issue

if TYPE_CHECKING:
    from collections.abc import Callable

    Take = Callable[..., Path]

EVENTS = 73
RATNA, BUDI = identity("3204014503900001", "Ratna Sari", "0812 3456 7890"), identity("3204010503900002", "Budi")
RATNA_TEXTS = (RATNA.name, RATNA.nik, RATNA.phone)
HOSTILE = "=1+1\"<&>'\x00\x0b\n, \U0001f600"


@pytest.fixture
def take(folder: Path, tmp_path: Path) -> Take:
    """Takes the morning out in a format; the file."""

    def taken(kind: str, *more: str) -> Path:
        assert export([kind, str(tmp_path / kind), "--data", str(folder), *more], None) == 0
        return tmp_path / kind

    return taken


def extract(kind: Format = "csv") -> Extract:
    """An extract that somebody took."""
    return Extract(wanted=Wanted(format=kind), zones={"ltsa": "Asia/Jakarta"}, until=9, by=HOSTILE, at=0)


def come(here: House, who: Identity) -> str:
    """Somebody opens a case and takes a number for it today; their pseudonymous id."""
    said: dict[str, Any] = {"office": "ltsa", "by": "kiosk:pintu-1"}
    person, _, _ = journeys.open_case(here, who, **said, scheme="p-to-p", key=f"case {who.nik}")
    issue(here, **said, key=f"ticket {who.nik}", services=(), person=person)
    return person


def texts_in(file: Path) -> list[str]:
    """Every text in an extract, whatever its format."""
    raw = file.read_bytes()
    if raw.startswith(b"SQLite"):
        with closing(sqlite3.connect(file)) as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return [str(it) for table in tables for row in db.execute(f"SELECT * FROM {table}") for it in row]  # noqa: S608
    if raw.startswith(b"{"):
        return [text for line in raw.splitlines() for text in values_in(json.loads(line))]
    return [it.removeprefix("'") for row in csv.reader(io.StringIO(raw.decode("utf-8-sig"))) for it in row]


def values_in(value: object) -> list[str]:
    """Every text in what was read of JSON."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [str(value)] if not isinstance(value, dict | list) else [text for it in inside for text in values_in(it)]


def nobody(_person: str) -> None:
    """Knows nobody."""


def hostile() -> list[Taken]:
    """A visit whose every free text is made to break a format."""
    issued = Said(at=1, by=HOSTILE, number="A001", services=("labour",))
    missed = Said(at=2, by=f"officer:{HOSTILE}", number="A001", service="labour", counter="1", reason=HOSTILE)
    return [
        Taken("ltsa", "2026-03-02", position, position, code, said, msgspec.json.encode(said))
        for position, (code, said) in enumerate((("ticket-issued", issued), ("ticket-missed", missed)), 1)
    ]


def test_every_event_of_the_day_is_a_row_and_a_line_and_carries_who_took_it(take: Take) -> None:
    rows = list(csv.DictReader(io.StringIO(take("csv").read_text("utf-8-sig"))))
    first, *lines = [json.loads(line) for line in take("jsonl").read_text().splitlines()]
    assert [row["version"] for row in rows] == [str(version) for version in range(1, EVENTS + 1)]
    assert [(line["event"], line["position"]) for line in lines] == [(r["event"], int(r["position"])) for r in rows]
    assert all(row["watermark"].startswith("LTSA export by command line at ") for row in rows)
    assert first["watermark"].startswith("LTSA export by command line at ")


def test_what_json_lines_carry_is_what_is_stored(take: Take, folder: Path) -> None:
    lines = take("jsonl").read_bytes().splitlines()[1:]
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as db:
        stored = [
            state for (state,) in db.execute("SELECT state FROM ledger WHERE originator_id = 'day:ltsa:2026-03-02'")
        ]
    assert len(lines) == len(stored) == EVENTS
    assert all(line.endswith(b'"data":' + state + b"}") for line, state in zip(lines, stored, strict=True))


def test_every_ticket_is_a_trace_whose_steps_begin_as_often_as_the_services_did(take: Take) -> None:
    rows = list(csv.DictReader(io.StringIO(take("csv").read_text("utf-8-sig"))))
    log = ET.fromstring(take("xes").read_bytes())  # noqa: S314
    said = [event.attrib["value"] for event in log.iter(f"{XES}string") if event.get("key") == "lifecycle:transition"]
    assert len(log.findall(f"{XES}trace")) == sum(row["event"] == "ticket-issued" for row in rows) > 0
    for code, transition in (
        ("ticket-called", "assign"),
        ("service-started", "start"),
        ("service-finished", "complete"),
    ):
        in_log = said.count(transition) - (transition == "complete")  # the log's own default
        assert in_log == sum(row["event"] == code for row in rows) > 0


def test_event_logs_keep_what_their_standards_ask_for(take: Take) -> None:
    log = take("xes").read_bytes()
    assert list(broken_in_xes(log)) == []
    assert list(broken_in_xes(log.replace(b"ate_abort", b"abandon"))) == ["abandon is no transition"] * 3
    told = json.loads(take("ocel-json").read_text())
    validate(told, OCEL_JSON, format_checker=FormatChecker())
    kinds = {it["name"]: {each["name"] for each in it["attributes"]} for it in told["objectTypes"] + told["eventTypes"]}
    for it in (*told["objects"], *told["events"]):
        assert {each["name"] for each in it["attributes"]} <= kinds[it["type"]]


def test_a_case_is_a_trace_over_days_and_offices_with_what_was_said_of_its_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path).close()
    monkeypatch.setenv("LTSA_OFFICE", "bandung")
    asked = ["xes", str(tmp_path / "cases"), "--trace", "case", "--data", str(tmp_path), "--force", "--office", "garut"]
    assert export([*asked, "--to", "2026-03-03"], None) == 0
    assert list(ET.parse(tmp_path / "cases").iter(f"{XES}trace")) == [], "it came to Garut on the 4th"  # noqa: S314
    assert export([*asked, "--from", "2026-03-04"], None) == 0
    log = (tmp_path / "cases").read_bytes()
    assert list(broken_in_xes(log)) == []
    [trace] = ET.fromstring(log).iter(f"{XES}trace")  # noqa: S314
    about = {it.attrib["key"]: it.attrib["value"] for it in trace if it.tag == f"{XES}string"}
    assert (about["concept:name"], about["scheme"], about["office"]) == (CASE, "p-to-p", "bandung")
    said = [{it.attrib["key"]: it.attrib["value"] for it in event} for event in trace.iter(f"{XES}event")]
    check = [it["lifecycle:transition"] for it in said if it["concept:name"] == "civil-registry-check"]
    assert check == ["ate_abort", "ate_abort", "complete"], "returned, rejected, done"
    assert (said[-1]["concept:name"], said[-1]["org:group"]) == ("passport", "garut")
    assert (said[-1]["visit"], said[-1]["time:timestamp"]) == ("garut/2026-03-04/E001", "2026-03-04T02:40:00.000+00:00")


def test_only_xes_has_traces(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(["csv", str(tmp_path / "out"), "--trace", "case", "--data", str(folder)], None) == 2
    assert "Only XES has traces" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_both_forms_of_ocel_hold_the_same_and_every_relation_leads_to_an_object(take: Take) -> None:
    told = json.loads(take("ocel-json").read_text())
    objects = {it["id"] for it in told["objects"]}
    links = [link["objectId"] for it in (*told["events"], *told["objects"]) for link in it["relationships"]]
    assert len(told["events"]) == EVENTS
    assert all(event["relationships"] for event in told["events"])  # readers leave others out
    assert links
    assert set(links) <= objects
    with closing(sqlite3.connect(take("ocel-sqlite"))) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (EVENTS,)
        assert {name for (name,) in db.execute("SELECT ocel_id FROM object")} == objects
        watermark = db.execute("SELECT watermark FROM object_export").fetchone()[0]
    assert watermark.startswith("LTSA export by command line at ")


def test_parquet_holds_every_event_in_columns_of_their_types_and_says_who_took_it(take: Take) -> None:
    rows = list(csv.DictReader(io.StringIO(take("csv").read_text("utf-8-sig"))))
    with duckdb.connect() as db:
        file = db.read_parquet(str(take("parquet")))
        types = dict(zip(file.columns, map(str, file.types), strict=True))
        told = file.select("position, date, epoch_ms(time), services, outcome").fetchall()
        metadata = "SELECT decode(key), decode(value) FROM parquet_kv_metadata(?)"
        about = dict(db.execute(metadata, [str(take("parquet", "--force"))]).fetchall())
    assert list(types) == list(rows[0])[:-1], "the columns of the table, without the watermark"
    assert (types["date"], types["time"], types["services"]) == ("DATE", "TIMESTAMP WITH TIME ZONE", "VARCHAR[]")
    for row, (position, date, at, services, outcome) in zip(rows, told, strict=True):
        assert (row["position"], row["date"]) == (str(position), date.isoformat())
        assert datetime.fromisoformat(row["time"]).timestamp() * 1000 == at
        assert (row["services"].split(), row["outcome"]) == (services or [], outcome or "")
    assert about["watermark"].startswith("LTSA export by command line at ")
    assert (json.loads(about["offices"]), about["from"]) == (["ltsa"], "0001-01-01")


def test_without_its_extra_parquet_is_refused_with_how_to_add_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert export(["parquet", str(tmp_path / "out"), "--data", str(folder)], None) == 2
    assert "pip install -r " in capsys.readouterr().err
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        assert list(ledger.told("data-exported/1")) == []


def test_a_ticket_in_ocel_ends_as_it_did(take: Take) -> None:
    told = json.loads(take("ocel-json").read_text())
    states = [[it["value"] for it in obj["attributes"]] for obj in told["objects"] if obj["type"] == "ticket"]
    assert all(one[0] == "waiting" for one in states)
    assert any("serving" in one for one in states)


def test_within_one_long_day_who_waits_hears_how_many_events_are_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracting, "TOLD_EVERY", 30)
    heard: list[tuple[int, int]] = []
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        cut = replace(extract(), until=ledger.newest())
        chosen = extracting.days(ledger, cut)
        list(extracting.events(ledger, cut, chosen, lambda *done: heard.append(done)))
    assert heard == [(0, 30), (0, 60), (1, EVENTS)]


def test_taking_out_is_on_record_before_it_happens_and_never_part_of_what_is_taken(take: Take, folder: Path) -> None:
    take("csv", "--from", "2026-03-01", "--to", "2026-03-02", "--office", "ltsa")
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        [noted] = [it.event for it in ledger.told("data-exported/1") if isinstance(it.event, DataExported)]
        assert list(ledger.stored(day_stream("ltsa", "2026-03-02"), 0)) == []
    assert (noted.kind, noted.about, noted.by) == ("export.csv", "2026-03-01–2026-03-02", "command line")


@pytest.mark.parametrize("kind", get_args(Format))
def test_a_server_s_threads_may_take_turns_at_drawing_the_pieces(kind: Format, folder: Path, tmp_path: Path) -> None:
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        cut = Extract(wanted=Wanted(format=kind), zones={"ltsa": "Asia/Jakarta"}, until=ledger.newest(), by="", at=0)
        pieces, drawn = formats.written(ledger, cut, tmp_path, lambda *_: None, nobody), list[bytes | None]()
        while not drawn or drawn[-1] is not None:
            with ThreadPoolExecutor(1) as turn:
                drawn.append(turn.submit(next, pieces, None).result())
    assert len(drawn) > 1


def test_a_file_is_never_written_over_unasked_and_an_unknown_office_leaves_none(take: Take, folder: Path) -> None:
    out = take("csv", "--to", "2020-01-01")
    empty = out.read_bytes()
    assert export(["csv", str(out), "--data", str(folder)], None) == 2
    assert out.read_bytes() == empty
    assert len(take("csv", "--force").read_bytes()) > len(empty)
    assert export(["csv", str(out.with_name("x")), "--data", str(folder), "--office", "nowhere"], None) == 2
    assert not out.with_name("x").exists()


def test_who_the_people_are_leaves_by_choice_alone_with_a_reason_on_record_and_without_the_erased(
    take: Take, folder: Path
) -> None:
    with closing(House(Settings(data=folder, port=0))) as here:
        people = [come(here, who) for who in (RATNA, BUDI)]
        journeys.erase(here, people[1], office="ltsa", by="officer:sari", key="erase")

    for kind in ("csv", "jsonl", "ocel-json", "ocel-sqlite"):
        plain = take(kind)
        assert not set(RATNA_TEXTS) & set(texts_in(plain)), kind
        out = take(kind, "--force", "--personal", "temuan BPK 12/2026")
        found = texts_in(out)
        assert [found.count(text) for text in RATNA_TEXTS] == [1, 1, 1], f"{kind}: once, where the visit begins"
        assert not [text for text in (BUDI.name, BUDI.nik) if text in found]
        assert any(text.endswith("with personal data: temuan BPK 12/2026") for text in found)
        assert (out.stat().st_mode & 0o777, people[1] in "".join(found)) == (0o600, True)
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        noted = [it.event for it in ledger.told("data-exported/1") if isinstance(it.event, DataExported)]
    assert [event.why for event in noted] == ["", "temuan BPK 12/2026"] * 4
    raw = b"".join(file.read_bytes() for file in folder.glob("ledger.sqlite*"))
    assert not [text for text in RATNA_TEXTS if text.encode() in raw]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("csv", "--personal", " "), "Say why you need to know"),
        (("xes", "--personal", "audit"), "go into csv, jsonl, ocel-json, ocel-sqlite alone"),
        (("csv", "--from", "2026-03-03", "--to", "2026-03-02"), "the first day comes first"),
    ],
)
def test_what_cannot_be_taken_out_is_refused_before_anything_is_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: tuple[str, ...], says: str
) -> None:
    kind, *more = asked
    assert export([kind, str(tmp_path / "out"), "--data", str(folder), *more], None) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert export([kind, "-", "--data", str(folder), "--personal", "why"], None) == 2, "never on the terminal"
    with closing(Ledger(folder / "ledger.sqlite")) as ledger:
        assert list(ledger.told("data-exported/1")) == []


def test_hostile_texts_survive_or_are_made_harmless(tmp_path: Path) -> None:
    table = b"".join(formats.csv(hostile(), extract(), nobody)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert rows[1]["reason"] == f"'{HOSTILE}"
    log = ET.fromstring(b"".join(xes.visits(hostile(), extract())))  # noqa: S314
    resources = [it.attrib["value"] for it in log.iter(f"{XES}string") if it.get("key") == "org:resource"]
    assert resources[0] == HOSTILE.replace("\x00", "\ufffd").replace("\x0b", "\ufffd")
    first, *lines = b"".join(formats.jsonl(hostile(), extract(), nobody)).split(b"\n")[:-1]
    assert HOSTILE in json.loads(first)["watermark"]
    assert [json.loads(line)["data"]["by"] for line in lines] == [HOSTILE, f"officer:{HOSTILE}"]
    parquet.write(tmp_path / "parquet", hostile(), extract("parquet"))
    with duckdb.connect() as db:
        kept = db.read_parquet(str(tmp_path / "parquet")).select('reason, "by"').fetchall()
    assert kept == [(None, HOSTILE), (HOSTILE, f"officer:{HOSTILE}")]
    ocel.write(tmp_path / "log", hostile(), extract(), nobody)
    told = json.loads(b"".join(ocel.as_json(tmp_path / "log", extract())))
    assert f"officer:{HOSTILE}" in {it["id"] for it in told["objects"]}
