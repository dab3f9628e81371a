"""Short addresses, for whoever types one."""

import pytest

from app import create_app
from web.settings import Settings


@pytest.mark.parametrize("face", ["kiosk", "desk", "supervisor", "display", "audit"])
def test_a_face_without_an_office_is_that_of_this_installation_s_office(settings: Settings, face: str) -> None:
    app = create_app(settings)
    answer = app.test_client().get(f"/{face}?lang=en")
    assert (answer.status_code, answer.location) == (302, f"/{face}/ltsa?lang=en")
    assert app.test_client().get(answer.location).status_code == 200
    app.extensions["ltsa"].close()
