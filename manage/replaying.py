"""What a manager asks of recorded days, what came out, and how far it may be believed: read, computed, drawn.

A question is an address: from which day to which, and the one thing that is to be otherwise. `compute` blocks for long.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from urllib.parse import urlencode

from msgspec import Struct

from ltsa.comparing import Compared
from ltsa.dispatch import POLICIES
from ltsa.ledger import Ledger
from ltsa.office import Office
from ltsa.present import day_stream
from ltsa.replay import readable
from ltsa.simulate import Cancelled
from ltsa.whatif import FIGURES, Answer, Change, choosers, is_closed, loads, recorded, what_if
from web.computing import Tell
from web.tables import Cell
from web.words import Words

WAYS = ("policy", "counter", "later", "slots", "without")
"""The one thing that is to be otherwise."""

MOST_DAYS = 31
USUAL_DAYS = 5
MOST_MINUTES = 180

NEAR, ROUGH = 0.02, 0.10
"""How far the replay may be from what happened, as a part of it, to be believed to the minute, and at all."""

FULL, ALONE = 0.85, 1.3
"""A service is a hard bottleneck that takes so much of its counters' time, and so many times what the next one does."""

FEW_CHOOSERS = 0.1
WIDE = 1000


class Asked(Struct, frozen=True, kw_only=True):
    """A question: the recorded days, the change, and the address' parameters that mean the same."""

    days: tuple[str, ...]
    change: Change
    parameters: dict[str, str]

    def key(self, office: str) -> str:
        """What its computation is known by."""
        return f"whatif {office} {urlencode(self.parameters)} {self.days[-1]} {len(self.days)}"


class Form(Struct, frozen=True, kw_only=True):
    """What the form shows: values by field, what is wrong by field (the word that says it), and the question once it
    is one.
    """

    values: dict[str, str]
    wrong: dict[str, str]
    asked: Asked | None


class Result(Struct, frozen=True, kw_only=True):
    """What came out: the engine's answer, how full each service's counters were, and how many visits had a choice."""

    answer: Answer
    loads: dict[str, float]
    choosers: float

    @property
    def bottleneck(self) -> str:
        """The service whose counters were the fullest."""
        return next(iter(self.loads), "")

    @property
    def is_hard(self) -> bool:
        """Whether that one alone decides how long everybody is there."""
        first, second, *_ = [*self.loads.values(), 0.0, 0.0]
        return first >= FULL and first >= ALONE * second

    @property
    def belief(self) -> str:
        """How far it may be believed: "close", "rough" or "not"; "smaller" where the change does less than the replay
        is wrong by.
        """
        trust, effect = self.answer.trust["mean"], self.answer.effect["mean"]
        off = abs(trust.difference) / trust.other if trust.other else 1.0
        if off > ROUGH:
            return "not"
        if abs(effect.difference) < abs(trust.difference):
            return "smaller"
        return "close" if off <= NEAR else "rough"

    @property
    def vanishes(self) -> list[str]:
        """Why hardly anything is gained, where so: nobody has a choice, one bottleneck decides, chance alone."""
        effect, found = self.answer.effect["mean"], list[str]()
        if self.choosers < FEW_CHOOSERS:
            found.append("fixed")
        if self.is_hard:
            found.append("bottleneck")
        if len(self.answer.dates) > 1 and effect.difference_low <= 0 <= effect.difference_high:
            found.append("chance")
        return found


class Bar(Struct, frozen=True, kw_only=True):
    """A bar of a plot: whose it is, its length and its whisker in the drawing's units, its value."""

    kind: str
    y: int
    length: int
    low: int
    high: int
    value: float


class Row(Struct, frozen=True, kw_only=True):
    """One figure: what happened, what the replay says, what the change would have made of it; and its plot."""

    name: str
    trust: Compared
    effect: Compared
    bars: tuple[Bar, ...]


# --- Read


