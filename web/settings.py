"""The few things that differ from machine to machine: read from `ltsa.toml`, the environment and the command line.

The command line wins over the environment (`LTSA_PORT=8080`), the environment over the file (`port = 8080`).
"""

from __future__ import annotations

import argparse
import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
FILE = PROJECT / "ltsa.toml"
PREFIX = "LTSA_"

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

_ORIGIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+(/[A-Za-z0-9._-]+)*")

_VERIFIER_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*")


class WrongSetting(Exception):
    """A setting that the office cannot start with; the text names it, says what is wrong and what would be right."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this machine runs its office."""

    data: Annotated[Path, "the folder of the ledger and all else that must not be lost"] = PROJECT / "var"
    database: Annotated[
        str, "a PostgreSQL database that holds the ledger and what is beside it; empty: files in `data`"
    ] = field(default="", repr=False)
    keys_database: Annotated[
        str, "another one, for the keys of what is erasable; several hosts need it; empty: a file in `data`"
    ] = field(default="", repr=False)
    host: Annotated[str, "the address to listen on; 0.0.0.0 opens the office to the network"] = "127.0.0.1"
    port: Annotated[int, "the TCP port to listen on; 0 takes any free one"] = 8000
    workers: Annotated[int, "how many processes answer requests; they share the data folder and the port"] = 1
    public_url: Annotated[str, "where phones reach the office (QR codes); empty: http://HOST:PORT"] = ""
    hosts: Annotated[str, "further names of this machine, parted by commas: ltsa.local; others are refused"] = ""
    proxies: Annotated[int, "how many reverse proxies stand in front and say who asks; 0: none is believed"] = 0
    rate_limits: Annotated[int, "how many times the usual rate limits are let through; 0: no limits"] = 1
    redis_url: Annotated[str, "a Redis that wakes several servers early; empty: none"] = ""
    office: Annotated[str, "the id of the office that the front page opens"] = "ltsa"
    witnesses: Annotated[str, "witnesses' verifier keys, parted by commas, whose cosignatures the proof log takes"] = ""
    log_origin: Annotated[str, "the proof log's name, given at its first signature and kept; empty: ltsa.invalid/…"] = (
        ""
    )
    oidc_issuer: Annotated[str, "an OpenID provider that people may sign in with, its issuer; empty: none"] = ""
    oidc_client_id: Annotated[str, "this office's name at that provider"] = ""
    oidc_client_secret: Annotated[str, "its secret there; empty: a public client"] = field(default="", repr=False)
    oidc_client_secret_file: Annotated[str, "a file that holds that secret instead, by its full path"] = ""

    def __post_init__(self) -> None:
        """Refuse what cannot work. Raises WrongSetting."""
        _check_host(self.host)
        _check_number("port", self.port, 65535, "8000")
        _check_number("workers", self.workers, 64, "2", least=1)
        _check_number("proxies", self.proxies, 9, "1 behind one nginx")
        _check_number("rate_limits", self.rate_limits, 1000, "1")
        for name in sorted(self.names):
            if not _NAME.fullmatch(name):
                raise WrongSetting(
                    f"The setting hosts holds “{name}”; it must be names like ltsa.local, without ports."
                )
        checked_database(self.database)
        checked_database(self.keys_database, "keys_database")
        if self.keys_database and self.keys_database == self.database:
            raise WrongSetting(
                "The settings database and keys_database name the same: whoever backs up one would have both. Keys lie"
                " in a database of their own, best on another server."
            )
        if self.keys_database and not self.database:
            raise WrongSetting(
                "The setting keys_database needs the setting database: without it the keys are a file in `data`."
            )
        _check_address("public_url", self.public_url, ("http", "https"), "https://antrean.example")
        _check_address("redis_url", self.redis_url, ("redis", "rediss", "unix"), "redis://127.0.0.1:6379/0")
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", self.office):
            raise WrongSetting(
                f"The setting office is “{self.office}”; it must be small letters, digits and hyphens: ltsa-mataram."
            )
        for key in self.witness_keys:
            if not _VERIFIER_KEY.fullmatch(key):
                raise WrongSetting(
                    f"The setting witnesses holds “{key}”; it must be verifier keys as `app.py witness` says its own:"
                    " witness.example/1+0f3a9c21+BC…"
                )
        if self.log_origin and not _ORIGIN.fullmatch(self.log_origin):
            raise WrongSetting(
                f"The setting log_origin is “{self.log_origin}”; it must be an address of the office's own without"
                " https://: antrean.example/log."
            )
        if self.data.exists() and not self.data.is_dir():
            raise WrongSetting(
                f"The setting data is “{self.data}”, which is a file; it must be a folder or a new name."
            )
        self._check_single_sign_on()

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ, file: Path = FILE, **chosen: Any) -> Settings:
        """The file's settings, under the environment's, under the chosen (None: not chosen). Raises WrongSetting."""
        found = {key: _typed(key, value, file.parent) for key, value in _read(file).items()}
        for name, text in environ.items():
            if name.startswith(PREFIX):
                key = name.removeprefix(PREFIX).lower()
                found[key] = _typed(key, _number(key, text) if _types().get(key) is int else text, Path.cwd(), name)
        found |= {key: value for key, value in chosen.items() if value is not None}
        return cls(**found)

    @property
    def ledger(self) -> Path | str:
        """Where the ledger lies: a file, or the address of a database."""
        return self.database or self.data / "ledger.sqlite"

    @property
    def names(self) -> frozenset[str]:
        """The further names of this machine (the setting hosts)."""
        return frozenset(name.strip().lower() for name in self.hosts.split(",") if name.strip())

    @property
    def witness_keys(self) -> tuple[str, ...]:
        """The verifier keys of the witnesses (the setting witnesses)."""
        return tuple(key.strip() for key in self.witnesses.split(",") if key.strip())

    @property
    def is_open_to_the_network(self) -> bool:
        """Whether other machines reach the port itself, not only this one."""
        return not _is_this_machine(self.host)

    @property
    def local_address(self) -> str:
        """Where this machine reaches the office."""
        here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - any address is also this
        return f"http://[{here}]:{self.port}" if ":" in here else f"http://{here}:{self.port}"

    @property
    def address(self) -> str:
        """Where phones reach the office: the start of every address in a QR code, without a slash at its end."""
        return self.public_url.rstrip("/") or self.local_address

    @property
    def oidc_secret(self) -> str:
        """The office's secret at its OpenID provider, wherever it is kept. Raises WrongSetting."""
        if not self.oidc_client_secret_file:
            return self.oidc_client_secret
        try:
            secret = Path(self.oidc_client_secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as reason:
            raise WrongSetting(f"The file of the setting oidc_client_secret_file cannot be read: {reason}.") from None
        if not secret:
            raise WrongSetting(f"The file {self.oidc_client_secret_file} (oidc_client_secret_file) is empty.")
        return secret

    def _check_single_sign_on(self) -> None:
        others = ("oidc_client_id", "oidc_client_secret", "oidc_client_secret_file")
        if not self.oidc_issuer:
            if given := [name for name in others if getattr(self, name)]:
                raise WrongSetting(f"The setting {given[0]} needs the setting oidc_issuer: https://sso.example.")
            return
        _check_address("oidc_issuer", self.oidc_issuer, ("http", "https"), "https://sso.example")
        parts = urlsplit(self.oidc_issuer)
        if parts.scheme == "http" and not _is_this_machine(parts.hostname or ""):
            raise WrongSetting(
                f"The setting oidc_issuer is “{self.oidc_issuer}”; it must begin with https, or anybody on the way"
                " could sign in as anybody."
            )
        if not self.oidc_client_id:
            raise WrongSetting("The setting oidc_issuer needs the setting oidc_client_id: our name at the provider.")
        if self.oidc_client_secret and self.oidc_client_secret_file:
            raise WrongSetting("Of the settings oidc_client_secret and oidc_client_secret_file, use one.")
        _ = self.oidc_secret


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command flags for where the office lies and listens, and below its help all settings."""
    hints = get_type_hints(Settings, include_extras=True)
    meaning = {name: hint.__metadata__[0] for name, hint in hints.items()}
    parser.add_argument("--host", help=meaning["host"])
    parser.add_argument("--port", type=int, help=meaning["port"])
    parser.add_argument("--database", metavar="ADDRESS", help=meaning["database"])
    parser.add_argument("--keys-database", metavar="ADDRESS", help=meaning["keys_database"])
    parser.add_argument(
        "--data", type=lambda text: Path(text).expanduser().absolute(), metavar="FOLDER", help=meaning["data"]
    )
    rows = "\n".join(f"  {PREFIX + name.upper():<16} {text}" for name, text in meaning.items())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"Settings, from the environment or (in small letters, without LTSA_) from {FILE.name}:\n{rows}"


def from_flags(options: argparse.Namespace) -> Settings:
    """The settings of a command that has the flags of `add_flags`, and perhaps `--workers`. Raises WrongSetting."""
    return Settings.load(
        host=options.host,
        port=options.port,
        data=options.data,
        database=options.database,
        keys_database=options.keys_database,
        workers=getattr(options, "workers", None),
    )


def _types() -> dict[str, type]:
    return get_type_hints(Settings)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise WrongSetting(f"The settings file {file} cannot be read: {reason}.") from None


def _typed(key: str, value: Any, folder: Path, name: str = "") -> Any:
    """The value in the setting's type; a relative folder starts where it was written. Raises WrongSetting."""
    name = name or key
    kind = _types().get(key)
    if kind is None:
        close = difflib.get_close_matches(key, _types(), n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; the settings are {', '.join(_types())}."
        raise WrongSetting(f"There is no setting {name}{hint}")
    if kind is Path and isinstance(value, str) and value:
        return folder / Path(value).expanduser()
    if kind is Path or type(value) is not kind:
        right = {int: "a whole number", str: "a text", Path: "the name of a folder"}[kind]
        raise WrongSetting(f"The setting {name} is {value!r}; it must be {right}.")
    return value


def _number(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise WrongSetting(f"The setting {PREFIX}{key.upper()} is “{text}”; it must be a whole number.") from None


def _check_host(host: str) -> None:
    try:
        _ = host == "localhost" or ipaddress.ip_address(host)
    except ValueError:
        raise WrongSetting(
            f"The setting host is “{host}”; it must be an address of this machine in numbers: 127.0.0.1 for this"
            " machine alone, 0.0.0.0 for the network. Names belong into public_url and hosts."
        ) from None


def checked_database(value: str, name: str = "database") -> str:
    """The address of a database. Raises WrongSetting; the text may hold a password, and is not repeated."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if value and (parts.scheme not in {"postgresql", "postgres"} or len(parts.path) <= 1):
        raise WrongSetting(
            f"The setting {name} must be an address like postgresql://ltsa@db.example/ltsa, or empty. Its password is"
            " best left out of it, in ~/.pgpass."
        )
    return value


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_number(name: str, value: int, most: int, example: str, least: int = 0) -> None:
    if not least <= value <= most:
        raise WrongSetting(
            f"The setting {name} is {value}; it must be a number from {least} to {most}, for example {example}."
        )


def _check_address(name: str, value: str, schemes: tuple[str, ...], example: str) -> None:
    if not value:
        return
    try:
        parts = urlsplit(value)
        wrong = (
            parts.scheme not in schemes
            or not (parts.netloc or parts.scheme == "unix")
            or bool(parts.query or parts.fragment)
        )
        _ = parts.port
    except ValueError:
        wrong = True
    if wrong:
        raise WrongSetting(f"The setting {name} is “{value}”; it must be an address like {example}, or empty.")
