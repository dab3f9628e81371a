"""The README keeps its word: its commands run, its table of settings is true, its pictures and links are there."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from PIL import Image

from ltsa.ledger import Ledger
from tests.conftest import Office
from tools import chromium
from tools.morning import Morning
from tools.screenshots import Shown, pictures
from web.house import first_office
from web.settings import Settings

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]
FIRST = {"python3 app.py people --link siti": "python3 app.py people --add siti --role manager"}
"""What a command of the README builds upon. Workers share the tests out, and one may get the second alone."""
LARGEST_PICTURE = 300 * 1024
DOORS_OPEN = 1_795_221_000_000
"""21 November 2026, 07.30 WIB, in ms UTC."""


class Reader:
    """Somebody who follows the README in a folder of their own, on a day that has begun."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ran = folder, set[str]()
        for name in ("app.py", "ltsa"):
            (folder / name).symlink_to(PROJECT / name)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LTSA_")}
        self.environ = {**kept, "LTSA_DATA": str(folder / "var"), "LTSA_PORT": "0", "HOME": str(folder)}
        ledger, now = Ledger(folder / "var" / "ledger.sqlite"), DOORS_OPEN
        ledger.do(first_office("ltsa", now))

        def lets_pass(minute: float) -> None:
            nonlocal now
            now = DOORS_OPEN + int(minute * 60_000)

        office = ledger.present().office_at("ltsa", now)[0]
        Morning(office=office, give=ledger.do, now=lambda: now, secret=b"a secret", seed=1, run="a day").play(
            lets_pass, until=60
        )
        ledger.close()

    def runs(self, command: str) -> str:
        """A command until its end, or until the office that it opens is open; what it said."""
        if (first := FIRST.get(command)) and first not in self.ran:
            self.runs(first)
        self.ran.add(command)
        words = shlex.split(re.sub(r"^python3 ", f"{shlex.quote(sys.executable)} ", command))
        if words[-1:] == ["app.py"] or "demo" in words:
            return self._opens(words)
        if words[-1] in {"test", "bench"}:
            words.append("--help")  # this test is part of the one, and the other takes minutes
        done = subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        if words[0] == "cp":
            self._changes(self.folder / words[-1])
        return done.stdout

    def _changes(self, file: Path) -> None:
        """Copy the example, change it, and look at what was understood."""
        example = file.read_text("utf-8")
        assert "recall_limit = 3" in example
        file.write_text(example.replace("recall_limit = 3", "recall_limit = 4"), "utf-8")

    def _opens(self, words: list[str]) -> str:
        said = []
        with subprocess.Popen(
            words, cwd=self.folder, env=self.environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as office:
            for line in office.stdout or ():
                said.append(line)
                if "Ctrl+C closes it" in line:
                    office.send_signal(signal.SIGINT)
        assert office.returncode == 0, "".join(said)
        return "".join(said)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("reader"))


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("chromium")])
def test_a_command_of_the_readme_runs(command: str, reader: Reader) -> None:
    reader.runs(command)


def test_the_two_commands_open_an_office(reader: Reader) -> None:
    assert "/kiosk/ltsa" in reader.runs("python3 app.py")
    assert "This is a demonstration" in reader.runs("python3 app.py demo")


def test_the_replayed_day_is_as_it_was_at_that_minute(reader: Reader) -> None:
    [command] = [command for command in COMMANDS if " replay " in command]
    assert "08:15" in reader.runs(command)


@pytest.mark.browser
@pytest.mark.skipif(not chromium.find(), reason="no Chromium on this machine")
@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("chromium")])
def test_the_browsers_flags_open_the_screen(command: str, reader: Reader, office_server: Office) -> None:
    command = command.replace("http://127.0.0.1:8000", office_server.url).replace("$HOME", str(reader.folder))
    program, *flags = shlex.split(command)
    found = chromium.find() or program
    shown = reader.runs(shlex.join([found, *chromium.FLAGS, "--dump-dom", *flags]))

    assert "LTSA Contoh" in shown


def test_the_table_of_settings_is_true() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*?)\|(.*)\|$", README, re.MULTILINE)
    table = {name: (default.strip(), what.strip()) for name, default, what in rows}

    for name, hint in get_type_hints(Settings, include_extras=True).items():
        default = getattr(Settings, name)
        shown = default.relative_to(PROJECT) if isinstance(default, Path) else default
        assert table[name] == (f"`{shown}`" if shown != "" else "", hint.__metadata__[0])


def test_every_link_and_picture_of_the_readme_is_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (PROJECT / target).exists(), target


def test_the_pictures_are_small_and_of_real_sizes() -> None:
    sizes = {p.name: (p.width, p.height) for p in pictures(Shown())}
    committed = sorted((PROJECT / "docs" / "screenshots").glob("*.png"))

    assert [file.stem for file in committed] == sorted(sizes)
    for file in committed:
        assert file.stat().st_size < LARGEST_PICTURE
        with Image.open(file) as image:
            assert image.size == sizes[file.stem]


@pytest.mark.parametrize("room", ["ltsa", "web"])
def test_every_module_stands_in_the_plan_of_the_house(room: str) -> None:
    plan = (PROJECT / "docs" / "house.md").read_text(encoding="utf-8")

    for module in (PROJECT / room).glob("*.py"):
        assert module.name in plan or module.name == "__init__.py"


def test_no_page_of_the_docs_points_to_nowhere() -> None:
    for page in (PROJECT / "docs").rglob("*.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
