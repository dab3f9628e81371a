"""The numbers behind the look: contrast of every pair, one set of tokens, nothing inline."""

import re
from itertools import pairwise, product
from pathlib import Path

import html5lib
import pytest
from msgspec import structs

from ltsa.office import example_office
from tests.web.look_app import ASKERS, look_app

ROOT = Path(__file__).resolve().parents[2]
LOOK = (ROOT / "web/static/look.css").read_text("utf-8")
THEMES = {
    "light": [":root"],
    "dark": [":root", '[data-theme="dark"]'],
    "light, high contrast": [":root", '[data-contrast="high"]'],
    "dark, high contrast": [
        ":root",
        '[data-theme="dark"]',
        '[data-contrast="high"]',
        '[data-theme="dark"][data-contrast="high"]',
    ],
}
STATES = ["waiting", "called", "serving", "done", "returned", "absent", "held", "cancelled", "closed"]
GROUNDS = ["paper", "surface", "sunken"]
AAA, GRAPHIC = 7.0, 3.0

READ = [
    *product(["ink", "muted", "accent", "accent-deep"], [*GROUNDS, "accent-soft"]),
    *product(STATES, GROUNDS),
    *[(state, f"{state}-soft") for state in STATES],
    *product(["on-state"], STATES),
    *product(["on-accent"], ["accent", "accent-deep"]),
    ("paper", "ink"),
]
SEEN = [
    *product(["edge", "focus", "accent"], GROUNDS),
    ("focus-glow", "focus"),
    ("muted", "paper"),
]


def colours(selector: str) -> dict[str, str]:
    block = re.search(r"^ +" + re.escape(selector) + r" \{(.*?)\}", LOOK, re.DOTALL | re.MULTILINE)
    assert block, selector
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))


def palette(theme: str) -> dict[str, str]:
    return {name: colour for selector in THEMES[theme] for name, colour in colours(selector).items()}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_everything_that_is_read_reaches_seven_to_one_in_every_theme(theme: str) -> None:
    colour = palette(theme)
    weak = {pair: round(contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in READ}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < AAA}


@pytest.mark.parametrize("theme", THEMES)
def test_everything_that_is_only_seen_reaches_three_to_one(theme: str) -> None:
    colour = palette(theme)
    weak = {pair: round(contrast(colour[pair[0]], colour[pair[1]]), 2) for pair in SEEN}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < GRAPHIC}


def test_a_phone_that_prefers_dark_gets_exactly_the_dark_theme() -> None:
    assert colours('[data-theme="auto"]') == colours('[data-theme="dark"]')


def test_the_type_scale_grows_by_a_quarter_each_step() -> None:
    sizes = [float(size) for size in re.findall(r"--text-\d+: ([\d.]+)rem;", LOOK)]
    assert sizes[0] == 1
    for smaller, larger in pairwise(sizes):
        assert larger / smaller == pytest.approx(1.25, rel=0.001)


def test_motion_is_shorter_than_300_ms() -> None:
    spans = [int(ms) for ms in re.findall(r"\b(\d+)ms\b", LOOK)]
    assert spans
    assert max(spans) < 300
    assert not re.search(r"\d\.?\d*s[ ;]", LOOK)


SHEETS = [
    file
    for file in sorted(ROOT.glob("*/static/**/*.css"))
    if file.relative_to(ROOT).parts[0] not in {".venv", "node_modules", "var"}
]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda file: file.name)
def test_a_style_sheet_uses_only_tokens_that_exist(sheet: Path) -> None:
    own = sheet.read_text("utf-8")
    defined = set(re.findall(r"(--[\w-]+)\s*:", LOOK + own))
    # A second value in var() is for a property that a script sets.
    used = set(re.findall(r"var\((--[\w-]+)\)", own))
    assert not used - defined


@pytest.mark.parametrize(
    "sheet", [sheet for sheet in SHEETS if sheet.name not in {"look.css", "paper.css"}], ids=lambda file: file.name
)
def test_a_face_takes_its_colours_from_the_tokens(sheet: Path) -> None:
    # look.css makes the tokens, paper.css is black on white: the printed ticket.
    screen = re.sub(r"@media print.*", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{}]*[;}])|\b(?:rgb|hsl|oklch)a?\(", screen)
    assert "!important" not in screen


TEMPLATES = [
    file
    for file in sorted(ROOT.glob("*/templates/**/*.html"))
    if file.relative_to(ROOT).parts[0] not in {".venv", "node_modules", "var"}
]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_a_template_holds_no_inline_script_and_no_inline_style(template: Path) -> None:
    source = template.read_text("utf-8")
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|https?://(?!www\.w3\.org/)", source)
    assert not re.findall(r"<script(?![^>]*\bsrc=)", source)


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/?lang=en", "/gallery", "/gallery?theme=dark&contrast=high&text=large"),
        *(f"/?as={who}" for who in ASKERS),
    ],
)
def test_every_page_of_this_room_is_valid_html(path: str) -> None:
    page = look_app().test_client().get(path)
    assert page.status_code == 200
    html5lib.HTMLParser(strict=True).parse(page.text)


def test_the_front_page_leads_to_every_face_and_every_counter() -> None:
    office = example_office()
    page = look_app(office).test_client().get("/").text
    for face in ("kiosk", "display", "supervisor", "manage", "audit"):
        assert f'href="/{face}/{office.id}"' in page
    for counter in office.counters:
        assert f'href="/desk/{office.id}/{counter.id}"' in page
    assert 'href="/api/openapi.json"' in page
    assert 'href="/offices"' in page


@pytest.mark.parametrize(
    ("who", "theirs"),
    [
        ("officer", ["/desk/", "/display/ltsa", "/kiosk/ltsa"]),
        ("admin", ["/api/openapi.json", "/audit/ltsa/journal", "/display/ltsa", "/manage/ltsa/people", "/offices"]),
        ("newcomer", []),
        ("nobody", []),
        ("locked", []),
        ("kiosk", ["/kiosk/ltsa"]),
        ("display", ["/display/ltsa"]),
    ],
)
def test_the_front_page_leads_only_to_what_is_one_s_own(who: str, theirs: list[str]) -> None:
    page = look_app().test_client().get(f"/?as={who}").text
    linked = set(re.findall(r'href="(/(?:kiosk|display|desk|supervisor|manage|audit|api|offices)[^"?]*)', page))
    assert sorted({re.sub(r"^/desk/.*", "/desk/", path) for path in linked}) == sorted(theirs)


def test_whoever_is_not_signed_in_finds_the_sign_in_and_the_pairing() -> None:
    page = look_app().test_client().get("/?as=nobody").text
    assert 'href="/sign-in?lang=id"' in page
    for kind in ("kiosk", "display"):
        assert f'href="/pair?kind={kind}&amp;office=ltsa&amp;lang=id"' in page
    assert "Siti" not in page
    several = look_app(example_office(), structs.replace(example_office(), id="kupang"))
    assert 'href="/pair?kind=kiosk&amp;lang=id"' in several.test_client().get("/?as=nobody").text


def test_a_person_whose_screen_is_locked_is_led_to_the_lock_and_a_newcomer_to_the_second_step() -> None:
    client = look_app().test_client()
    assert 'href="/unlock?lang=id"' in client.get("/?as=locked").text
    newcomer = client.get("/?as=newcomer").text
    assert 'href="/account/second-factor?next=/"' in newcomer
    assert "Minta peran kepada manajer kantor" not in newcomer
