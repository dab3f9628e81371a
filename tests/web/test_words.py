"""The words of every room: the same in every language, spelled as Indonesia spells them, and always there."""

import re
import string
from pathlib import Path

import pytest
from markupsafe import Markup

from tests.web.look_app import look_app
from web.icons import FOLDER
from web.words import OFFERED, ROOT, Entry, Words, WrongWordsError, catalogue, read_words, t, word_files

ROOMS = sorted({file.parent.parent.name for lang in OFFERED for file in word_files(lang)})
SOURCES = [
    file
    for kind in ("*/templates/**/*.html", "*/*.py")
    for file in sorted(ROOT.glob(kind))
    if file.relative_to(ROOT).parts[0] not in {".venv", "node_modules", "tests", "tools", "var"}
]
NOT_STANDARD = re.compile(r"\b(antri|antrian|silahkan|ijin|nomer|survey)\b", re.IGNORECASE)
NOT_OURS = re.compile(r"\b(setelah|konter|klik)\b", re.IGNORECASE)
"""Good Indonesian for which these screens have another word already: sesudah, loket, tekan."""


ONE_OF = r"\bt\(\s*((?:[\"'][\w.-]+[\"'](?: if [^\"',()]+ else )?)+)\s*[,)]"
"""What `t` is asked for: a word, or one of several."""


def placeholders(entry: Entry) -> set[str]:
    sentences = [entry] if isinstance(entry, str) else list(entry.values())
    return {name for sentence in sentences for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_the_same_things_in_every_offered_language(room: str) -> None:
    spoken = {lang: read_words(ROOT / room / "words" / f"{lang}.toml") for lang in OFFERED}
    for lang, words in spoken.items():
        assert words.keys() == spoken["id"].keys(), lang
        for key, entry in words.items():
            assert placeholders(entry) == placeholders(spoken["id"][key]), (lang, key)
            assert "" not in ([entry] if isinstance(entry, str) else entry.values()), (lang, key)


def test_indonesian_words_are_spelled_as_the_standard_dictionary_spells_them() -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {key}": entry
        for file in word_files("id")
        for key, entry in read_words(file).items()
        if NOT_STANDARD.search(str(entry))
    }
    assert not wrong


def test_one_thing_has_one_word_in_every_room() -> None:
    wrong = {
        f"{file.relative_to(ROOT)}: {key}": entry
        for file in word_files("id")
        for key, entry in read_words(file).items()
        if NOT_OURS.search(str(entry))
    }
    assert not wrong


def test_every_word_that_a_page_names_exists() -> None:
    named = {
        (str(file.relative_to(ROOT)), key)
        for file in SOURCES
        for either in re.findall(ONE_OF, file.read_text("utf-8"))
        for key in re.findall(r"[\"']([\w.-]+)[\"']", either)
    }
    assert len(named) > 30
    assert not [place for place in sorted(named) if place[1] not in catalogue("id")]


def test_every_icon_that_a_page_names_exists() -> None:
    if not FOLDER.is_dir():
        pytest.skip("the icons were never fetched")
    pattern = r"\bicon(?:_name)?(?:\(|=)\s*[\"']([a-z0-9-]+)[\"']"
    named = {name for file in SOURCES for name in re.findall(pattern, file.read_text("utf-8"))}
    assert len(named) > 5
    assert not [name for name in sorted(named) if not (FOLDER / f"{name}.svg").is_file()]


def test_every_refusal_of_the_domain_is_said_in_indonesian() -> None:
    codes = {
        code
        for file in (ROOT / "ltsa").glob("*.py")
        for code in re.findall(r"(?:Refusal\(\s*|\bcode=)\"([a-z-]+)\"", file.read_text("utf-8"))
    }
    assert len(codes) > 20
    assert not [code for code in sorted(codes) if f"refusal.{code}" not in Words("id")]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("verb.call", "Panggil"),
        ("verb.recall", "Panggil ulang"),
        ("verb.start", "Mulai layani"),
        ("verb.finish", "Selesai"),
        ("verb.transfer", "Alihkan"),
        ("verb.hold", "Tunda"),
        ("verb.resume", "Lanjutkan"),
        ("verb.take_ticket", "Ambil nomor antrean"),
        ("state.absent", "Tidak hadir"),
        ("state.returned", "Dikembalikan"),
        ("term.survey", "Survei kepuasan masyarakat"),
    ],
)
def test_officers_read_the_terms_of_the_glossary(key: str, said: str) -> None:
    assert Words("id")(key) == said


def test_english_counts_one_person_and_two_people() -> None:
    words = Words("en")
    assert words("term.people_waiting", n=1) == "1 person waiting"
    assert words("term.people_waiting", n=2) == "2 people waiting"
    assert Words("id")("term.people_waiting", n=2) == "2 orang menunggu"


def test_what_a_sentence_is_filled_with_cannot_become_markup() -> None:
    with look_app().app_context():
        assert t("term.counter_n", n=Markup("<b>3</b>")) == Markup("Loket <b>3</b>")
        assert not isinstance(t("term.counter_n", n="<b>3</b>"), Markup)


def test_a_word_missing_in_a_draft_language_is_said_in_indonesian(tmp_path: Path) -> None:
    write(tmp_path, "kiosk", "id", 'hello = "Halo"\nthanks = "Terima kasih"')
    write(tmp_path, "kiosk", "su", 'thanks = "Hatur nuhun"')
    sundanese = Words("su", tmp_path)
    assert sundanese("thanks") == "Hatur nuhun"
    assert sundanese("hello") == "Halo"


def test_two_rooms_cannot_claim_the_same_word(tmp_path: Path) -> None:
    write(tmp_path, "desk", "id", 'call = "Panggil"')
    write(tmp_path, "kiosk", "id", 'call = "Telepon"')
    with pytest.raises(WrongWordsError, match="'call' already stands"):
        catalogue("id", tmp_path)


def test_a_value_that_is_no_text_is_refused_by_its_key(tmp_path: Path) -> None:
    write(tmp_path, "kiosk", "id", "[idle]\nseconds = 30")
    with pytest.raises(WrongWordsError, match=r"'idle\.seconds' must be a text"):
        catalogue("id", tmp_path)


def test_a_word_nobody_wrote_fails_a_test_and_shows_as_its_key_in_a_running_office() -> None:
    with look_app(testing=True).app_context(), pytest.raises(WrongWordsError, match=r"desk\.nonsense"):
        t("desk.nonsense")
    with look_app(testing=False).app_context():
        assert t("desk.nonsense") == "desk.nonsense"


@pytest.mark.parametrize(
    ("address", "lang"),
    [("/", "id"), ("/?lang=en", "en"), ("/?lang=id", "id"), ("/?lang=tlh", "id"), ("/?lang=", "id")],
)
def test_the_address_alone_decides_the_language(address: str, lang: str) -> None:
    page = look_app().test_client().get(address, headers={"Accept-Language": "en-GB"})
    assert f'<html lang="{lang}"' in page.text
    assert "Set-Cookie" not in page.headers


def test_the_way_to_the_other_language_keeps_the_rest_of_the_address() -> None:
    page = look_app().test_client().get("/gallery?theme=dark&contrast=high")
    assert 'href="/gallery?theme=dark&amp;contrast=high&amp;lang=en"' in page.text


def write(root: Path, room: str, lang: str, words: str) -> None:
    file = root / room / "words" / f"{lang}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(words, "utf-8")
