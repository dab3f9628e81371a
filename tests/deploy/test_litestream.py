"""The ledger is copied on by a real Litestream under load; all is lost; an office comes out of the copy."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from ltsa.happened import TicketIssued
from ltsa.present import day_stream
from tests.ltsa.crowd import Crowd, issue, opened
from tests.staff import hire
from web.backup import BackupError, bring_back, take
from web.house import House
from web.settings import Settings

PROJECT = Path(__file__).parents[2]
LITESTREAM = shutil.which("litestream") or shutil.which("litestream", path=str(Path(sys.executable).parent))
NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not LITESTREAM, reason="no Litestream on this machine")


def silent(_done: int, _of: int, _what: str) -> None:
    """Nobody watches."""


class Copying:
    """Litestream with the configuration of deploy/, in a folder of this test's."""

    def __init__(self, folder: Path) -> None:
        given = (PROJECT / "deploy" / "litestream.yml").read_text("utf-8")
        for theirs, ours in {
            "/run/ltsa-litestream": folder / "run",
            "/var/lib/ltsa-litestream": folder / "meta",
            "/var/lib/ltsa": folder / "office",
            "/srv/ltsa": folder / "srv",
        }.items():
            assert f"{theirs}/" in given
            given = given.replace(f"{theirs}/", f"{ours}/")
        self.folder, self.ledger = folder, folder / "office" / "ledger.sqlite"
        self._config, self._log = folder / "litestream.yml", folder / "litestream.log"
        self._config.write_text(given, "utf-8")
        (folder / "run").mkdir()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(LITESTREAM), "replicate", "-config", str(self._config)], stdout=log, stderr=log
            )

    def syncs(self) -> None:
        """Returns when all that was committed is in the copy."""
        while self._process.poll() is None:
            said = self._asks("sync", "-wait", "-socket", str(self.folder / "run" / "socket"), str(self.ledger))
            if said.returncode == 0:
                return
            time.sleep(0.05)  # it has only begun
        pytest.fail(self._log.read_text("utf-8"))

    def is_killed(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def restores(self, to: Path) -> None:
        said = self._asks("restore", "-config", str(self._config), "-o", str(to), str(self.ledger))
        assert said.returncode == 0, said.stderr

    def _asks(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(LITESTREAM), *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def copying(tmp_path: Path) -> Iterator[Copying]:
    """An office with a backup of last night, whose ledger is copied on since."""
    settings = Settings(data=tmp_path / "office", port=0)
    opened(settings.data).close()
    with closing(House(settings)) as house:
        hire(house)
        issue(house.ledger, "yesterday")
    take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    copying = Copying(tmp_path)
    yield copying
    copying.is_killed()


def test_an_office_that_is_lost_under_load_comes_back_from_last_night_and_the_copy_that_went_on(
    copying: Copying, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd = Crowd(copying.folder / "office", "crowd", 1000, "12")
    crowd.tells(100)
    told = crowd.told()
    copying.syncs()
    crowd.tells(len(crowd.told()) + 20)
    crowd.process.send_signal(signal.SIGKILL)
    crowd.process.wait(timeout=30)
    copying.is_killed()
    shutil.rmtree(copying.folder / "office")
    shutil.rmtree(copying.folder / "meta")

    copying.restores(tmp_path / "copy" / "ledger.sqlite")
    (made,) = (tmp_path / "backups").iterdir()
    settings = Settings(data=tmp_path / "again", port=0)
    restore = f"restore {made} --keys {tmp_path / 'keys'} --ledger {tmp_path / 'copy' / 'ledger.sqlite'}"
    assert app.main([*restore.split(), "--data", str(settings.data)]) == 0
    assert app.main(["verify", "--data", str(settings.data)]) == 0, capsys.readouterr().out
    with closing(House(settings)) as house:
        issued = [
            recorded.event.number
            for stream in house.ledger.streams(day_stream("ltsa", ""))
            for recorded in house.ledger.history(stream)
            if isinstance(recorded.event, TicketIssued)
        ]
        assert {line.split()[1] for line in told if line.startswith("issued")} <= set(issued)
        assert house.access.people.keys() == {"dewi"}
        issue(house.ledger, "who comes next")


def test_a_ledger_that_does_not_continue_the_backup_is_not_brought_back(tmp_path: Path) -> None:
    settings, other = (Settings(data=tmp_path / name, port=0) for name in ("office", "other"))
    for each in (settings, other):
        with closing(House(each)) as house:
            issue(house.ledger, f"somebody at {each.data.name}")
    made, _ = take(settings, tmp_path / "backups", tmp_path / "keys", NOON, silent)
    again = Settings(data=tmp_path / "again", port=0)
    with pytest.raises(BackupError, match="does not continue the ledger of the backup"):
        bring_back(made, tmp_path / "keys", again, NOON, silent, newer=other.data / "ledger.sqlite")
    assert not again.data.exists()
