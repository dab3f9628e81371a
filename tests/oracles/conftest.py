"""The oracles, each started once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.oracles.oracles import Go, Pm4py, Pymerkle

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def go() -> Iterator[Go]:
    """What Go's checksum database says."""
    oracle = Go()
    yield oracle
    oracle.close()


@pytest.fixture(scope="session")
def pymerkle() -> Iterator[Pymerkle]:
    """What pymerkle says."""
    oracle = Pymerkle()
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def pm4py() -> Iterator[Pm4py]:
    """What pm4py reads."""
    oracle = Pm4py()
    yield oracle
    oracle.close()
