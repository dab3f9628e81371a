"""Whatever is sent: never a failure, always an answer that the document describes, in the one shape of a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.operations import OPERATIONS
from app import create_app
from tests.api.program import Program
from web.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

POSTS = [operation for operation in OPERATIONS if operation.sends and operation.tag != "office"]
GETS = [operation for operation in OPERATIONS if not operation.sends]

odd = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["", "\0", "\ud800", "\u202e", "ltsa", "5", "D001", "health", "done", "id", "." * 3, "x" * 2000]),
)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(odd, inner, max_size=4),
    max_leaves=12,
)
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=210)
part = st.one_of(
    odd.map(lambda text: quote(text.encode("utf-8", "surrogatepass"), safe="")), st.binary(max_size=20).map(quote)
)
types = st.sampled_from(
    ["application/json"] * 8 + ["application/json; charset=utf-8", "text/plain", "", "a/b; c", "\xff"]
)
some = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A program beside an office in which somebody is served and somebody waits."""
    data: Path = tmp_path_factory.mktemp("fuzz") / "office"
    app = create_app(Settings(data=data, port=0, rate_limits=0))
    program = Program(app)
    program.opens("5", "Sri", "health", "bank")
    program.takes("health", "bank")
    program.takes("health")
    program.at("5", "call-next")
    yield program
    app.extensions["ltsa"].close()


@st.composite
def bodies(draw: st.DrawFn, fields: tuple[str, ...], example: dict[str, Any]) -> bytes:
    """Something like the operation's body: its fields with odd values, its example with a wound, or anything."""
    match draw(st.integers(0, 3)):
        case 0:
            names = st.sampled_from(fields) if fields else odd
            return json.dumps(draw(st.dictionaries(names, anything | st.lists(odd, max_size=3), max_size=4))).encode()
        case 1:
            whole = json.dumps(example).encode()
            at = draw(st.integers(0, len(whole)))
            return whole[:at] + draw(st.binary(max_size=4)) + whole[at + draw(st.integers(0, 3)) :]
        case 2:
            return json.dumps(draw(anything), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
        case _:
            return draw(st.binary(max_size=200))


@some
@given(ask=st.data())
def test_no_body_makes_a_change_fail(busy: Program, ask: st.DataObject) -> None:
    operation = ask.draw(st.sampled_from(POSTS))
    assert operation.sends
    example = msgspec.to_builtins(operation.example) if operation.example else {}
    path = operation.path.format(
        office="ltsa", counter="5", kiosk="barat", number="D001", token="A" * 26, case="x-1", card="A" * 26
    )
    data = ask.draw(bodies(operation.sends.__struct_fields__, example))
    headers = {"Idempotency-Key": ask.draw(keys), "Content-Type": ask.draw(types)}
    busy.send("POST", path, data=data, headers=headers)


@some
@given(ask=st.data())
def test_no_address_makes_a_request_fail(busy: Program, ask: st.DataObject) -> None:
    operation = ask.draw(st.sampled_from([*GETS * 4, *POSTS]))
    known = {"office": "ltsa", "counter": "5", "kiosk": "barat", "number": "D001", "token": "A" * 26}
    known |= {"date": "2026-11-21", "case": "x-1", "card": "A" * 26}
    parts = {name: ask.draw(part | st.just(usual)) for name, usual in known.items()}
    query = ask.draw(
        st.dictionaries(st.sampled_from(["after", "limit", "x"]), part | st.integers().map(str), max_size=2)
    )
    path = operation.path.format(**parts) + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    headers = {"Idempotency-Key": ask.draw(keys)}
    busy.send(operation.method, path, data=b"{}", headers={**headers, "Content-Type": "application/json"})


@some
@given(method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "ODD"]), rest=part)
def test_no_method_or_path_below_the_api_makes_a_request_fail(busy: Program, method: str, rest: str) -> None:
    busy.send(method, "/api/" + rest)
    busy.send(method, "/api/v1/offices/" + rest + "/" + rest)


@some
@given(
    name=st.sampled_from(["Origin", "Referer", "Accept", "Host", "Content-Type", "Content-Encoding", "Idempotency-Key",
                          "Sec-Fetch-Site", "Accept-Language", "Cookie", "Authorization", "Range", "If-None-Match",
                          "X-Forwarded-Host", "Content-Length", "Expect"]),
    value=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60),
)  # fmt: skip
def test_no_header_makes_a_request_fail(busy: Program, name: str, value: str) -> None:
    sane = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    busy.send("POST", "/api/v1/offices/ltsa/counters/5/recall", data=b"{}", headers={**sane, name: value})
    busy.send("GET", "/api/v1/offices/ltsa/board", headers={name: value})


def test_the_office_still_works_after_all_that(busy: Program) -> None:
    assert busy.takes("information")["number"].startswith("A")
