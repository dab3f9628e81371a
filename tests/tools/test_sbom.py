"""The bill of materials: valid by CycloneDX's own schema, complete by the pins and the lock file."""

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.sbom import bill

PROJECT = Path(__file__).parents[2]
FLASK = "a" * 64
"""A hash as an index would say it."""


@cache
def written() -> str:
    return JsonV1Dot6(bill({"flask": FLASK})).output_as_string()


def component(name: str) -> dict[str, Any]:
    [found] = [each for each in json.loads(written())["components"] if each["name"] == name]
    return dict(found)


def pins(name: str) -> set[str]:
    lines = PROJECT.joinpath(name).read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_the_bill_is_valid_by_the_schema_of_cyclonedx() -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written()) is None


def test_the_schema_would_have_found_a_mistake() -> None:
    wrong = written().replace('"SHA-256"', '"SHA-257"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(wrong) is not None


def test_every_pin_stands_in_the_bill_and_says_whether_an_office_runs_on_it() -> None:
    listed = [each for each in json.loads(written())["components"] if each["purl"].startswith("pkg:pypi/")]
    by_scope = {
        scope: {f"{each['name']}=={each['version']}" for each in listed if each["scope"] == scope}
        for scope in ("required", "optional", "excluded")
    }
    assert by_scope == {
        "required": pins("requirements.txt"),
        "optional": pins("requirements-printer.txt") | pins("requirements-parquet.txt") | pins("requirements-load.txt"),
        "excluded": pins("requirements-test.txt"),
    }


def test_every_package_of_the_lock_file_stands_in_the_bill_with_its_hash() -> None:
    lock = json.loads(PROJECT.joinpath("package-lock.json").read_text(encoding="utf-8"))["packages"]
    listed = [each for each in json.loads(written())["components"] if each["purl"].startswith("pkg:npm/")]
    hashes = sorted(each["hashes"][0]["content"] for each in listed)

    digests = (entry["integrity"].removeprefix("sha512-") for path, entry in lock.items() if path)
    assert hashes == sorted(base64.b64decode(digest).hex() for digest in digests)


def test_a_package_tells_its_licence_its_hash_and_what_it_needs() -> None:
    flask = component("flask")
    assert flask["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert flask["hashes"] == [{"alg": "SHA-256", "content": FLASK}]

    [needs] = [each for each in json.loads(written())["dependencies"] if each["ref"] == flask["bom-ref"]]
    assert {ref.partition("@")[0] for ref in needs["dependsOn"]} == {
        f"pkg:pypi/{name}" for name in ("blinker", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug")
    }
    assert component("axe-core")["licenses"] == [{"license": {"id": "MPL-2.0"}}]


def test_without_an_answer_from_an_index_a_package_stands_there_without_a_hash() -> None:
    assert "hashes" not in component("werkzeug")