def days(ledger: Ledger, office: str, today: date) -> list[str]:
    """The dates before today of which there is a record."""
    found = [stream.rpartition(":")[2] for stream in ledger.streams(day_stream(office, ""))]
    return [day for day in found if day < today.isoformat()]


def read(given: Mapping[str, str], office: Office, known: Sequence[str]) -> Form:
    """The form as the address has it; without a change named it is not a question yet."""
    usual = known[-USUAL_DAYS:]
    values = {
        "from": given.get("from", usual[0] if usual else ""),
        "to": given.get("to", usual[-1] if usual else ""),
        "change": given.get("change", ""),
        "policy": given.get("policy", "index"),
        "counter": given.get("counter", _busiest(office)),
        "later": given.get("later", "30"),
        "at": given.get("at", ""),
        "without": given.get("without", ""),
    }
    values = {name: value.strip() for name, value in values.items()}
    if "change" not in given:
        return Form(values=values, wrong={}, asked=None)
    chosen, wrong = _days(values, known)
    change = _change(values, office, wrong)
    if wrong or change is None:
        return Form(values=values, wrong=wrong, asked=None)
    needs = {"later": ("later", "at"), "slots": ()}.get(values["change"], (values["change"],))
    parameters = {name: values[name] for name in ("from", "to", "change", *needs) if values[name]}
    return Form(values=values, wrong={}, asked=Asked(days=tuple(chosen), change=change, parameters=parameters))


