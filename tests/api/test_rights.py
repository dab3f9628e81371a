"""Programs act in their own name, in the role and the office of their token, and nowhere else."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from api.operations import OPERATIONS, Operation
from ltsa.access import EVERYWHERE, MakeToken, RevokeToken
from ltsa.configuring import ConfigureOffice
from ltsa.office import example_office
from tests.api.program import V1, Program
from tests.staff import paired, signed_in

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

A_DAY = 86_400_000
BATAM = [operation for operation in OPERATIONS if "{office}" in operation.path]


@pytest.fixture
def batam(program: Program) -> Program:
    """A program of another office of the same installation, where health is served at counter 5 and D001 waits."""
    office = replace(example_office(), id="batam")
    program.house.do(
        ConfigureOffice(office="batam", at=0, by="system", key="b", configuration=office, since="1970-01-01")
    )
    other = program.of("supervisor", "batam")
    other.does("/offices/batam/counters/5/open", {"officer": "Rudi", "services": ["health"]})
    other.does("/offices/batam/tickets", {"services": ["health"]}, status=201)
    return other


def code(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.get_json()["code"]


# --- In its own name


def test_what_a_program_does_is_on_record_in_its_name(program: Program) -> None:
    program.opens("5", "Sri", "health")
    number = program.takes("health")["number"]
    program.at("5", "call-next")
    program.does(f"/offices/ltsa/tickets/{number}/cancel")
    program.house.catch_up()
    given = {
        recorded.event.by for recorded in program.house.ledger.history(f"day:ltsa:{program.house.today('ltsa').date}")
    }
    assert given == {"system", program.name}


def test_a_body_cannot_say_who_acts(program: Program) -> None:
    assert program.refused("/offices/ltsa/tickets", {"services": ["bank"], "by": "system"}) == (422, "unknown-field")


def test_a_person_sits_down_as_themselves_and_a_program_for_whom_it_says(program: Program) -> None:
    siti = program.through(signed_in(program.app, "siti", ("officer",), "ltsa"))
    path = "/offices/ltsa/counters/5/open"
    assert siti.refused(path, {"officer": "budi"}) == (422, "wrong-officer")
    assert siti.does(path, {"officer": "siti"})["officer"] == "siti"
    assert program.house.ledger.since(0)[-1].event.by == "officer:siti"
    assert program.opens("6", "Rudi")["officer"] == "Rudi"


def test_a_person_does_not_act_at_a_colleagues_counter_by_way_of_the_api(program: Program) -> None:
    program.opens("5", "siti", "health")
    program.takes("health")
    path = "/offices/ltsa/counters/5/call-next"
    budi = program.through(signed_in(program.app, "budi", ("officer",), "ltsa"))
    assert budi.refused(path) == (409, "counter-taken")
    yuni = program.through(signed_in(program.app, "yuni", ("supervisor",), "ltsa"))
    assert yuni.does(path)["number"] == "D001"


# --- What opens nothing


@pytest.mark.parametrize("shown", ["", "x", "0" * 64, "é", "Bearer", "a b", "x" * 10_000])
def test_a_token_that_is_none_is_refused_even_where_none_is_needed(program: Program, shown: str) -> None:
    headers = {"Authorization": f"Bearer {shown}".encode().decode("latin-1")}
    answer = program.send("GET", "/api/openapi.json", headers=headers)
    assert code(answer) == (401, "wrong-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_without_a_token_a_program_is_told_to_show_one(program: Program) -> None:
    answer = program.of("").get("/offices")
    assert code(answer) == (401, "sign-in-needed")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_token_and_one_that_is_over_open_nothing(program: Program) -> None:
    house = program.house
    token = house.access.shown[sha256(program.token.encode()).hexdigest()].id
    house.do(RevokeToken(office="ltsa", at=house.now(), by="system", key="r", token=token))
    assert code(program.get("/offices")) == (401, "wrong-token")
    until = house.now() + 60_000
    digest = sha256(b"short").hexdigest()
    house.do(
        MakeToken(
            office="ltsa", at=house.now(), by="system", key="m", name="s", role="display", digest=digest, until=until
        )
    )
    shows = {"Authorization": "Bearer short"}
    assert program.send("GET", f"{V1}/offices", headers=shows).status_code == 200
    house.now = lambda: until  # type: ignore[method-assign]
    assert code(program.send("GET", f"{V1}/offices", headers=shows)) == (401, "wrong-token")


def test_a_tickets_secret_is_enough_for_its_ticket_and_for_nothing_else(program: Program) -> None:
    mine, other = program.takes("bank"), program.takes("bank")
    holder = program.of("")
    assert holder.get(f"/tickets/{mine['token']}").json["number"] == mine["number"]
    assert holder.does(f"/tickets/{mine['token']}/cancel")["state"] == "cancelled"
    assert code(holder.get("/offices/ltsa/board")) == (401, "sign-in-needed")
    assert holder.refused(f"/offices/ltsa/tickets/{other['number']}/cancel") == (401, "sign-in-needed")
    bearer = {"Authorization": f"Bearer {mine['token']}"}
    assert code(holder.send("GET", f"{V1}/offices/ltsa/board", headers=bearer)) == (401, "wrong-token")
    program.house.catch_up()
    assert program.house.ledger.since(0)[-1].event.by == "holder"


# --- Another office


def test_offices_are_listed_to_those_who_may_see_them(program: Program, batam: Program) -> None:
    def listed(asks: Program) -> list[str]:
        return [office["id"] for office in asks.get("/offices").json]

    assert listed(program) == ["ltsa"]
    assert listed(batam) == ["batam"]
    assert listed(program.of("display", EVERYWHERE)) == ["ltsa", "batam"]


def body_of(operation: Operation) -> Any:
    """The operation's example, as JSON."""
    return to_builtins(operation.example) if operation.example else {}


