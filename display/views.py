"""The doors of the display: the page on the wall, its live view, and the clips it speaks with."""

import re

from flask import Blueprint, Response, abort, g, render_template, request, send_file

from display.announcement import announcement
from display.picture import wall
from display.voice import CLIPS, clip
from web.errors import Refused
from web.house import house
from web.live import View

DEPTH = 5.0
"""Metres from the screen to the last seat, where the address does not say."""

blueprint = Blueprint("display", __name__, template_folder="templates")

LIVE = (View("display", wall, "display/wall.html"),)


@blueprint.get("/display/<office>")
def display(office: str) -> str:
    """The wall of an office. `?depth=` metres from the screen to the last seat, `?height=` the screen's height in
    millimetres: together they say how tall letters must be. `?sound=off` makes a second screen silent.
    """
    here = house().office(office)
    g.zone = here.zone
    return render_template(
        "display/display.html",
        office=here,
        depth=_measure("depth", 1, 30) or DEPTH,
        height=_measure("height", 100, 5000),
        silent=request.args.get("sound") == "off",
        clips=CLIPS,
        trial=announcement("A012", "3", "call"),
    )


@blueprint.get("/display/voice/<name>")
def voice(name: str) -> Response:
    """A clip: the office's own recording, else the synthesised one."""
    file = clip(name, house().settings.data / "voice")
    if file is None:
        abort(404)
    return send_file(file, max_age=0)


def _measure(name: str, least: int, most: int) -> float | None:
    """A length in the address, None where there is none."""
    text = request.args.get(name, "")
    if not text:
        return None
    n = float(text.replace(",", ".")) if re.fullmatch(r"[0-9]{1,4}([.,][0-9]{1,3})?", text) else 0
    if not least <= n <= most:
        raise Refused(
            f"wrong-{name}", f"{name} is {text!r}; it must be a number from {least} to {most}.", field=name, status=422
        )
    return n
