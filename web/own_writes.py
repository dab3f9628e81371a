"""Who has changed something sees it in the next page, whichever process or machine answers then.

Each process follows the ledger a moment behind the others. So the answer to a change gives the browser the position of
what it changed, in a cookie for ten seconds; a process that is not there yet catches up before it answers. Programs get
none (`web/security.py` takes who has a cookie for a browser): to them another process may show what was true up to a
second ago.
"""

from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from web.security import read_cookie, set_cookie

if TYPE_CHECKING:
    from web.house import House

SEEN = "position"
"""The cookie's name."""

KEPT = 10
"""Seconds after which every process has followed: ten of its looks at the ledger."""

DIGITS = 18


def install(app: Flask, house: "House") -> None:
    """Reads the cookie before every request, and gives it after those that changed something."""

    def follow() -> None:
        g.acknowledged = 0
        said = read_cookie(request, SEEN) or ""
        house.read_own_writes(int(said) if said.isascii() and said.isdigit() and len(said) <= DIGITS else 0)

    def tell(answer: Response) -> Response:
        is_browser = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
        if (acknowledged := g.get("acknowledged", 0)) and is_browser:
            set_cookie(answer, SEEN, str(acknowledged), max_age=KEPT)
        return answer

    app.before_request(follow)
    app.after_request(tell)
