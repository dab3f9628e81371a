"""Where somebody outside reads an office's proof log: at its addresses, or in a folder of tiles (c2sp.org/tlog-tiles).

Nothing that is read here is believed before it was compared with a signed checkpoint.
"""

import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

LARGEST = 1 << 20
"""Bytes of the largest answer that is read: a checkpoint with very many cosignatures."""

PATIENCE = 20
"""Seconds that an office gets for an answer."""


class UnreachableError(OSError):
    """The log does not answer, or not with what was asked for. It says nothing about whether the log is honest."""


class Source(Protocol):
    """A log that is read by names: `checkpoint`, `keys`, `tile/0/000`."""

    def read(self, name: str) -> bytes:
        """What stands under a name. Raises `UnreachableError`."""

    def hand_in(self, text: str) -> bool:
        """Gives the log a cosigned checkpoint; whether it was taken."""


class Folder:
    """A folder that `app.py tiles` has written, or a copy of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        """A file's bytes."""
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(LARGEST)
        except OSError as reason:
            raise UnreachableError(f"{self._folder / name} cannot be read: {reason.strerror}") from None

    def hand_in(self, _text: str) -> bool:
        """A folder takes nothing."""
        return False


class Address:
    """The addresses of a running office, or of a web server that serves such a folder."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def read(self, name: str) -> bytes:
        """What is answered."""
        return self._asked(urllib.request.Request(f"{self._prefix}/{name}"))  # noqa: S310 - source_of let http(s) in only

    def hand_in(self, text: str) -> bool:
        """Posts the checkpoint with the cosignature."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        asked = urllib.request.Request(f"{self._prefix}/cosignature", text.encode(), headers)  # noqa: S310
        try:
            self._asked(asked)
        except UnreachableError:
            return False
        return True

    def _asked(self, asked: urllib.request.Request) -> bytes:
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
                found: bytes = answer.read(LARGEST)
                return found
        except urllib.error.HTTPError as reason:
            reason.close()
            raise UnreachableError(f"{asked.full_url} answers {reason.code}") from None
        except (OSError, HTTPException) as reason:
            raise UnreachableError(f"{asked.full_url} does not answer: {getattr(reason, 'reason', reason)}") from None


def source_of(where: str) -> Source:
    """The log that is meant: `https://office.example` (its addresses begin with /log), another prefix with a path, or a
    folder. Raises `ValueError`.
    """
    parts = urlsplit(where)
    if parts.scheme in {"http", "https"} and parts.netloc and not parts.query and not parts.fragment:
        return Address(where.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/log")
    if Path(where).is_dir():
        return Folder(Path(where))
    raise ValueError(f"“{where}” is neither an address (https://antrean.example) nor a folder of tiles.")
