"""A real office in this process, and a program beside it."""

from collections.abc import Iterator

import pytest

from app import create_app
from tests.api.program import Program
from web.settings import Settings


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    """A program beside an empty office."""
    app = create_app(settings)
    yield Program(app)
    app.extensions["ltsa"].close()
