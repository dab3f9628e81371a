"""The units of deploy/systemd are what systemd takes, and let an office do little more than it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import app
from web.settings import Settings

PROJECT = Path(__file__).parents[2]
UNITS = sorted((PROJECT / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
EXPOSURE = 20
"""The most, of 100, that a service may be exposed; one without any settings of the kind has 96."""

analysed = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")


def analyse(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, check=False, timeout=120
    )


@analysed
def test_systemd_takes_every_unit_without_a_word(tmp_path: Path) -> None:
    for unit in UNITS:
        shutil.copy(unit, tmp_path / unit.name.replace("@.", "@pintu."))
    litestream = tmp_path / "ltsa-litestream.service"  # a program that is not on every machine
    litestream.write_text(litestream.read_text("utf-8").replace("/usr/local/bin/litestream", "/usr/bin/env"), "utf-8")
    said = analyse("verify", *sorted(tmp_path.iterdir()))
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@analysed
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_is_hardly_exposed(unit: Path) -> None:
    said = analyse("security", "--offline=true", f"--threshold={EXPOSURE}", unit)
    assert said.returncode == 0, said.stdout


def test_whatever_is_no_night_s_work_starts_with_the_machine() -> None:
    by_a_timer = {unit.with_suffix(".service").name for unit in UNITS if unit.suffix == ".timer"}
    for unit in UNITS:
        assert ("\n[Install]\nWantedBy=" in unit.read_text("utf-8")) != (unit.name in by_a_timer), unit.name


def test_what_the_units_start_is_there() -> None:
    for unit in SERVICES:
        for command in re.findall(r"^ExecStart=/usr/bin/python3 (.*)$", unit.read_text("utf-8"), re.MULTILINE):
            program, name, *_ = command.split()
            assert (program, name in app.COMMANDS) == ("/opt/ltsa/app.py", True)
        for page in re.findall(r"file:///opt/ltsa/(\S+)", unit.read_text("utf-8")):
            assert (PROJECT / page).exists()


def test_the_example_of_the_settings_holds(tmp_path: Path) -> None:
    example = (PROJECT / "deploy" / "example.toml").read_text("utf-8")
    file = tmp_path / "ltsa.toml"
    file.write_text(re.sub(r"^# (\w+ = )", r"\1", example, flags=re.MULTILINE), "utf-8")
    settings = Settings.load(environ={}, file=file)
    assert (settings.proxies, settings.workers, str(settings.data)) == (1, 2, "/var/lib/ltsa")
