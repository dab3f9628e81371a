"""Waits in words, as pages, slips and programs say them: a range, never a point."""

from flask import Flask

from web.forecasting import Wait
from web.format import hhmm, page_zone
from web.words import Words, page_language

LONGEST = 120
"""From so many minutes on a wait is "more than two hours"."""


def wait_words(wait: Wait, lang: str) -> str:
    """How long: "10–20 menit", "kurang dari 5 menit", "lebih dari 2 jam"."""
    words = Words(lang)
    if not wait.high:
        return words("wait.hours") if wait.low >= LONGEST else words("wait.more", low=wait.low)
    return words("wait.range", low=wait.low, high=wait.high) if wait.low else words("wait.less", high=wait.high)


def wait_short(wait: Wait, lang: str) -> str:
    """The same where there is little room: "10–20 menit", "< 5 menit", "> 2 jam"."""
    words = Words(lang)
    if not wait.high:
        return words("wait.short_hours") if wait.low >= LONGEST else words("wait.short_more", low=wait.low)
    return words("wait.range", low=wait.low, high=wait.high) if wait.low else words("wait.short_less", high=wait.high)


def wait_clock(wait: Wait, zone: str, lang: str) -> str:
    """When: "pukul 09.40–09.50", "sebelum pukul 09.20"; "" where the end is open."""
    if not wait.high:
        return ""
    words, ends = Words(lang), hhmm(wait.ends, zone, lang)
    return (
        words("wait.clock", begins=hhmm(wait.begins, zone, lang), ends=ends)
        if wait.low
        else words("wait.before", ends=ends)
    )


def wait_sentence(wait: Wait, zone: str, lang: str) -> str:
    """The whole sentence for a ticket: "Perkiraan dipanggil dalam 10–20 menit, pukul 09.40–09.50"."""
    words, how_long, clock = Words(lang), wait_words(wait, lang), wait_clock(wait, zone, lang)
    return f"{words('wait.called', wait=how_long)}, {clock}" if clock else words("wait.open", wait=how_long)


def install(app: Flask) -> None:
    """Gives templates these as filters, in the page's language and zone."""
    app.jinja_env.filters.update(
        wait_words=lambda wait: wait_words(wait, page_language()),
        wait_short=lambda wait: wait_short(wait, page_language()),
        wait_clock=lambda wait: wait_clock(wait, page_zone(), page_language()),
        wait_sentence=lambda wait: wait_sentence(wait, page_zone(), page_language()),
    )
