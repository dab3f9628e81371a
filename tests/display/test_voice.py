"""The clips: there, audible, equally loud, and the office's own where it has some."""

import wave
from array import array
from collections.abc import Iterator
from itertools import pairwise
from math import log10, sqrt
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from display import voice
from web.settings import Settings


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of clips, made as set-up makes them."""
    folder = tmp_path_factory.mktemp("voice")
    voice.make(folder)
    return folder


@pytest.fixture
def office(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    yield app
    app.extensions["ltsa"].close()


def samples(clip: Path) -> tuple[int, list[float]]:
    """A clip's rate and its samples, from -1 to 1."""
    with wave.open(str(clip)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), [s / 32768 for s in array("h", file.readframes(file.getnframes()))]


def decibels(level: float) -> float:
    return 20 * log10(max(level, 1e-9))


def frames(rate: int, sound: list[float]) -> list[float]:
    """The loudness of each fiftieth of a second, in dB below full scale."""
    edges = range(0, len(sound) + 1, rate // 50)
    return [decibels(sqrt(sum(s * s for s in sound[a:b]) / (b - a))) for a, b in pairwise(edges)]


def test_set_up_makes_every_clip(clips: Path) -> None:
    assert {file.stem for file in clips.glob("*.wav")} == voice.CLIPS.keys()


@pytest.mark.parametrize("name", voice.CLIPS)
def test_a_clip_is_audible_and_never_clipped(clips: Path, name: str) -> None:
    rate, sound = samples(clips / f"{name}.wav")
    assert 0.25 < len(sound) / rate < 1.7
    assert -12 < decibels(max(map(abs, sound))) < -0.5
    spoken = [level for level in frames(rate, sound) if level > -38]
    assert -22 < decibels(sqrt(sum(10 ** (level / 10) for level in spoken) / len(spoken))) < -16


@pytest.mark.parametrize("name", sorted(voice.CLIPS.keys() - {"chime"}))
def test_no_silence_stands_before_or_after_a_word(clips: Path, name: str) -> None:
    rate, sound = samples(clips / f"{name}.wav")
    levels = frames(rate, sound)
    assert max(levels[:3]) > -50
    assert max(levels[-5:]) > -50
    assert abs(sound[0]) < 0.01
    assert abs(sound[-1]) < 0.01


def test_the_office_s_own_recording_wins(settings: Settings, office: Flask) -> None:
    own = settings.data / "voice"
    own.mkdir()
    (own / "tiga.opus").write_bytes(b"a person says tiga")
    with office.test_client().get("/display/voice/tiga") as recorded:
        assert recorded.data == b"a person says tiga"
    with office.test_client().get("/display/voice/dua") as synthesised:
        assert synthesised.data[:4] == b"RIFF"
        assert synthesised.content_type.startswith("audio/")


@pytest.mark.parametrize("name", ["empatbelas", "..", "seed", "../ledger.sqlite"])
def test_only_clips_are_served(office: Flask, name: str) -> None:
    assert office.test_client().get(f"/display/voice/{name}").status_code == 404


def test_the_command_tells_what_to_record_and_what_was(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    own = settings.data / "voice"
    own.mkdir(parents=True)
    (own / "loket.wav").write_bytes(b"")
    assert voice.voice(["--list", "--data", str(settings.data)], create_app) == 0
    said = capsys.readouterr().out
    assert "nomor-antrean.wav        Nomor antrean\n" in said
    assert "loket.wav                Loket   (recorded)" in said
    assert "46 of 46 clips" in said


def test_an_office_opens_without_a_synthesiser_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "espeakng_loader", None)
    assert voice.make(tmp_path) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["chime.wav"]
    assert "app.py voice --list" in capsys.readouterr().err