def _days(values: Mapping[str, str], known: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    wrong = {name: "wrong_date" for name in ("from", "to") if not _is_date(values[name])}
    if wrong:
        return [], wrong
    if values["from"] > values["to"]:
        return [], {"to": "wrong_span"}
    chosen = [day for day in known if values["from"] <= day <= values["to"]]
    if not chosen:
        return [], {"from": "no_days"}
    return chosen, {"to": "too_many"} if len(chosen) > MOST_DAYS else {}


def _is_date(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def _change(values: Mapping[str, str], office: Office, wrong: dict[str, str]) -> Change | None:
    """The change that the form names; else says in `wrong` what is wrong with it."""
    match way := values["change"]:
        case "policy" if values[way] in POLICIES:
            return Change(policy=next(policy for policy in POLICIES if policy == values[way]))
        case "counter" if values[way] in office.service:
            return Change(counter=values[way])
        case "later" if values["at"] and values["at"] not in office.counter:
            wrong["at"] = "wrong_at"
        case "later" if (minutes := _minutes(values[way])) and abs(minutes) <= MOST_MINUTES:
            return Change(later={values["at"]: minutes})
        case "slots":
            return Change(slots=True)
        case "without" if values[way] in {code for code, _, _ in prerequisites(office)}:
            service, _, before = values[way].partition(":")
            return Change(without={service: (before,)})
        case _:
            field = way if way in WAYS else "change"
            wrong[field] = f"wrong_{field}"
    return None


def _minutes(written: str) -> int:
    return int(written) if written.removeprefix("-").isdecimal() and written.isascii() and len(written) < 5 else 0  # noqa: PLR2004 - "-180"


def prerequisites(office: Office) -> list[tuple[str, str, str]]:
    """What waits for what: "imm:rec" with both services."""
    return [(f"{service}:{before}", service, before) for service, all_of in office.after.items() for before in all_of]


def _busiest(office: Office) -> str:
    """The service with the most standard minutes for each of its counters."""
    there = {service: sum(service in counter.services for counter in office.counters) for service in office.service}
    return max(office.service, key=lambda service: office.service[service].minutes / max(1, there[service]), default="")


def levers(office: Office, values: Mapping[str, str], bottleneck: str = "") -> list[dict[str, str]]:
    """The three that do more than any order of calls, as parameters: appointments, one more counter where it is
    fullest, a prerequisite less (where one is: that which has to do with it).
    """
    full = bottleneck if bottleneck in office.service else _busiest(office)
    span = {"from": values["from"], "to": values["to"]}
    orders = sorted(prerequisites(office), key=lambda order: (order[2] != full, order[1] != full))
    found = [{**span, "change": "slots"}, {**span, "change": "counter", "counter": full}]
    return [*found, {**span, "change": "without", "without": orders[0][0]}] if orders else found


# --- Compute


def compute(ledger: Ledger, office: str, asked: Asked, tell: Tell) -> Result:
    """Reads the closed days and plays them. Raises `ValueError` where nobody came or a day does not have what the
    change names, `Cancelled` when it is wanted no more.
    """
    found, parts = [], len(asked.days)
    for n, day in enumerate(asked.days):
        if not tell(n, 3 * parts):
            raise Cancelled
        record = list(ledger.history(day_stream(office, day)))
        history = record[: readable(record)]
        if is_closed(history):
            found.append(recorded(history))
    found = [day for day in found if day.script.visits and day.script.counters]
    told: Callable[[int, int], bool] = lambda done, of: tell(parts + done, parts + of)  # noqa: E731
    answer = what_if(found, asked.change, told)
    return Result(answer=answer, loads=loads(found), choosers=choosers(found))


def working(ledger: Ledger, office: str, asked: Asked) -> Callable[[Tell], Result]:
    """The same, to be begun later."""
    return partial(compute, ledger, office, asked)


# --- Show


def rows(answer: Answer) -> list[Row]:
    """Every figure with its plot: what happened, replayed, changed, on one scale. Where nobody was of the priority
    class nothing is said of their waits.
    """
    nobody = not (answer.trust["priority"].other or answer.trust["priority"].value)
    return [
        Row(name=name, trust=answer.trust[name], effect=answer.effect[name], bars=_bars(answer, name))
        for name in FIGURES
        if not (nobody and name == "priority")
    ]


def _bars(answer: Answer, name: str) -> tuple[Bar, ...]:
    trust, effect = answer.trust[name], answer.effect[name]
    low, high = effect.other + effect.difference_low, effect.other + effect.difference_high
    most = max(trust.other, trust.value, effect.value, high) or 1.0

    def bar(n: int, kind: str, value: float, low: float, high: float) -> Bar:
        length, begins, ends = (round(max(0.0, each) / most * WIDE) for each in (value, low, high))
        return Bar(kind=kind, y=44 * n, length=length, low=begins, high=ends, value=value)

    return (
        bar(0, "happened", trust.other, trust.other, trust.other),
        bar(1, "replayed", trust.value, trust.value, trust.value),
        bar(2, "changed", effect.value, low, high),
    )


def one(value: float, lang: str, *, signed: bool = False) -> str:
    """A figure with one decimal, as the language writes it: "12,5", signed "+0,4"."""
    written = f"{value:+.1f}" if signed else f"{value:.1f}"
    written = written.replace("-", "\u2212") if written.strip("+-0.") else written.lstrip("+-")
    return written if lang == "en" else written.replace(".", ",")


def table(answer: Answer, words: Words) -> Iterator[Sequence[Cell]]:
    """The figures for a spreadsheet, one a row."""
    heads = ("figure", "unit", "happened", "replayed", "off", "changed", "difference", "low", "high", "days")
    yield [words(f"manage.whatif.csv.{head}") for head in heads]
    for row in rows(answer):
        unit = words("manage.unit.people" if row.name == "unfinished" else "manage.unit.minutes")
        trust, effect = row.trust, row.effect
        figures = (trust.other, trust.value, trust.difference, effect.value, effect.difference)
        interval: list[Cell] = ["", ""]
        if len(answer.dates) > 1:
            interval = [round(effect.difference_low, 1), round(effect.difference_high, 1)]
        yield [
            words(f"manage.whatif.figure.{row.name}"),
            unit,
            *(round(value, 1) for value in figures),
            *interval,
            len(answer.dates),
        ]
