"""A crowd uses an office as people do, and its report says what they felt and what was wrong."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from app import create_app
from ltsa import scenario
from ltsa.dispatch import Why
from ltsa.happened import TicketCalled, TicketIssued
from ltsa.message import key_digest
from ltsa.present import Recorded
from tests.staff import signed_in
from tools.load import check, made, plots, report
from tools.load.command import load
from tools.load.crowd import match_calls
from tools.load.day import arrivals
from tools.load.found import Found, Limit
from tools.load.meter import Meter
from tools.load.officer import Desk, read_desk
from tools.load.screens import wall
from tools.load.visitor import read_code
from tools.load.world import Call, Record, Ring, Shown, Told
from web.settings import Settings

STREAM = "day:load-1:2026-11-21"


def told(*calls: Call) -> Record:
    """What a crowd was told: these calls."""
    return Record([], [], list(calls), [], [])


def issued(number: str, key: str, at: int) -> Recorded:
    event = TicketIssued(
        at=1,
        by="kiosk:1",
        key=key_digest(key),
        content="",
        number=number,
        series="A",
        token="",
        services=("bank",),
        place=1,
    )
    return Recorded(at, STREAM, at, event)


def called(number: str, key: str, at: int) -> Recorded:
    why = Why(rule="index/1", eligible=1, place=1)
    event = TicketCalled(
        at=1, by="officer:1", key=key_digest(key), content="", number=number, service="bank", counter="9", why=why
    )
    return Recorded(at, STREAM, at, event)


# --- The whole of it


def test_a_small_crowd_lives_through_a_morning_and_everything_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "--speed 400 --begin 08.30 --duration 5 --ramp 1 --officers 2 --phones 1 --seed 7 --fail-over press.p99=60000"
    )
    with ThreadPoolExecutor(1) as apart:  # this thread has a loop already, where a browser's stories were told before
        loaded = apart.submit(load, [*words.split(), "--out", str(tmp_path)], create_app)
    assert loaded.result() == 0, capsys.readouterr()

    found = msgspec.json.decode((tmp_path / report.FIGURES).read_bytes(), type=Found)
    assert found.held
    assert found.tickets > 0
    assert found.served > 0
    assert found.commands > found.tickets
    assert {
        "ticket",
        "step",
        "press",
        "desk",
        "seen",
        "phone",
        "page",
        "file",
        "sign-in",
        "join",
    } <= found.latencies.keys()
    assert len(found.checks) == 5
    assert all(each.held for each in found.checks)
    assert found.limits[0].held
    assert found.looks[-1].cpu.keys() == {"this crowd", "server"}
    assert "server" in found.looks[-1].lag

    page = (tmp_path / report.PAGE).read_text(encoding="utf-8")
    assert "Everything held" in page
    assert page.count("<figure>") == len(re.findall(r'<div role="img"[^>]*><svg ', page)) > 10
    outside = set(re.findall(r'(?:src|href)="?(?!#)([^" >)]+)', page)) | set(re.findall(r"url\(\"?([^\")]+)", page))
    assert all(address.startswith(("data:", "#")) for address in outside), "it needs no network"
    assert page.count("As a table") == page.count("<figure>"), "whoever does not see a plot reads it"
    said = capsys.readouterr().out
    assert "held   Every acknowledged command is on record, once" in said
    assert str(tmp_path / report.PAGE) in said


# --- What would be found


def test_a_command_that_was_acknowledged_and_is_not_on_record_is_found() -> None:
    record = [Told("issue", "k1", 0), Told("issue", "k2", 0), Told("call-next", "k3", 9)]
    rows = [issued("A001", "k1", 1), called("A001", "k3", 2)]

    held = check.acknowledged(record, rows)
    assert not held.held
    assert held.wrong == ("issue under k2 was acknowledged and is 0 times on record.",)
    assert check.acknowledged(record, [*rows, issued("A002", "k2", 3)]).held


def test_what_was_done_twice_is_found() -> None:
    rows = [issued("A001", "k1", 1), issued("A001", "k2", 2), called("A001", "k3", 3), called("A001", "k3", 4)]

    assert check.numbers(rows).wrong == (f"A001 was given 2 times on {STREAM}.",)
    assert not check.acknowledged([Told("call-next", "k3", 3)], rows).held
    assert not check.given_up(["k3"], rows).held
    assert check.given_up(["k2"], rows).held, "once is as good as never where nobody was answered"


def test_a_display_that_shows_another_board_is_found(settings: Settings) -> None:
    app = create_app(settings)
    display = signed_in(app)
    v, picture = wall(display.get("/display/ltsa").text)
    assert v == app.extensions["ltsa"].position
    right = Shown("ltsa", [(1, 0.0, 0)], [picture])
    wrong = Shown("ltsa", [(1, 0.0, 0)], [right.last[0].replace("</li>", "!</li>", 1)])
    blind = Shown("ltsa", [], [""])

    assert check.boards([right], app).held
    assert len(check.boards([right, wrong, blind], app).wrong) == 2
    assert check.agreeing([right, right]).held
    assert not check.agreeing([right, wrong]).held
    app.extensions["ltsa"].close()


def test_a_call_counts_when_the_last_display_shows_it_and_one_that_never_does_is_wrong() -> None:
    meter = Meter(clock=lambda: 0.0)
    record = told(Call("load-1", "A001", 1.0, 10, 5001))
    near = Shown("load-1", [(9, 0.5, 6001), (10, 1.1, 6001)], [""])
    far = Shown("load-1", [(12, 1.4, 6002)], [""])
    blind = Shown("load-1", [(9, 0.5, 6001)], [""])
    elsewhere = Shown("load-2", [(11, 1.2, 6001)], [""])
    record.displays += [near, far, blind, elsewhere]

    match_calls(record, meter, {5001: 1, 6001: 1, 6002: 2})
    assert [round(each.took, 3) for each in meter.took["seen"]] == [0.1, 0.4]
    assert [round(each.took, 3) for each in meter.took["seen-elsewhere"]] == [0.4]
    assert meter.failed == {"seen: a call that a display never showed": 1}


def test_a_phone_rings_once_for_a_call_and_again_for_the_next() -> None:
    meter = Meter(clock=lambda: 0.0)
    record = told(
        Call("load-1", "A001", 1.0, 10, 0), Call("load-1", "A001", 5.0, 20, 0), Call("load-1", "A002", 1.0, 11, 0)
    )
    record.rings += [
        Ring("mother's", "load-1", "A001", 10, 1.2),
        Ring("mother's", "load-1", "A001", 13, 2.0),  # the call was repeated
        Ring("mother's", "load-1", "A001", 21, 5.3),
        Ring("father's", "load-1", "A001", 12, 1.5),
        Ring("father's", "load-2", "A001", 12, 1.5),
    ]

    match_calls(record, meter, {})
    assert [round(each.took, 3) for each in meter.took["rings"]] == [0.2, 0.5, 0.3]


def test_a_limit_that_is_exceeded_or_not_measured_is_missed() -> None:
    clock = [0.0]
    meter = Meter(clock=lambda: clock[0])
    clock[0] = 10.0
    for took in (0.1, 0.2, 0.3):
        meter.took["press"].append(meter.reading(5.0, 5.0 + took))
    meter.requests += [1.0, 2.0, 3.0, 4.0]
    meter.repeats("press", "503")
    found = Found(began="2026-11-21T08:00:00+07:00", asked={"offices": "1"}, machine="")
    found.measured(meter, [])
    found.judge(
        [Limit("press", "most", 300), Limit("press", "p50", 150), Limit("seen", "p95", 100), Limit("again", "", 20)]
    )

    assert [(each.limit, each.found, each.held) for each in found.limits] == [
        ("press.most=300", 300.0, True),
        ("press.p50=150", 200.0, False),
        ("seen.p95=100", None, False),
        ("again=20", 25.0, False),
    ]
    assert not found.held


def test_what_was_wrong_is_the_first_thing_that_the_report_says() -> None:
    found = Found(
        began="2026-11-21T08:00:00+07:00",
        asked=dict.fromkeys(("offices", "visitors", "begin", "speed"), "1"),
        machine="a machine",
        failed={"press: 500": 3},
        checks=[check.Check(what="Every number was given once", held=False, looked_at=2, wrong=("A<001> twice.",))],
    )
    page = report.as_page(found)
    assert "Something was wrong" in page
    assert "press: 500, 3 times" in page
    assert "A&lt;001&gt; twice." in page
    assert "Everything held" not in page
    assert "! press: 500, 3 times" in report.as_text(found)


# --- What the crowd sees


def test_officers_press_what_stands_on_the_large_button(settings: Settings) -> None:
    app = create_app(settings)
    siti, here = signed_in(app), app.extensions["ltsa"]
    siti.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"

    def sees() -> Desk:
        here.catch_up()
        return read_desk(siti.get("/desk/ltsa/9").text)

    def presses(action: str, **fields: object) -> None:
        answer = siti.post(
            f"/desk/ltsa/9/{action}", json=fields, headers={"Idempotency-Key": f"{action}-{len(fields)}"}
        )
        assert answer.status_code == 200, answer.text

    assert sees().action == "open"
    presses("open", services=["bank"])
    assert sees().action == "", "nobody waits: the button cannot be pressed"

    form = {"service": "bank", "language": "id", "key": "a key of sixteen"}
    ticket = siti.post("/kiosk/ltsa/ticket", data=form | {"key": "k" * 16})
    assert siti.get(f"/t/{read_code(ticket.text)}").status_code == 200, "the code leads to the ticket"
    assert sees().action == "call-next"
    presses("call-next")
    assert sees()[:3] == ("start", "", "G001")
    presses("start")
    assert sees()[:3] == ("finish", "done", "G001")
    here.close()


def test_a_day_is_the_same_for_the_same_seed_and_each_office_has_its_own() -> None:
    base = scenario.read("base")
    day = arrivals(base, 220, seed=1, office=0)

    assert day == arrivals(base, 220, seed=1, office=0)
    assert day != arrivals(base, 220, seed=1, office=1)
    assert [comer.minute for comer in day] == sorted(comer.minute for comer in day)
    assert 150 < len(day) < 300
    morning = sum(comer.minute < 210 for comer in day) / len(day)
    assert 0.6 < morning < 0.85, "as the scenario's profile says: 0.72"


# --- What is refused


def test_a_real_office_is_not_loaded_by_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = made.MadeOffice(id="ltsa", kiosks=(), displays=(), desks=(), supervisor="ratna")
    file = tmp_path / "people.json"
    file.write_bytes(msgspec.json.encode(made.Made(offices=(office,), password="secret")))

    assert load(["--url", "http://127.0.0.1:9", "--people", str(file), "--out", str(tmp_path / "out")], create_app) == 2
    assert "The office ltsa was not made to be loaded" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_offices_are_made_in_an_empty_folder_only_and_their_secrets_are_for_nobody_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "made"
    assert load(["--prepare", str(folder), "--offices", "2", "--officers", "1"], create_app) == 0
    assert "LTSA_OFFICE=load-1" in capsys.readouterr().out

    file = folder / made.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert [office.id for office in made.read(file).offices] == ["load-1", "load-2"]
    made.demand_marked(made.read(file))
    assert load(["--prepare", str(folder)], create_app) == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--url http://127.0.0.1:8000", "--people FILE go together"),
        ("--url ftp://x --people x", "it must be like http://127.0.0.1:8000"),
        ("--url http://x --people x --workers 2", "of an office opened here"),
        ("--speed 0", "must be a number from 0.1 to 1000"),
        ("--offices 0", "must be a whole number from 1 to 200"),
        ("--begin 06.00", "must be a time of the day from 07.30 on"),
        ("--begin 23.59", "is after the scenario closes (16.00)"),
        ("--fail-over speed.p95=1", "WHAT is one of ticket, step, press"),
        ("--scenario nowhere", "there is no 'nowhere'"),
        ("--prepare x --database postgres", "a database that stays"),
    ],
)
def test_options_that_cannot_be_are_refused_with_what_would_be_right(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        load(words.split(), create_app)
    assert ended.value.code == 2
    assert says in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_a_file_that_lets_nobody_in_says_what_would(tmp_path: Path) -> None:
    with pytest.raises(made.WrongOfficeError, match="--prepare FOLDER"):
        made.read(tmp_path / "nothing.json")
    (tmp_path / "odd.json").write_text(json.dumps({"offices": 3}), encoding="utf-8")
    with pytest.raises(made.WrongOfficeError, match="is not what"):
        made.read(tmp_path / "odd.json")


def test_names_at_the_ends_of_lines_never_lie_upon_each_other() -> None:
    found = Found(began="", asked={}, machine="", seconds=10)
    drawn = plots.lines([0.0, 10.0], {name: [0.0, 1.0] for name in ("one", "two", "three", "four")}, found)
    heights = [float(y) for y in re.findall(r'translate\([\d.]+ ([\d.]+)\)"[^>]*>(?:one|two|three|four)<', drawn)]
    places = sorted(heights) or sorted(
        float(y) for y in re.findall(r'y="([\d.]+)"[^>]*>(?:one|two|three|four)<', drawn)
    )
    assert len(places) == 4
    assert all(lower - upper > 10 for upper, lower in pairwise(places))
