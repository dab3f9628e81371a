"""The voice of the hall: the clips that announcements are composed of, and `python3 app.py voice`, which makes them.

They are synthesised once, at set-up, by the espeak-ng library that the PyPI package `espeakng-loader` carries; a
running office never loads it. An office that prefers a person's voice puts recordings of the same names into
`<data>/voice/`. Why so, and the licences: docs/decisions/voice.md.
"""

import argparse
import ctypes
import math
import string
import sys
import wave
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

CLIPS = {
    "chime": "(a gong of about one and a half seconds)",
    "nomor-antrean": "Nomor antrean",
    "silakan-menuju": "silakan menuju",
    "loket": "Loket",
    "panggilan-ulang": "Panggilan ulang",
    "panggilan-terakhir": "Panggilan terakhir",
    **{
        word: word
        for word in (
            *("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan"),
            *("sepuluh", "sebelas", "belas", "puluh"),
        )
    },
    **{letter: letter.upper() for letter in string.ascii_lowercase},
}
"""Every clip by the name of its file, with the words that it holds."""

PHONEMES = {
    "loket": "[[l'okEt]]",
    "empat": "[[@mp'at]]",
    "enam": "[[@n'am]]",
    "sebelas": "[[s@b@l'as]]",
    "belas": "[[b@l'as]]",
}
"""Words whose e the synthesiser reads wrong: KBBI has lokét, but êmpat, ênam, sebêlas, bêlas."""

FOLDER = Path(__file__).with_name("static") / "voice"
RECORDINGS = (".wav", ".opus", ".ogg", ".mp3", ".flac", ".m4a")
"""What an office's own recordings may be: the formats that browsers decode."""

RATE = 22_050
LOUDNESS = -18.0
"""The level of every clip's louder parts, in dB below full scale."""
PEAK = -1.0
PACE, PACE_OF_LETTERS = 145, 95
"""Words a minute. A letter is the shortest word, and the easiest to mistake."""

Samples = list[float]


class NoVoiceError(Exception):
    """The synthesiser cannot be had on this machine."""


def make(folder: Path) -> int:
    """Makes every clip anew as a WAV file in `folder`; how many there are.

    Where the synthesiser cannot be loaded there is the chime alone, and a sentence on stderr says what to do: an office
    must open without its voice, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "chime.wav", _levelled(_chime()))
    try:
        with _synthesiser() as say:
            for name, words in CLIPS.items():
                if name != "chime":
                    pace = PACE_OF_LETTERS if len(name) == 1 else PACE
                    _write(folder / f"{name}.wav", _levelled(_trimmed(say(PHONEMES.get(name, words), pace))))
    except NoVoiceError as reason:
        print(
            f"The announcements have a chime and captions, but no words yet: {reason} "
            "Record them instead: python3 app.py voice --list.",
            file=sys.stderr,
        )
        return 1
    return len(CLIPS)


def voice(arguments: list[str], _create_app: Callable[..., object]) -> int:
    """Make the clips, or say which there are. 0 when every clip is there, else 1."""
    from web.settings import add_flags, from_flags  # noqa: PLC0415 - making clips at set-up needs no settings

    parser = argparse.ArgumentParser(prog="app.py voice", description="Make the clips of the announcements.")
    add_flags(parser)
    parser.add_argument("--force", action="store_true", help="make them again, even where they are")
    parser.add_argument("--list", action="store_true", help="list what a person would record, file by file")
    options = parser.parse_args(arguments)
    own = from_flags(options).data / "voice"
    if options.force or not all((FOLDER / f"{name}.wav").exists() for name in CLIPS):
        make(FOLDER)
    missing = [name for name in CLIPS if clip(name, own) is None]
    recorded = [name for name in CLIPS if _recording(name, own)]
    if options.list:
        for name, words in CLIPS.items():
            print(f"{name + '.wav':<24} {words}{'   (recorded)' if name in recorded else ''}")
    print(f"{len(CLIPS) - len(missing)} of {len(CLIPS)} clips; recordings of your own go into {own}: {len(recorded)}.")
    return 1 if missing else 0


def clip(name: str, own: Path) -> Path | None:
    """The file of a clip: the office's own recording if there is one in the folder `own`, else the synthesised one."""
    if name not in CLIPS:
        return None
    made = FOLDER / f"{name}.wav"
    return _recording(name, own) or (made if made.exists() else None)


