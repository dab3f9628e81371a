"""The words on the screens: one TOML file per room and language, Indonesian first.

A page's language comes from its address alone (`?lang=en`), never from a cookie: a shared kiosk remembers nobody.
"""

import logging
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, has_app_context, has_request_context, request
from markupsafe import Markup, escape

FIRST = "id"
OFFERED = {"id": "Bahasa Indonesia", "en": "English"}
"""Languages a page offers, by code, each in its own name."""

LANGUAGES = ("id", "en", "su", "jv")
"""Languages in which an office may write its own words; Indonesian is needed, Sundanese and Javanese are drafts until a
native speaker has read them.
"""

ROOT = Path(__file__).resolve().parent.parent

Entry = str | dict[str, str]
"""A sentence, or the two a count chooses from: `{one = "…", other = "…"}`."""


class WrongWordsError(ValueError):
    """A word file that cannot be used, or a word that no file holds."""


class Words:
    """One language's words: `Words("en")("verb.call")`. A key that is missing there is said in Indonesian."""

    def __init__(self, lang: str, root: Path = ROOT) -> None:
        self.lang = lang
        self._own = catalogue(lang, root)
        self._first = self._own if lang == FIRST else catalogue(FIRST, root)

    def __contains__(self, key: str) -> bool:
        return key in self._own or key in self._first

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence under `key` with `{placeholders}` filled from `values`; `n` chooses between one and other.

        Raises:
            WrongWordsError: no language holds the key.
        """
        if (entry := self._own.get(key, self._first.get(key))) is None:
            raise WrongWordsError(f"No word file holds {key!r}; add it to the room's words/id.toml and words/en.toml.")
        if isinstance(entry, dict):
            entry = entry["one" if values.get("n") == 1 else "other"]
        if any(isinstance(value, Markup) for value in values.values()):
            return escape(entry).format_map(values)
        return entry.format_map(values) if values else entry


@cache
def catalogue(lang: str, root: Path = ROOT) -> Mapping[str, Entry]:
    """Every room's words in one language, by dotted key; empty for a language nobody wrote.

    Raises:
        WrongWordsError: two rooms claim one key, or a value is no text.
    """
    words: dict[str, Entry] = {}
    for file in word_files(lang, root):
        for key, entry in read_words(file).items():
            if key in words:
                raise WrongWordsError(f"{file}: {key!r} already stands in another room's words.")
            words[key] = entry
    return words


def word_files(lang: str, root: Path = ROOT) -> list[Path]:
    """The rooms' word files in one language."""
    return sorted(root.glob(f"*/words/{lang}.toml"))


def read_words(file: Path) -> dict[str, Entry]:
    """One file's words by dotted key."""
    return dict(_flat(tomllib.loads(file.read_text("utf-8")), "", file))


def _flat(table: Mapping[str, Any], path: str, file: Path) -> Iterator[tuple[str, Entry]]:
    for name, value in table.items():
        key = f"{path}{name}"
        match value:
            case str():
                yield key, value
            case {"one": str(), "other": str(), **rest} if not rest:
                yield key, value
            case dict():
                yield from _flat(value, f"{key}.", file)
            case _:
                raise WrongWordsError(f"{file}: {key!r} must be a text or a table of texts.")


def page_language() -> str:
    """The language of what is being rendered: `g.lang`, Indonesian where nobody said otherwise."""
    return str(g.get("lang", FIRST)) if has_app_context() else FIRST


def t(key: str, /, **values: object) -> str:
    """The template's word: as `Words`, in the page's language. A key nobody wrote fails a test, and shows as itself
    in a running office.
    """
    try:
        return Words(page_language())(key, **values)
    except WrongWordsError:
        if current_app.testing:
            raise
        logging.getLogger(__name__).exception("A word is missing.")
        return key


def said(text: Mapping[str, str]) -> str:
    """An office's own text (words by language code) in the page's language, else in Indonesian."""
    return text.get(page_language()) or text.get(FIRST, "")


def here(**changes: str) -> str:
    """This page's address with some of its query changed: `here(lang="en")`."""
    query = {**request.args.to_dict(), **changes}
    return f"{request.path}?{urlencode(query)}" if query else request.path


def install(app: Flask) -> None:
    """Gives every template its words, and every request its language. Reads all files now, so that a wrong one stops
    the start.
    """
    for lang in OFFERED:
        catalogue(lang)
    app.jinja_env.globals.update(t=t, said=said, here=here, page_language=page_language, languages=OFFERED)
    app.jinja_env.filters["said"] = said
    app.before_request(_choose_language)


def _choose_language() -> None:
    asked = request.args.get("lang", FIRST) if has_request_context() else FIRST
    g.lang = asked if asked in OFFERED else FIRST