@pytest.mark.parametrize("role", ["supervisor", "officer", "auditor", "manager", "kiosk", "display"])
def test_a_token_of_one_office_opens_nothing_of_another(program: Program, batam: Program, role: str) -> None:
    before, asks = batam.get("/offices/batam/board").json, program.of(role)
    parts = {"office": "batam", "counter": "5", "kiosk": "barat", "number": "D001", "date": before["date"]}
    parts["case"] = f"{'0' * 20}-1"
    for operation in BATAM:
        more = {"json": body_of(operation), "headers": {"Idempotency-Key": "idor"}} if operation.sends else {}
        answer = asks.send(operation.method, operation.path.format(**parts), **more)
        assert code(answer) == (403, "not-allowed"), operation.name
    after = batam.get("/offices/batam/board").json
    assert after["version"] == before["version"], "nothing happened there"


def test_a_body_that_names_another_office_is_refused_before_any_rule_sees_it(program: Program, batam: Program) -> None:
    version = batam.get("/offices/batam/board").json["version"]
    assert program.refused("/offices/ltsa/tickets", {"services": ["health"], "office": "batam"})[1] == "unknown-field"
    assert program.refused("/offices/ltsa/tickets/D001/cancel", {"office": "batam"})[1] == "unknown-field"
    assert batam.get("/offices/batam/board").json["version"] == version


def test_a_refusal_does_not_say_whether_there_is_such_an_office(program: Program, batam: Program) -> None:
    there, nowhere = (program.get(f"/offices/{office}/board") for office in ("batam", "nowhere"))
    assert there.json == nowhere.json
    assert batam.get("/offices/batam/board").status_code == 200


def test_a_key_of_one_office_gives_no_answer_of_another(program: Program, batam: Program) -> None:
    secret = batam.does("/offices/batam/tickets", {"services": ["bank"]}, status=201, key="same-key")
    mine = program.does("/offices/ltsa/tickets", {"services": ["bank"]}, status=201, key="same-key")
    assert (mine["office"], secret["office"]) == ("ltsa", "batam")
    assert mine["token"] != secret["token"]


# --- The day that is meant


def test_a_command_about_a_number_may_say_of_which_day(program: Program) -> None:
    yesterday, house = program.house.today("ltsa").date, program.house
    program.takes("bank")
    now = house.now
    house.now = lambda: now() + A_DAY  # type: ignore[method-assign] # the night has passed
    program.takes("bank")
    for action, body in (
        ("cancel", {}),
        ("put-back", {}),
        ("steps", {"add": ["health"]}),
        ("priority", {"priority": None}),
    ):
        refused = program.refused(f"/offices/ltsa/tickets/G001/{action}", {**body, "date": yesterday})
        assert refused == (409, "day-over"), action
    program.opens("9", "Budi")
    assert program.refused("/offices/ltsa/counters/9/call", {"number": "G001", "date": yesterday}) == (409, "day-over")
    today = house.today("ltsa").date
    assert program.at("9", "call", {"number": "G001", "date": today})["state"] == "called"
    assert program.refused("/offices/ltsa/tickets/G001/cancel", {"date": "tomorrow"}) == (422, "wrong-value")


def test_a_command_whose_answer_was_lost_at_midnight_gets_it_after(program: Program) -> None:
    program.takes("bank")
    said, house = {"date": program.house.today("ltsa").date}, program.house
    first = program.does("/offices/ltsa/tickets/G001/cancel", said, key="midnight")
    now = house.now
    house.now = lambda: now() + A_DAY  # type: ignore[method-assign]
    assert program.does("/offices/ltsa/tickets/G001/cancel", said, key="midnight") == first


# --- Help at a kiosk


def test_a_kiosk_of_another_make_calls_an_officer_and_says_that_somebody_came(program: Program) -> None:
    kiosk = program.of("kiosk")
    asked = kiosk.does("/offices/ltsa/kiosks/barat/ask-help", key="help")
    assert asked["kiosk"] == "barat"
    assert asked["since"]
    assert kiosk.does("/offices/ltsa/kiosks/barat/ask-help", key="help") == asked
    assert kiosk.refused("/offices/ltsa/kiosks/barat/ask-help") == (409, "help-asked")
    assert program.get("/offices/ltsa/board").json["help"] == [{"kiosk": "barat", "since": asked["since"]}]
    assert program.does("/offices/ltsa/kiosks/barat/give-help")["since"] is None
    assert program.get("/offices/ltsa/board").json["help"] == []
    assert kiosk.refused("/offices/ltsa/kiosks/barat/give-help") == (409, "no-help-asked")
    assert kiosk.refused("/offices/ltsa/kiosks/%20/ask-help") == (422, "wrong-kiosk")


def test_a_paired_kiosk_speaks_for_itself_alone(program: Program) -> None:
    barat = program.through(paired(program.app, "kiosk", "barat"))
    assert barat.refused("/offices/ltsa/kiosks/timur/ask-help") == (403, "not-allowed")
    assert barat.does("/offices/ltsa/kiosks/barat/ask-help")["kiosk"] == "barat"
    assert program.house.ledger.since(0)[-1].event.by == "kiosk:barat"
