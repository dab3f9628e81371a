"""The pages of this room alone, over a stand-in for the house: what the tests of look, words and errors open."""

from types import SimpleNamespace

from flask import Flask, Response, g, request
from msgspec import structs

from ltsa.access import EVERYWHERE, ROLES, Device, Grant
from ltsa.ledger import LedgerUnavailableError
from ltsa.message import Refusal
from ltsa.office import Office, example_office
from web import errors, files, format, front, icons, security, words  # noqa: A004 - format is the room's name
from web.asking import NOBODY, Asker, asker, may
from web.errors import Refused
from web.sessions import Session

SITI = Session(
    id="s1",
    person="siti.rahma",
    how="password",
    device="",
    began=0,
    seen=0,
    until=0,
    locked=False,
    second_factor=True,
)

ASKERS = {
    "": Asker(session=SITI, grants=frozenset(Grant(role, EVERYWHERE) for role in ROLES)),
    "officer": Asker(session=SITI, grants=frozenset({Grant("officer", "ltsa")})),
    "admin": Asker(session=SITI, grants=frozenset({Grant("admin", EVERYWHERE)})),
    "newcomer": Asker(session=SITI, withheld=frozenset({Grant("manager", "ltsa")})),
    "locked": Asker(session=structs.replace(SITI, locked=True)),
    "nobody": NOBODY,
    "kiosk": Asker(device=Device("d1", "kiosk", "ltsa", "pintu-timur", "")),
    "display": Asker(device=Device("d2", "display", "ltsa", "hall", "")),
}
"""Who comes, as the address says (`?as=nobody`); Siti, who may open every screen, where it says nothing."""


def look_app(*offices: Office, testing: bool = True, public_url: str = "https://antrean.example.go.id") -> Flask:
    """The front page, the gallery, and one address for each way to be refused."""
    app = Flask("web", static_folder=None)
    app.testing = testing
    app.extensions["ltsa"] = SimpleNamespace(
        offices=lambda: list(offices or [example_office()]),
        settings=SimpleNamespace(office="ltsa"),
        access=SimpleNamespace(people={"siti.rahma": None}),
    )
    _let_in(app)
    for part in (words, format, icons, errors):
        part.install(app)
    security.install(app, public_url)
    app.register_blueprint(files.blueprint)
    app.register_blueprint(front.blueprint)
    _refuse(app)
    return app


def _let_in(app: Flask) -> None:
    app.jinja_env.globals.update(may=may, asker=asker, full_name=lambda _person: "Siti Rahmawati", version=lambda: "1")

    @app.before_request
    def comes() -> None:
        g.asker = ASKERS[request.args.get("as", "")]

    @app.post("/device/report")
    def reports() -> dict[str, str]:
        return {"version": "1"}


def _refuse(app: Flask) -> None:
    @app.get("/served")
    def served() -> Response:
        raise Refusal("being-served", "You are being served; tell the officer.", state="serving")

    @app.get("/nowhere")
    def nowhere() -> Response:
        raise Refusal("unknown-office", "There is no office 'x'; known are ltsa.", field="office")

    @app.get("/api/nobody")
    def nobody() -> Response:
        raise Refusal("nobody-waiting", "Nobody is waiting for the services of this counter.", state="free")

    @app.get("/unspoken")
    def unspoken() -> Response:
        raise Refused("wrong-moon", "The moon must be <full>.", field="moon", status=422)

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError("the password is swordfish")

    @app.get("/full-disk")
    def full_disk() -> Response:
        raise LedgerUnavailableError("nothing was recorded: disk full")

    @app.post("/change")
    def change() -> Response:
        return Response(str(len(request.get_data())))

    @app.post("/api/change")
    def change_by_program() -> dict[str, object]:
        return {"body": request.get_json()}
