"""Icons of the lucide set (ISC licence), read from the npm package and written into the page as SVG.

An icon always stands beside its word, so an office that never fetched the package loses a picture, not a meaning.
"""

import logging
import re
from functools import cache
from pathlib import Path

from flask import Flask, current_app
from markupsafe import Markup, escape

FOLDER = Path(__file__).resolve().parent.parent / "node_modules" / "lucide-static" / "icons"

_OPENING = re.compile(r".*?<svg\b[^>]*>", re.DOTALL)


class UnknownIconError(LookupError):
    """No icon has this name."""


@cache
def shape(name: str, folder: Path = FOLDER) -> Markup:
    """What is drawn inside the icon's 24 by 24 box.

    Raises:
        UnknownIconError: the set has no such icon, or was never fetched.
    """
    if not re.fullmatch(r"[a-z0-9-]+", name):
        raise UnknownIconError(f"{name!r} is no name of an icon: lower-case letters, digits and hyphens only.")
    try:
        drawing = (folder / f"{name}.svg").read_text("utf-8")
    except OSError as error:
        raise UnknownIconError(f"The icon set in {folder} has no {name!r}.") from error
    inner = _OPENING.sub("", drawing, count=1).replace("</svg>", "")
    return Markup(re.sub(r"\s*\n\s*", "", inner))  # noqa: S704 the drawing comes from a package pinned by its hash


def icon(name: str, classes: str = "") -> Markup:
    """An inline SVG, hidden from screen readers: the word beside it speaks."""
    try:
        drawn = shape(name, current_app.config.get("ICONS", FOLDER))
    except UnknownIconError:
        if current_app.testing:
            raise
        logging.getLogger(__name__).warning("No icon %r.", name)
        return Markup()
    return Markup(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>'
    ).format(escape(classes), drawn)


def install(app: Flask) -> None:
    """Gives every template `icon(name)`."""
    app.jinja_env.globals["icon"] = icon
