"""Settings come from the environment, and a policy is changed value by value."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from runyard.domain.limits import Policy
from runyard.options import mail_options
from runyard.settings import Settings


def test_policy_is_changed_value_by_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "RUNYARD_POLICY", '{"file_count_max": 50, "limits_max": {"wall_seconds": 20}}'
    )

    policy = Settings().policy

    assert policy.file_count_max == 50
    assert policy.limits_max.wall_seconds == 20.0
    assert policy.limits_max.memory_bytes == Policy().limits_max.memory_bytes
    assert policy.stdin_bytes_max == Policy().stdin_bytes_max


@pytest.mark.parametrize(
    "value", ['{"file_count": 1}', '{"limits_max": {"seconds": 1}}', '{"file_count_max": "x"}']
)
def test_policy_with_an_unknown_name_or_value_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("RUNYARD_POLICY", value)

    with pytest.raises((ValidationError, TypeError)):
        Settings()


def test_lists_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNYARD_ALLOWED_HOSTS", '["a.example", "b.example"]')

    assert Settings().allowed_hosts == ("a.example", "b.example")


@pytest.mark.parametrize(
    ("profile", "anonymous", "allowed"),
    [
        ("development", None, True),
        ("production", None, False),
        ("development", False, False),
        ("production", True, True),
    ],
)
def test_anonymous_is_allowed_in_development_only_unless_said(
    profile: str, *, anonymous: bool | None, allowed: bool
) -> None:
    settings = Settings.model_validate({"profile": profile, "anonymous": anonymous})

    assert settings.is_anonymous_allowed is allowed


@pytest.mark.parametrize(("profile", "owner"), [("development", "local"), ("production", None)])
def test_anonymous_callers_are_one_person_in_development_only(
    profile: str, owner: str | None
) -> None:
    settings = Settings.model_validate({"profile": profile, "anonymous": True})

    assert settings.anonymous_owner_id == owner


def test_database_is_in_the_data_directory_unless_said(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).resolved_database_url == f"sqlite:///{tmp_path}/runyard.db"
    chosen = Settings(data_dir=tmp_path, database_url="postgresql+asyncpg://h/d")
    assert chosen.resolved_database_url == "postgresql+asyncpg://h/d"


def test_toolchains_are_in_the_data_directory_unless_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNYARD_TOOLCHAIN_DIRS", raising=False)
    assert Settings(data_dir=tmp_path).resolved_toolchain_dirs == (tmp_path / "toolchains",)
    chosen = Settings(toolchain_dirs=(Path("/opt/x"),))
    assert chosen.resolved_toolchain_dirs == (Path("/opt/x"),)


MAIL = {
    "smtp_host": "mail.example.org",
    "mail_from": "Runyard <runyard@example.org>",
    "public_url": "https://runyard.example.org/app/",
}


def test_mail_needs_what_links_begin_with_and_who_sends() -> None:
    for missing in ("mail_from", "public_url"):
        given = {name: value for name, value in MAIL.items() if name != missing}
        with pytest.raises(ValidationError, match=f"RUNYARD_{missing.upper()}"):
            Settings(**given)  # type: ignore[arg-type]


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_mail_goes_to_the_port_of_its_security(security: str, port: int) -> None:
    chosen = Settings(**MAIL, smtp_security=security)  # type: ignore[arg-type]
    named = Settings(**MAIL, smtp_security=security, smtp_port=2525)  # type: ignore[arg-type]

    options, other = mail_options(chosen), mail_options(named)

    assert options is not None
    assert other is not None
    assert (options.port, other.port) == (port, 2525)
    assert options.public_url == "https://runyard.example.org/app"
    assert mail_options(Settings()) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"public_url": "runyard.example.org"},
        {"public_url": "ftp://runyard.example.org"},
        {"public_url": "https://"},
        {"public_url": "https://user:word@runyard.example.org"},
        {"public_url": "https://runyard.example.org/?a=b"},
        {"public_url": "https://runyard.example.org/#a"},
        {"public_url": "https://runyard.example.org/\nBcc: x"},
        {"public_url": "https://[broken"},
        {"mail_from": "nobody"},
        {"mail_from": ""},
        {"mail_from": "a@example.org, b@example.org"},
        {"mail_from": "a@example.org\nBcc: b@example.org"},
        {"smtp_user": "postman"},
        {"smtp_password": "word"},
        {"smtp_user": "postman", "smtp_password": "word", "smtp_security": "none"},
        {"smtp_port": 0},
    ],
)
def test_mail_that_could_not_work_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**(MAIL | wrong))  # type: ignore[arg-type]


def test_password_for_the_mail_server_is_not_shown() -> None:
    settings = Settings(**MAIL, smtp_user="postman", smtp_password="hidden")  # type: ignore[arg-type]

    assert "hidden" not in repr(settings) + repr(mail_options(settings))
