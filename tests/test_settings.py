from __future__ import annotations

from pathlib import Path

import pytest

from web.settings import FILE, Settings, WrongSetting


def load(
    environ: dict[str, str] | None = None, toml: str = "", folder: Path = FILE.parent, **chosen: object
) -> Settings:
    file = folder / "ltsa.toml"
    if toml:
        file.write_text(toml, encoding="utf-8")
    return Settings.load(environ or {}, file, **chosen)


def test_without_any_setting_the_office_listens_on_this_machine_alone() -> None:
    settings = load(folder=Path("/nowhere"))
    assert (settings.host, settings.port, settings.data.name) == ("127.0.0.1", 8000, "var")
    assert settings.address == "http://127.0.0.1:8000"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    toml = 'port = 1001\noffice = "ltsa-mataram"\npublic_url = "https://antrean.example"'
    settings = load({"LTSA_PORT": "1002", "LTSA_OFFICE": "ltsa-kupang"}, toml, tmp_path, port=1003, host=None)
    assert (settings.port, settings.office, settings.public_url) == (1003, "ltsa-kupang", "https://antrean.example")


def test_a_folder_starts_where_it_was_written(tmp_path: Path) -> None:
    assert load(toml='data = "office"', folder=tmp_path).data == tmp_path / "office"
    assert load({"LTSA_DATA": "office"}).data == Path.cwd() / "office"
    assert load({"LTSA_DATA": "/srv/ltsa"}).data == Path("/srv/ltsa")


def test_a_qr_code_points_at_the_public_address_without_a_slash_at_its_end() -> None:
    assert load({"LTSA_PUBLIC_URL": "https://antrean.example/"}).address == "https://antrean.example"
    assert load({"LTSA_HOST": "::1"}).address == "http://[::1]:8000"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_addresses_are_welcome(host: str) -> None:
    assert load({"LTSA_HOST": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "antrean.example", ""])  # noqa: S104 - they are refused
def test_until_sign_in_exists_no_other_machine_reaches_the_office(host: str) -> None:
    with pytest.raises(WrongSetting, match="until sign-in exists the server binds loopback only"):
        load({"LTSA_HOST": host})


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"LTSA_PORT": "eighty"}, "LTSA_PORT is “eighty”; it must be a whole number"),
        ({"LTSA_PORT": "70000"}, "port is 70000; it must be a number from 0 to 65535"),
        ({"LTSA_PROT": "80"}, "no setting LTSA_PROT; did you mean port"),
        ({"LTSA_COLOUR": "teal"}, "no setting LTSA_COLOUR; the settings are data, host, port"),
        ({"LTSA_PUBLIC_URL": "antrean.example"}, "public_url is “antrean.example”; it must be an address like https"),
        ({"LTSA_PUBLIC_URL": "https://a.example/?q=1"}, "public_url is"),
        ({"LTSA_PUBLIC_URL": "http://a.example:port"}, "public_url is"),
        ({"LTSA_REDIS_URL": "http://127.0.0.1"}, "redis_url is “http://127.0.0.1”; it must be an address like redis"),
        ({"LTSA_OFFICE": "LTSA Mataram"}, "office is “LTSA Mataram”; it must be small letters"),
        ({"LTSA_DATA": ""}, "LTSA_DATA is ''; it must be the name of a folder"),
        ({"LTSA_DATA": __file__}, "which is a file; it must be a folder"),
    ],
)
def test_a_wrong_setting_is_named_with_what_would_be_right(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongSetting, match=sentence.replace("?", r"\?")):
        load(environ)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ('port = "8000"', "port is '8000'; it must be a whole number"),
        ("port = true", "port is True; it must be a whole number"),
        ("office = 3", "office is 3; it must be a text"),
        ("data = 3", "data is 3; it must be the name of a folder"),
        ("port = ", r"ltsa.toml cannot be read"),
        ("[server]\nport = 1", "no setting server"),
    ],
)
def test_a_wrong_file_is_refused_too(tmp_path: Path, toml: str, sentence: str) -> None:
    with pytest.raises(WrongSetting, match=sentence):
        load(toml=toml, folder=tmp_path)
