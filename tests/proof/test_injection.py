"""Whatever is written where a name is asked for, no page takes it for more than a text: in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from typing import TYPE_CHECKING, Any

import msgspec

from ltsa.configuring import ConfigureOffice
from ltsa.office import Office as Configuration
from ltsa.office import example_office
from ltsa.people import Note
from tests.conftest import Office
from tests.proof.payloads import COMPUTED, PAYLOADS
from tests.staff import EVERYBODY, hire, hired_before_opening, pair, token
from web.house import House
from web.settings import Settings
from web.tickets import issue

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

PRINTABLE = [payload for payload in PAYLOADS if payload.isprintable()]
LISTEN = "window.pwned = n => { window.ran = n }"
OF_OFFICE: tuple[str, ...] = (
    "/manage/ltsa",
    "/manage/ltsa/settings",
    "/manage/ltsa/people",
    "/manage/ltsa/devices",
    "/manage/ltsa/programs",
)
OF_OFFICE += (
    "/manage/ltsa/changes",
    "/manage/ltsa/opening",
    "/manage/ltsa/closing",
    "/manage/ltsa/report",
    "/manage/ltsa/on",
)
OF_OFFICE += ("/manage/ltsa/setup/office", "/manage/ltsa/setup/services", "/manage/ltsa/setup/people")
OF_OFFICE += ("/audit/ltsa", "/audit/ltsa/journal", "/supervisor/ltsa", "/desk/ltsa", "/desk/ltsa/1", "/desk/ltsa/2")
OF_OFFICE += (
    "/kiosk/ltsa",
    "/kiosk/ltsa/services",
    "/kiosk/ltsa/priority",
    "/display/ltsa",
    "/",
    "/offices",
    "/account",
)


def _words(value: Any, texts: Iterator[str]) -> Any:
    """The same value with a payload in place of every word in every language."""
    if isinstance(value, dict) and value and set(value) <= {"id", "en", "su", "jv"}:
        return {language: next(texts) for language in value}
    if isinstance(value, dict):
        return {name: _words(part, texts) for name, part in value.items()}
    return [_words(part, texts) for part in value] if isinstance(value, list) else value


def _written(data: Path, texts: Iterator[str]) -> str:
    """An office in which every text is a payload; the secret of a ticket in it."""
    with closing(House(Settings(data=data, port=0))) as here:
        plain = msgspec.to_builtins(example_office())
        odd = msgspec.convert(_words(plain, texts), Configuration)
        odd = msgspec.structs.replace(odd, id="ltsa")
        since = here.office("ltsa").service_date(here.now()).isoformat()
        here.ledger.do(
            ConfigureOffice(
                office="ltsa", at=here.now(), by="system", key="odd", configuration=odd, since=since, why=next(texts)
            )
        )
        here.catch_up()
        hire(here)
        here.credentials.set_name(EVERYBODY, next(texts))
        pair(here, "counter", "loket-1", counter="1")
        for payload in PRINTABLE:
            token(here, "officer", name=payload[:40])
        (ticket, secret) = issue(here, office="ltsa", by="system", key="k" * 16, services=("labour", "health"))
        for n, payload in enumerate(PAYLOADS):
            here.people.keep(
                Note(
                    office="ltsa",
                    date=ticket.date,
                    number=ticket.number,
                    by="officer:dewi",
                    at=n,
                    text=payload,
                ),
                key=f"{n}",
            )
        return secret


def test_fifty_payloads_in_every_word_of_an_office_run_nowhere(tmp_path: Path, new_page: Callable[..., Page]) -> None:
    office = Office(tmp_path / "odd")
    texts = cycle(PRINTABLE)
    secret = _written(office.data, texts)
    office.secrets = hired_before_opening(office.data)
    office.start()
    try:
        page = new_page(viewport={"width": 1366, "height": 768})
        page.add_init_script(LISTEN)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        office.sign_in(page)
        page.goto(office.url + "/manage/ltsa/settings")
        links = "Array.from(document.querySelectorAll('main a[href*=\"/settings/\"]'), it => it.getAttribute('href'))"
        sections = list(dict.fromkeys(page.evaluate(links)))
        assert len(sections) > 10
        seen = 0
        for path in (*OF_OFFICE, *sections, f"/t/{secret}", f"/t/{secret}/cancel"):
            answer = page.goto(office.url + path)
            assert answer, path
            assert answer.status == 200, path
            assert page.evaluate("window.ran ?? null") is None, path
            assert page.locator("pwn, #pwn").count() == 0, path
            assert COMPUTED not in page.content(), path
            seen += "pwned(" in page.inner_text("body")
        assert seen > 15
        assert not [url for url in asked if "/pwned" in url.partition("?")[0] or "pwned.example" in url]
    finally:
        office.kill()
