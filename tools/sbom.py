"""`python3 app.py sbom`: the software bill of materials, in CycloneDX 1.6.

It lists every pinned Python package and every npm package with version, licence and hash, who needs whom, and whether
an office runs on it ("required"), only an extra does (a ticket printer, Parquet: "optional"), or only the checks do
("excluded").
"""

from __future__ import annotations

import argparse
import base64
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import prepare

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentScope
    from cyclonedx.model.license import License

PATIENCE = 300
"""Seconds that pip gets to ask the index for the hashes of all packages."""

LICENCE_LENGTH = 40
"""Letters of a licence's name; some packages put the whole text where the name belongs."""


def sbom(arguments: list[str], _create_app: Callable[..., object]) -> int:
    """Write the bill to a file or to standard output. 0 when done."""
    parser = argparse.ArgumentParser(prog="app.py sbom", description=__doc__.splitlines()[0].partition(": ")[2])
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it; without: standard output")
    options = parser.parse_args(arguments)
    try:
        prepare.for_checks()
    except prepare.SetupFailed as reason:
        print(reason, file=sys.stderr)
        return 1
    from cyclonedx.output.json import JsonV1Dot6

    hashes = wheel_hashes()
    if not hashes:
        print("The package index did not answer: Python packages stand in the bill without hashes.", file=sys.stderr)
    text = JsonV1Dot6(bill(hashes)).output_as_string(indent=2)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0


def wheel_hashes(files: Iterable[Path] = prepare.ALL_REQUIREMENTS) -> dict[str, str]:
    """SHA-256 of the distribution that pip installs here for every pin, by name; empty where no index answers."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    try:
        done = subprocess.run(
            [*command, "--report=-", *(f"--requirement={file}" for file in files)],
            cwd=prepare.HERE,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return {}
    return {
        canonicalize_name(each["metadata"]["name"]): each["download_info"]["archive_info"]["hashes"]["sha256"]
        for each in json.loads(done.stdout)["install"]
    }


def bill(hashes: dict[str, str]) -> Bom:
    """The bill of this project, with these hashes of the Python packages."""
    from cyclonedx.contrib.this.builders import this_component
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentScope, ComponentType

    about = tomllib.loads(prepare.HERE.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    whole = Component(
        name=about["name"],
        version=about["version"],
        description=about["description"],
        type=ComponentType.APPLICATION,
        bom_ref=about["name"],
    )
    made = Bom()
    made.metadata.component = whole
    made.metadata.tools.components.add(this_component())
    runtime, checks = ComponentScope.REQUIRED, ComponentScope.EXCLUDED
    python = {name: _python(name, pin, runtime, hashes) for name, pin in _pins(prepare.REQUIREMENTS)}
    python |= {name: _python(name, pin, checks, hashes) for name, pin in _pins(prepare.TEST_REQUIREMENTS)}
    optional = ComponentScope.OPTIONAL
    for extra in prepare.EXTRAS:
        python |= {name: _python(name, pin, optional, hashes) for name, pin in _pins(extra)}
    lock = json.loads(prepare.LOCK_FILE.read_text(encoding="utf-8"))["packages"]
    npm = {path: _npm(path, entry, checks if entry.get("dev") else runtime) for path, entry in lock.items() if path}
    for component in (*python.values(), *npm.values()):
        made.components.add(component)
    made.register_dependency(whole, [each for each in (*python.values(), *npm.values()) if each.scope == runtime])
    for name, component in python.items():
        made.register_dependency(component, [python[other] for other in _needs(name) if other in python])
    for path, component in npm.items():
        needed = (_where(path, name, npm) for name in lock[path].get("dependencies", ()))
        made.register_dependency(component, [npm[other] for other in needed if other])
    return made


def _pins(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            yield canonicalize_name(name), version


def _python(name: str, version: str, scope: ComponentScope, hashes: dict[str, str]) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    installed = _installed(name)
    return Component(
        name=name,
        version=version,
        scope=scope,
        description=installed.metadata["Summary"] if installed else None,
        purl=(purl := PackageURL("pypi", name=name, version=version)),
        bom_ref=str(purl),
        licenses=_licences(installed) if installed else (),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashes[name])] if name in hashes else (),
    )


def _npm(path: str, entry: dict[str, Any], scope: ComponentScope) -> Component:
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

    group, _, name = path.rpartition("node_modules/")[2].rpartition("/")
    purl = PackageURL("npm", namespace=group or None, name=name, version=entry["version"])
    content = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
    return Component(
        group=group or None,
        name=name,
        version=entry["version"],
        scope=scope,
        purl=purl,
        bom_ref=f"{purl}#{path}",  # a package may lie at several places
        licenses=[LicenseFactory().make_from_string(entry["license"])] if "license" in entry else (),
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=content)],
    )


def _licences(installed: Distribution) -> list[License]:
    """What a package declares: an SPDX expression, else a name, else its classifiers; nothing where that is a text."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    about, make = installed.metadata.json, LicenseFactory()
    for name in (str(about.get(field, "")) for field in ("license_expression", "license")):
        if 0 < len(name) <= LICENCE_LENGTH:
            return [make.make_from_string(name)]
    classifiers = [str(line).split(" :: ") for line in about.get("classifier", ())]
    return [make.make_with_name(parts[-1]) for parts in classifiers if parts[0] == "License"]


def _needs(name: str) -> set[str]:
    """The packages that an installed package requires on this machine."""
    installed = _installed(name)
    requirements = map(Requirement, installed.requires or ()) if installed else ()
    return {canonicalize_name(each.name) for each in requirements if not each.marker or each.marker.evaluate()}


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _where(path: str, name: str, npm: dict[str, Component]) -> str:
    """Where Node finds the package `name` that the one at `path` asks for: in its own folder, or in one above it."""
    while path:
        if (found := f"{path}/node_modules/{name}") in npm:
            return found
        path = path.rpartition("/node_modules/")[0]
    return f"node_modules/{name}" if f"node_modules/{name}" in npm else ""
