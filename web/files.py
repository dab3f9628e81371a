"""The files that pages bring along: each room's own under `/static/<room>/`, third-party code under `/vendor/`."""

import re
from pathlib import Path

from flask import Blueprint, Response, abort, send_from_directory

PROJECT = Path(__file__).resolve().parent.parent
NODE_MODULES = PROJECT / "node_modules"

VENDOR = (
    r"@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-[a-z-]+\.woff2",
    r"lucide-static/icons/[a-z0-9-]+\.svg",
)
"""What browsers may fetch of the npm packages, by its path in `node_modules`; everything else there stays inside."""

A_DAY = 24 * 60 * 60
_FETCHABLE = re.compile("|".join(VENDOR))

blueprint = Blueprint("files", __name__)


@blueprint.get("/static/<room>/<path:name>")
def static(room: str, name: str) -> Response:
    """A room's own file. Browsers ask each time whether it changed: a new release shows at once."""
    if not room.isidentifier():
        abort(404)
    return send_from_directory(PROJECT / room / "static", name, max_age=0)


@blueprint.get("/vendor/<path:name>")
def vendor(name: str) -> Response:
    """A file of an npm package, fetched by lock file (`package-lock.json`); it changes with a release only."""
    if not _FETCHABLE.fullmatch(name):
        abort(404)
    return send_from_directory(NODE_MODULES, name, max_age=A_DAY)
