"""The manager's room: today at a glance, and the addresses of all its parts joined."""

from typing import Any

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug import Response

from manage import (
    changes,
    day,
    devices,
    frame,
    moving,
    offices,
    otherwise,
    people,
    periods,
    programs,
    references,
    reports,
    requests,
    retention,
    settings,
    setup,
    shown,
    today,
)
from web.asking import asker
from web.house import house
from web.live import View

blueprint = Blueprint("manage", __name__, template_folder="templates")
for part in (
    settings,
    moving,
    changes,
    day,
    reports,
    periods,
    references,
    requests,
    otherwise,
    retention,
    people,
    devices,
    programs,
    offices,
    setup,
):
    blueprint.register_blueprint(part.blueprint)

LIVE = (View("manage_now", today.now, "manage/now.html"),)

TABS = (
    ("today", "layout-dashboard", "glance", "office.see"),
    ("opening", "sunrise", "day.opening", "day.begin"),
    ("closing", "sunset", "day.closing", "day.begin"),
    ("report", "chart-column", "reports.latest", "day.report"),
    ("references", "file-clock", "references.every", "references.see"),
    ("requests", "user-lock", "requests.every", "requests.see"),
    ("whatif", "git-compare-arrows", "otherwise.ask", "office.see"),
    ("settings", "sliders-horizontal", "settings.overview", "office.see"),
    ("people", "users", "people.every", "people.see"),
    ("devices", "monitor-smartphone", "devices.every", "devices.see"),
    ("programs", "braces", "programs.every", "programs.see"),
    ("changes", "history", "changes.every", "office.see"),
)
"""The parts of the room: name, icon, page, and the right that opens it."""


@blueprint.record_once
def _prepare(state: BlueprintSetupState) -> None:
    words: dict[str, Any] = {
        "MANAGE_TABS": TABS,
        "manage_link": frame.link,
        "manage_actor": frame.actor,
        "worded": frame.worded,
        **shown.GLOBALS,
    }
    state.app.jinja_env.globals.update(words)
    state.app.jinja_env.filters.update(
        clock=frame.clock, extract=lambda key, found: found[key], role_word=shown.role_word
    )


@blueprint.get("/manage/<office>")
def glance(office: str) -> str | Response:
    """How the office stands, what needs attention, and the way to everything. Who may not see that begins elsewhere."""
    if not asker().may("office.see", office):
        return frame.leads_to(next(page for _, _, page, action in TABS if asker().may(action, office)))
    here, found, known = house(), frame.office_of(office), frame.known_of(office)
    date = known.today(here.now())
    return frame.page(
        "today",
        found,
        items=today.attention(here, found, known, date),
        day=date,
        unfinished=not frame.lived(office) and not all(setup.progress(found, known).values()),
    )
