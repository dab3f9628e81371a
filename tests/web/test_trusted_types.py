"""No script of a page can turn text into elements, but for the one door of static/web/html.js."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

SINKS = {
    "innerHTML": "document.body.innerHTML = text",
    "outerHTML": "document.body.firstElementChild.outerHTML = text",
    "insertAdjacentHTML": "document.body.insertAdjacentHTML('beforeend', text)",
    "parseFromString": "new DOMParser().parseFromString(text, 'text/html')",
    "srcdoc": "document.createElement('iframe').srcdoc = text",
    "document.write": "document.write(text)",
    "a script's address": "document.createElement('script').src = '/static/web/live.js'",
    "a second door": "trustedTypes.createPolicy('another', {createHTML: (it) => it})",
    "the same door again": "trustedTypes.createPolicy('ltsa-live', {createHTML: (it) => it})",
}


@pytest.mark.parametrize("face", ["kiosk/ltsa", "desk/ltsa", "supervisor/ltsa", "display/ltsa?sound=off"])
def test_on_every_live_face_text_stays_text(office_server: Any, page: Page, face: str) -> None:
    page.expected_errors = ["Trusted", "Content Security Policy"]  # type: ignore[attr-defined]
    office_server.sign_in(page)
    page.goto(f"{office_server.url}/{face}")
    page.locator("html[data-feed=fresh]").wait_for(state="attached")
    for name, sink in SINKS.items():
        outcome = page.evaluate(
            "(sink) => { const text = '<b id=stranger>x</b>'; try { " + sink + "; return 'done'; }"
            " catch (error) { return error.name; } }",
            None,
        )
        assert outcome == "TypeError", name
    assert page.locator("#stranger").count() == 0
