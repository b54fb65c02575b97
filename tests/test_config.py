"""Settings: every problem at once, secrets never shown."""

import pytest

from portal.config import ROOT, TABLE, SettingsError, mail_port, read_settings, storage_folder

KEY = {"PORTAL_SECRET_KEY": "k" * 32}


def problems(**environ: str) -> str:
    with pytest.raises(SettingsError) as error:
        read_settings(KEY | environ)
    return str(error.value)


def test_a_key_alone_is_enough_and_the_rest_has_defaults() -> None:
    settings = read_settings(KEY)
    assert settings.port == 8000
    assert settings.content_dir.is_absolute()
    assert not settings.demo


def test_a_missing_key_refuses_to_start() -> None:
    with pytest.raises(SettingsError, match="PORTAL_SECRET_KEY manque"):
        read_settings({})


def test_a_key_of_32_characters_is_taken_and_one_of_31_is_refused() -> None:
    assert read_settings({"PORTAL_SECRET_KEY": "k" * 32}).secret_key
    assert "31 caractères" in problems(PORTAL_SECRET_KEY="k" * 31)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_DATABASE_URL", "mysql://x"),
        ("PORTAL_MAIL_URL", "http://mail"),
        ("PORTAL_MAIL_URL", "smtp://"),
        ("PORTAL_BASE_URL", "ims-partners.fr"),
        ("PORTAL_PORT", "0"),
        ("PORTAL_PORT", "65536"),
        ("PORTAL_PORT", "web"),
        ("PORTAL_STORAGE_URL", "s3://"),
        ("PORTAL_STORAGE_URL", "s3://KEY:SECRET@bucket"),
        ("PORTAL_STORAGE_URL", "s3+https://KEY:SECRET@host"),
        ("PORTAL_STORAGE_URL", "s3+http://KEY:SECRET@far.example/bucket"),
        ("PORTAL_STORAGE_URL", "s3+https://host:port/bucket"),
        ("PORTAL_STORAGE_URL", "gs://bucket"),
        ("PORTAL_CLAMD_URL", "127.0.0.1:3310"),
        ("PORTAL_CLAMD_URL", "clamd://"),
        ("PORTAL_STORAGE_URL", "file://host/folder"),
        ("PORTAL_PROXIES", "4"),
        ("PORTAL_PROXIES", "-1"),
        ("PORTAL_DEMO", "yes"),
    ],
)
def test_each_wrong_setting_is_named(name: str, value: str) -> None:
    assert name in problems(**{name: value})


def test_all_wrong_settings_are_told_at_once() -> None:
    assert problems(PORTAL_PORT="0", PORTAL_DEMO="2").count("\n") == 1


def test_no_secret_is_shown_when_settings_are_printed() -> None:
    settings = read_settings(KEY | {"PORTAL_MAIL_URL": "smtp://me:hunter2@mail:25"})
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


def test_every_setting_has_a_meaning() -> None:
    assert all(setting.meaning and setting.name.startswith("PORTAL_") for setting in TABLE)
    assert mail_port("smtps") == 465


def test_a_relative_database_and_folder_lie_beside_the_program_wherever_a_command_is_started() -> None:
    settings = read_settings(KEY | {"PORTAL_STORAGE_URL": "file:files"})
    assert settings.database_url == f"sqlite:///{ROOT / 'portal.sqlite3'}"
    assert storage_folder(settings.storage_url) == ROOT / "files"
    absolute = {"PORTAL_DATABASE_URL": "sqlite:////var/lib/x.sqlite3", "PORTAL_STORAGE_URL": "file:///var/lib/files"}
    settings = read_settings(KEY | absolute)
    assert settings.database_url == "sqlite:////var/lib/x.sqlite3"
    assert str(storage_folder(settings.storage_url)) == "/var/lib/files"


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/portail?region=eu-west-3",
        "s3+https://KEY:SEC%2FRET@s3.example/bucket/portail",
        "s3+http://127.0.0.1:9/b",
    ],
)
def test_files_may_be_kept_in_a_bucket(url: str) -> None:
    assert read_settings(KEY | {"PORTAL_STORAGE_URL": url}).storage_url == url


def test_refusals_are_french() -> None:
    told = problems(
        PORTAL_DATABASE_URL="mysql://x", PORTAL_MAIL_URL="x", PORTAL_BASE_URL="x", PORTAL_PORT="x", PORTAL_PROXIES="x",
        PORTAL_DEMO="x", PORTAL_STORAGE_URL="x", PORTAL_CLAMD_URL="x",
    )  # fmt: skip
    assert told.count("\n") == 7
    assert all(word not in told for word in (" is ", "expected", "needed", "begins"))


def test_a_demo_is_for_this_machine_only() -> None:
    assert read_settings(KEY | {"PORTAL_DEMO": "1"}).demo
    assert "PORTAL_DEMO" in problems(PORTAL_DEMO="1", PORTAL_BASE_URL="https://portail.example")
