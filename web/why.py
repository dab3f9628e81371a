"""Why this person was called, or sent to a seat or a line: the dispatcher's reasons in words and minutes."""

from collections.abc import Iterable

from flask import Flask

from ltsa.calling import CHOSEN
from ltsa.dispatch import POLICIES, Terms, Weights, Why
from ltsa.office import Office, Text
from web.format import hhmmss, listed, minutes
from web.words import FIRST, Words, page_language

MINUTE = 60_000
MINUS = "\N{MINUS SIGN}"
_OLD_CHOICE = "chosen/1"


class Reasons:
    """Tells reasons in one language, with times in a zone; how much a priority counts and the weights only where the
    weights are known.
    """

    def __init__(self, zone: str, lang: str, weights: Weights | None = None) -> None:
        self.zone, self.lang, self.weights, self.words = zone, lang, weights, Words(lang)

    @classmethod
    def of(cls, office: Office, lang: str) -> "Reasons":
        """By the configuration of an office."""
        return cls(office.zone, lang, office.rules.dispatch.weights)

    def brief(self, why: Why, unlocks: Iterable[Text] = ()) -> str:
        """The reason in few words; `unlocks` are the names of the steps that the call makes possible."""
        return self._briefly(
            chosen=why.rule.startswith("chosen/"), sat=why.sat, unlocks=unlocks, overtakes=why.passed_over
        )

    def brief_next(self, *, seat: bool, unlocks: Iterable[Text], overtakes: int) -> str:
        """Why somebody would be the next one now, in few words."""
        return self._briefly(chosen=False, sat=seat, unlocks=unlocks, overtakes=overtakes)

    def _briefly(self, *, chosen: bool, sat: bool, unlocks: Iterable[Text], overtakes: int) -> str:
        names = listed([text.get(self.lang) or text[FIRST] for text in unlocks], self.lang)
        parts = [self._say("brief_chosen")] if chosen else []
        parts += [self._say("brief_sat")] if sat else []
        parts += [self._say("brief_unlocks", services=names)] if names else []
        parts += [self._say("brief_overtakes", n=overtakes) if overtakes else self._say("brief_oldest")]
        return "; ".join(parts)

    def told(self, why: Why, *, called: bool = True, priority: bool = False) -> list[str]:
        """The whole reason, a sentence each. `called` to a counter, else sent somewhere to wait; `priority` says that
        the person belongs to the priority class.
        """
        if why.rule in {"fifo/1", _OLD_CHOICE} or (why.rule == CHOSEN and why.terms is None):
            return [*self._by_place(why), *self._seen_besides(why)]
        policy = why.rule.partition("/")[0]
        if policy not in POLICIES and why.rule != CHOSEN:
            return []
        if why.terms is None:
            return [self._say(f"line_{policy}")]
        told = []
        if why.rule == CHOSEN:
            told.append(self._say("chosen_instead", number=why.runner_up))
        if why.sat:
            told.append(self._say("sat"))
        told.append(self._score(why, called=called))
        if priority and self.weights and policy not in {"fix", "shortest"}:
            told.append(self._say("priority_times", n=self.weights.priority))
        if why.rule != CHOSEN and why.runner_up:
            told.append(self._runner_up(why))
        if why.passed_over:
            told.append(self._say("passed_over", n=why.passed_over))
        return [*told, *self._seen_besides(why)]

    def rule(self, why: Why) -> str:
        """The rule with its version, the weights, and under which version of the day's record they were in force."""
        if why.terms is None or not why.under:
            return why.rule
        if not why.rule.startswith(("all/", "index/", "chosen/")):
            return self._say("rule_plain", rule=why.rule, under=why.under, seen=why.seen)
        weights = self.weights
        if weights is None:
            return why.rule
        said = f"{weights.priority}·{weights.age}·{weights.wait}·{weights.left}·{weights.unlocks}·{weights.others}"
        return self._say("rule", rule=why.rule, weights=said, under=why.under, seen=why.seen)

    def _by_place(self, why: Why) -> list[str]:
        """By the place alone, as all calls were explained before 2026-12."""
        place = hhmmss(why.place, self.zone, self.lang)
        if why.rule != "fifo/1":
            passed, margin = why.passed_over, self._span(abs(why.margin))
            chosen = self._say("chosen", n=passed, number=why.runner_up, margin=margin)
            return [chosen if passed else self._say("chosen_first")]
        if not why.runner_up:
            return [self._say("only", place=place)]
        key = "runner_up" if why.margin else "runner_up_equal"
        following = self._say(key, number=why.runner_up, margin=self._span(why.margin))
        return [self._say("oldest", place=place, n=why.eligible), following]

    def _score(self, why: Why, *, called: bool) -> str:
        assert why.terms is not None  # noqa: S101 - only reasons with a score are told so
        points, terms = _minutes(why.terms), self._terms(why.terms)
        if why.rule == CHOSEN:
            return self._say("score", points=points, terms=terms)
        if why.eligible == 1:
            return self._say("score_only" if called else "score_only_waiting", points=points, terms=terms)
        return self._say(
            "score_highest_sat" if why.sat else "score_highest", points=points, terms=terms, n=why.eligible
        )

    def _terms(self, terms: Terms) -> str:
        """The terms of a score, each with its sign: "42 in the building + 12 waiting for this step"."""
        parts = [(name, getattr(terms, name)) for name in Terms.__struct_fields__]
        shown = [(name, _whole(value)) for name, value in parts if value]
        said = [f"{MINUS if value < 0 else '+'} {abs(value)} {self._say(f'term_{name}')}" for name, value in shown]
        return " ".join(said).removeprefix("+ ") or "0"

    def _runner_up(self, why: Why) -> str:
        if why.margin < 0:
            return self._say("hall_higher", number=why.runner_up, margin=self._span(-why.margin))
        key = "runner_up" if why.margin else "runner_up_equal"
        return self._say(key, number=why.runner_up, margin=self._span(why.margin))

    def _seen_besides(self, why: Why) -> list[str]:
        return [self._say("shadow", number=why.shadow)] if why.shadow else []

    def _span(self, ms: int) -> str:
        """A duration to the second: "3 menit 12 detik"."""
        seconds = self.words("audit.span.seconds", n=ms // 1000 % 60)
        if ms < MINUTE:
            return seconds
        return minutes(ms, self.lang) + (f" {seconds}" if ms // 1000 % 60 else "")

    def _say(self, key: str, **values: object) -> str:
        return self.words(f"why.{key}", **values)


def install(app: Flask) -> None:
    """Gives every template `reasons(office)`: who tells reasons in the page's language."""
    app.jinja_env.globals["reasons"] = lambda office: Reasons.of(office, page_language())


def _whole(ms: int) -> int:
    """Whole minutes, towards zero."""
    return ms // MINUTE if ms >= 0 else -(-ms // MINUTE)


def _minutes(terms: Terms) -> str:
    """The score in minutes, as the sum of the terms as they are written."""
    points = sum(_whole(getattr(terms, name)) for name in Terms.__struct_fields__)
    return f"{MINUS if points < 0 else ''}{abs(points)}"
