"""What is due by the office's rules for how long something is kept: how much, and what holds something back."""

from flask import Blueprint

from ltsa.retention import HELD
from manage import frame
from web import retention
from web.house import house

blueprint = Blueprint("retention", __name__, url_prefix="/manage/<office>/retention")


@blueprint.get("")
def now(office: str) -> str:
    """What is due today. Numbers only: looking here is no look at anybody's data."""
    here, found = house(), frame.office_of(office)
    due = next(it for it in here.off_loop(retention.found, here) if it.office.id == office)
    held = [(why, due.held[why]) for why in HELD if due.held.get(why)]
    return frame.page("retention", found, it=due, held=held)
