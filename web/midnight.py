"""Numbers begin anew each day: a command about a number says which day's it means, and is refused on any other."""

from http import HTTPStatus

from ltsa.message import key_digest
from web.errors import Refused
from web.house import House


def now_on(here: House, office: str, meant: str, key: str) -> int:
    """The instant to stamp a command with (ms UTC), if the service day is the one that it means ("" for whichever it
    is). What was answered under this key before gets its first answer, also when midnight has passed since.

    Raises:
        Refused: `day-over`.
    """
    at = here.now()
    today = here.present.office_at(office, at)[1].isoformat()
    if meant and meant != today:
        here.catch_up()
        if not any(key_digest(key) in day.answered for day in here.present.loaded(office)):
            message = f"This was meant for {meant}; today is {today}, and numbers begin anew each day."
            raise Refused("day-over", message, field="date", state=today, status=HTTPStatus.CONFLICT)
    return at
