"""The pictures of the README can be made again."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import chromium
from tools.screenshots import Shown, pictures

PROJECT = Path(__file__).parents[2]


@pytest.mark.browser
@pytest.mark.skipif(not chromium.find(), reason="no Chromium on this machine")
def test_one_command_makes_every_picture(tmp_path: Path) -> None:
    command = [sys.executable, "app.py", "screenshots", "--to", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)

    assert done.returncode == 0, done.stderr
    made = sorted(file.stem for file in tmp_path.glob("*.png"))
    assert made == sorted(picture.name for picture in pictures(Shown()))
