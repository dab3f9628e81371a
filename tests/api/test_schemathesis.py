"""Schemathesis finds no failure and no answer that the document does not describe. A short run of `app.py fuzz`."""

from __future__ import annotations

from tests.api.program import DESCRIBED
from tools.fuzz import OPERATIONS, ask


def test_whatever_the_document_allows_or_forbids_is_answered_as_it_says() -> None:
    asked = ask(cases=10 * OPERATIONS, seed=1)
    assert asked.failures == []
    assert asked.cases > 10 * OPERATIONS, "the corners of every schema come on top"
    described = {f"{method.upper()} {path}" for path, item in DESCRIBED["paths"].items() for method in item}
    assert asked.operations == len(described) - 1, "all but the address of the document itself"
    assert {200, 201, 400, 401, 404, 409, 422} <= set(asked.statuses), (
        "it reaches the rules, and what is in front of them"
    )