def _recording(name: str, own: Path) -> Path | None:
    return next((file for suffix in RECORDINGS if (file := own / f"{name}{suffix}").exists()), None)


@contextmanager
def _synthesiser() -> Iterator[Callable[[str, int], Samples]]:
    """espeak-ng's Indonesian voice: a function from words, or phonemes in [[ ]], and a pace to samples.

    Raises NoVoiceError.
    """
    try:
        import espeakng_loader  # noqa: PLC0415 - at set-up only

        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except (ImportError, OSError) as reason:
        raise NoVoiceError(f"espeak-ng cannot be loaded ({reason}).") from reason
    synchronous, utf8, phonemes, speed = 2, 1, 0x100, 1  # from espeak-ng's speak_lib.h
    rate = library.espeak_Initialize(synchronous, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate != RATE or library.espeak_SetVoiceByName(b"id"):
        raise NoVoiceError("espeak-ng has no Indonesian voice here.")
    heard = array("h")

    def hear(samples: int | None, count: int, _events: int) -> int:
        if samples and count > 0:
            heard.frombytes(ctypes.string_at(samples, count * heard.itemsize))
        return 0

    def say(words: str, pace: int) -> Samples:
        del heard[:]
        library.espeak_SetParameter(speed, pace, 0)
        text = words.encode()
        library.espeak_Synth(text, len(text) + 1, 0, 1, 0, utf8 | phonemes, None, None)
        return [sample / 32768 for sample in heard]

    ears = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(hear)
    library.espeak_SetSynthCallback(ears)
    try:
        yield say
    finally:
        library.espeak_Terminate()


def _chime() -> Samples:
    """Two calm notes, E5 and C5, struck like bells."""
    notes = ((659.26, 0.0), (523.25, 0.42))
    return [sum(_bell(pitch, n / RATE - start) for pitch, start in notes) for n in range(int(1.6 * RATE))]


def _bell(pitch: float, since: float) -> float:
    """A bell of a pitch in Hz, some seconds after it was struck."""
    if since < 0:
        return 0.0
    struck = min(since / 0.004, 1) * math.exp(-since / 0.38)
    return struck * sum(level * math.sin(2 * math.pi * pitch * k * since) for k, level in ((1, 1), (2, 0.28), (3, 0.1)))


def _trimmed(samples: Samples) -> Samples:
    """Without the silence before and after the word, but with room for its first and last breath."""
    loud = 0.01 * max(map(abs, samples), default=0)
    heard = [n for n, sample in enumerate(samples) if abs(sample) > loud]
    first, last = max(heard[0] - RATE // 100, 0), heard[-1] + RATE // 25
    return samples[first:last]


def _levelled(samples: Samples) -> Samples:
    """At the common loudness, never clipped, with soft ends."""
    frame = RATE // 50
    powers = [sum(s * s for s in samples[a:b]) / frame for a, b in pairwise(range(0, len(samples) + 1, frame))]
    spoken = [power for power in powers if power > max(powers) / 100]
    level = math.sqrt(sum(spoken) / len(spoken))
    gain = min(_linear(LOUDNESS) / level, _linear(PEAK) / max(map(abs, samples)))
    last, fade_in, fade_out = len(samples) - 1, RATE // 250, RATE // 60
    return [gain * s * min(1, n / fade_in, (last - n) / fade_out) for n, s in enumerate(samples)]


def _linear(decibels: float) -> float:
    return math.pow(10, decibels / 20)


def _write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array("h", (round(sample * 32767) for sample in samples)).tobytes())
