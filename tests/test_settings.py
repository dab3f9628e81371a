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


@pytest.mark.parametrize(
    ("host", "is_open", "here"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:8000"),
        ("127.8.8.8", False, "http://127.8.8.8:8000"),
        ("::1", False, "http://[::1]:8000"),
        ("localhost", False, "http://localhost:8000"),
        ("0.0.0.0", True, "http://127.0.0.1:8000"),  # noqa: S104 - what is tested
        ("::", True, "http://[::1]:8000"),
        ("192.168.1.20", True, "http://192.168.1.20:8000"),
    ],
)
def test_the_office_knows_who_reaches_an_address(host: str, is_open: bool, here: str) -> None:  # noqa: FBT001 - a fact
    settings = load({"LTSA_HOST": host})
    assert (settings.host, settings.is_open_to_the_network, settings.local_address) == (host, is_open, here)


def test_further_names_of_the_machine_are_a_list_with_commas() -> None:
    assert load({"LTSA_HOSTS": "ltsa.local, Antrean.LAN,"}).names == {"ltsa.local", "antrean.lan"}


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"LTSA_PORT": "eighty"}, "LTSA_PORT is “eighty”; it must be a whole number"),
        ({"LTSA_PORT": "70000"}, "port is 70000; it must be a number from 0 to 65535"),
        (
            {"LTSA_HOST": "antrean.example"},
            "host is “antrean.example”; it must be an address of this machine in numbers",
        ),
        ({"LTSA_HOST": ""}, "host is “”; it must be an address of this machine"),
        ({"LTSA_HOSTS": "ltsa.local:8000"}, "hosts holds “ltsa.local:8000”; it must be names like ltsa.local"),
        ({"LTSA_PROXIES": "-1"}, "proxies is -1; it must be a number from 0 to 9"),
        ({"LTSA_RATE_LIMITS": "5000"}, "rate_limits is 5000; it must be a number from 0 to 1000"),
        ({"LTSA_PROT": "80"}, "no setting LTSA_PROT; did you mean port"),
        ({"LTSA_COLOUR": "teal"}, "no setting LTSA_COLOUR; the settings are data, database, keys_database, host"),
        ({"LTSA_PUBLIC_URL": "antrean.example"}, "public_url is “antrean.example”; it must be an address like https"),
        ({"LTSA_PUBLIC_URL": "https://a.example/?q=1"}, "public_url is"),
        ({"LTSA_PUBLIC_URL": "http://a.example:port"}, "public_url is"),
        ({"LTSA_REDIS_URL": "http://127.0.0.1"}, "redis_url is “http://127.0.0.1”; it must be an address like redis"),
        ({"LTSA_DATABASE": "mysql://db.example/ltsa"}, "database must be an address like postgresql://"),
        ({"LTSA_DATABASE": "postgresql://db.example"}, "database must be an address like postgresql://"),
        ({"LTSA_KEYS_DATABASE": "keys.example"}, "keys_database must be an address like postgresql://"),
        ({"LTSA_KEYS_DATABASE": "postgresql:///keys"}, "keys_database needs the setting database"),
        (
            {"LTSA_DATABASE": "postgresql:///ltsa", "LTSA_KEYS_DATABASE": "postgresql:///ltsa"},
            "database and keys_database name the same",
        ),
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


PROVIDER = {"LTSA_OIDC_ISSUER": "https://sso.example/realms/kantor", "LTSA_OIDC_CLIENT_ID": "ltsa"}


def test_the_secret_at_the_provider_may_lie_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("a secret\n", encoding="utf-8")

    assert load({**PROVIDER, "LTSA_OIDC_CLIENT_SECRET_FILE": str(file)}).oidc_secret == "a secret"
    told = load({**PROVIDER, "LTSA_OIDC_CLIENT_SECRET": "a secret"})
    assert told.oidc_secret == "a secret"
    assert "a secret" not in repr(told)
    assert load(PROVIDER).oidc_secret == ""


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"LTSA_OIDC_CLIENT_ID": "ltsa"}, "oidc_client_id needs the setting oidc_issuer"),
        ({"LTSA_OIDC_CLIENT_SECRET": "x"}, "oidc_client_secret needs the setting oidc_issuer"),
        ({"LTSA_OIDC_ISSUER": "https://sso.example"}, "oidc_issuer needs the setting oidc_client_id"),
        ({**PROVIDER, "LTSA_OIDC_ISSUER": "sso.example"}, "oidc_issuer is “sso.example”; it must be an address"),
        ({**PROVIDER, "LTSA_OIDC_ISSUER": "https://sso.example/?x=1"}, "oidc_issuer is “https://sso.example/"),
        ({**PROVIDER, "LTSA_OIDC_ISSUER": "http://sso.example"}, "oidc_issuer is “http://sso.example”; it must begin"),
        (
            {**PROVIDER, "LTSA_OIDC_CLIENT_SECRET": "x", "LTSA_OIDC_CLIENT_SECRET_FILE": "/y"},
            "oidc_client_secret and oidc_client_secret_file, use one",
        ),
        ({**PROVIDER, "LTSA_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, "oidc_client_secret_file cannot be read"),
        ({**PROVIDER, "LTSA_OIDC_CLIENT_SECRET_FILE": "/dev/null"}, "oidc_client_secret_file. is empty"),
    ],
)
def test_half_a_single_sign_on_stops_the_start(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongSetting, match=sentence):
        load(environ)


def test_a_provider_on_this_machine_needs_no_tls() -> None:
    issuer = "http://127.0.0.1:8080/realms/kantor"
    assert load({**PROVIDER, "LTSA_OIDC_ISSUER": issuer}).oidc_issuer == issuer
