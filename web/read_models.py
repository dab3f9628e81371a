"""The read models of a running office, for its pages: caught up when little is missing, else "being built"."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from ltsa.ledger import Ledger
from ltsa.models.following import BeingBuiltError, ReadModels
from ltsa.models.tables import store_at
from web.errors import Refused
from web.sides import Sides

if TYPE_CHECKING:
    from web.house import House

NAME = "models"
"""What their store is called: a file of the data folder, or a schema."""


class BeingBuilt(Refused):
    """A page needs what is being built still, which goes on by itself; `state` is how far that is, in per cent."""

    retry_after = 5
    comes_by_itself = True

    def __init__(self, percent: int) -> None:
        message = f"What this page shows is being gathered from the record, {percent} % so far. Ask again in a moment."
        super().__init__("being-built", message, state=f"{percent} %", status=HTTPStatus.SERVICE_UNAVAILABLE)
        self.values = {"percent": percent}


def open_models(sides: Sides, ledger: Ledger) -> ReadModels:
    """The models of a ledger, beside it. Raises `LedgerUnavailableError`."""
    return ReadModels(store_at(sides.at(NAME)), ledger)


def catch_up(here: "House", *names: str) -> ReadModels:
    """The models, some of which have now taken in all that is on record. Blocks: give it to `off_loop`.

    Raises `BeingBuilt` or `LedgerUnavailableError`.
    """
    try:
        here.models.caught_up(*names)
    except BeingBuiltError as behind:
        here.follower.hurry()
        raise BeingBuilt(behind.percent) from None
    return here.models
