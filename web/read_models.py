"""The read models of a running office, for its pages: caught up when little is missing, else "being built"."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from ltsa.ledger import Ledger
from ltsa.models.background import Follower
from ltsa.models.following import BeingBuiltError, ReadModels
from ltsa.models.tables import ModelFile
from web.errors import Refused
from web.settings import Settings

if TYPE_CHECKING:
    from web.house import House

FILE = "models.sqlite"


class BeingBuilt(Refused):
    """A page needs what is being built still, which goes on by itself; `state` is how far that is, in per cent."""

    retry_after = 5
    comes_by_itself = True

    def __init__(self, percent: int) -> None:
        message = f"What this page shows is being gathered from the record, {percent} % so far. Ask again in a moment."
        super().__init__("being-built", message, state=f"{percent} %", status=HTTPStatus.SERVICE_UNAVAILABLE)
        self.values = {"percent": percent}


def open_models(settings: Settings, ledger: Ledger) -> tuple[ReadModels, Follower]:
    """The models of a ledger, and who keeps them up with it once started."""
    models = ReadModels(ModelFile(settings.data / FILE), ledger)
    return models, Follower(models)


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
