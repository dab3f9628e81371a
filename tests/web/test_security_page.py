"""docs/security.md keeps its word: no requirement is left out, and every test that it names is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\d., ]+) \| (met|partly|gap|operator|n/a) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)

LEVEL_2 = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5 3.7:1-2
4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4 6.5:1-5 6.6:1-3
6.8:1-4 7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1 9.1:1-3 9.2:1-4 10.1:1-2
10.2:1-2 10.3:1-4 10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3 11.3:1-3 11.4:1-4 11.5:1 11.6:1
12.1:1-3 12.2:1-2 12.3:1-4 13.1:1 13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2 14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3
15.3:1-7 16.1:1 16.2:1-5 16.3:1-4 16.4:1-3 16.5:1-3 17.1:1 17.2:1-4 17.3:1-2
"""
"""The numbers of ASVS 5.0.0's requirements of the levels 1 and 2: chapter.section:requirements."""


def numbers() -> list[str]:
    """LEVEL_2, one by one."""
    found = []
    for part in LEVEL_2.split():
        section, _, runs = part.partition(":")
        for run in runs.split(","):
            first, _, last = run.partition("-")
            found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_of_level_2_stands_there_once() -> None:
    listed = [number for row in ROW.findall(PAGE) for number in row[0].split(", ")]
    assert sorted(listed) == sorted(numbers())
    assert len(listed) == 253


def test_every_row_can_be_read() -> None:
    table = PAGE.partition("## ASVS 5.0, level 2")[2]
    rows = [line for line in table.splitlines() if re.match(r"\| \d", line)]
    assert [line for line in rows if not ROW.fullmatch(line)] == []


def test_the_summary_counts_what_the_table_holds() -> None:
    counted = Counter(state for numbers, state, _, _ in ROW.findall(PAGE) for _ in numbers.split(", "))
    said = re.search(r"(\d+) are met, (\d+) partly, (\d+) are the operator's, (\d+) are not about us", PAGE)
    assert said
    assert [int(each) for each in said.groups()] == [counted[state] for state in ("met", "partly", "operator", "n/a")]
    assert counted["gap"] == 0


def test_what_is_met_is_shown_by_something_that_is_there() -> None:
    wrong = []
    for numbers, state, _, shown_by in ROW.findall(PAGE):
        shown = re.findall(r"\[([^]]+)\]\(([^)]+)\)", shown_by)
        if state == "met" and not shown:
            wrong.append(f"{numbers}: shown by nothing")
        for words, link in shown:
            path = (PROJECT / "docs" / link).resolve()
            name = f"def test_{words.replace(' ', '_')}("
            is_test = "tests" in path.parts and not words.endswith(".py")
            if not path.is_file() or (is_test and name not in path.read_text(encoding="utf-8")):
                wrong.append(f"{numbers}: {words} ({link})")
    assert wrong == []
