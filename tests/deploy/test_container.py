"""The image and its neighbours, as far as they can be looked at without an engine (docs/containers.md)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import app
from tests.conftest import Office
from web.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
LINES = [line for line in (DEPLOY / "Containerfile").read_text("utf-8").splitlines() if line and line[0] != "#"]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))


def said(instruction: str) -> str:
    """What the last line of an instruction says: what holds for the image."""
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")][-1]


def test_the_image_runs_a_command_as_nobody_in_particular_over_a_volume() -> None:
    assert said("USER") == "ltsa"
    assert json.loads(said("ENTRYPOINT")) == ["python3", "/opt/ltsa/app.py"]
    assert set(json.loads(said("CMD"))) <= set(app.COMMANDS)
    environ = dict(each.split("=") for each in said("ENV").split())
    assert str(Settings.load(environ=environ, file=Path("/nowhere")).data) == said("VOLUME")
    assert said("EXPOSE") == str(Settings().port)


def test_the_image_is_asked_whether_it_is_ready(office_server: Office) -> None:
    command = json.loads(said("HEALTHCHECK").partition(" CMD ")[2])
    assert command[0] == "python3"
    asked = [sys.executable, command[1], command[2].replace("127.0.0.1:8000", f"127.0.0.1:{office_server.port}")]
    assert subprocess.run(asked, check=False, timeout=60).returncode == 0
    office_server.kill()
    assert subprocess.run(asked, check=False, stderr=subprocess.DEVNULL, timeout=60).returncode == 1


def test_what_the_neighbours_are_told_is_what_the_office_takes() -> None:
    told = {
        name: re.sub(r"\$\{\w+:\?[^}]*\}", "antrean.example", value)
        for name, value in COMPOSE["services"]["office"]["environment"].items()
    }
    settings = Settings.load(environ=told, file=Path("/nowhere"))
    assert (settings.proxies, settings.workers, settings.host) == (1, 2, "127.0.0.1")
    names = {part.partition(":")[0] for service in COMPOSE["services"].values() for part in service.get("volumes", ())}
    assert {name for name in names if name[0] != "."} == set(COMPOSE["volumes"])
    assert {service for each in COMPOSE["services"].values() for service in each.get("depends_on", ())} < set(
        COMPOSE["services"]
    )
    images = [service["image"] for service in COMPOSE["services"].values()]
    assert [image for image in images if "." in image.partition("/")[0] and "/" in image] == [], "no host's names"


def test_nginx_has_the_configuration_that_the_proxy_s_page_tells() -> None:
    page = (DEPLOY.parent / "docs" / "proxy.md").read_text("utf-8")
    [given, _] = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    assert (DEPLOY / "nginx.conf").read_text("utf-8") == given


def test_no_secret_of_a_machine_gets_into_the_image() -> None:
    left_out = (DEPLOY.parent / ".dockerignore").read_text("utf-8").splitlines()
    assert {"var", "ltsa.toml", "deploy/.env", "deploy/tls", ".git"} <= set(left_out)
