"""Where tokens are kept: whose file it is, and which server a token is for."""

import json
from pathlib import Path

import pytest

from runyard.cli.credentials import (
    StoredLogin,
    credentials_path,
    find_token,
    forget_login,
    load_login,
    origin_of,
    store_login,
)
from runyard.cli.output import UsageError

SERVER = "http://127.0.0.1:8080"
LOGIN = StoredLogin(token="secret-1", token_id="01T", account="maria", expires_at="2026-01-02")


def test_what_is_stored_is_found_for_its_server_only() -> None:
    store_login(SERVER, LOGIN)
    store_login("https://other.example/", StoredLogin(token="t-2"))

    assert load_login(SERVER) == LOGIN
    assert find_token("https://OTHER.example:443/prefix") == "t-2"
    assert find_token("http://other.example") == ""
    assert find_token("http://127.0.0.1:8081") == ""


def test_nothing_stored_is_no_error() -> None:
    assert load_login(SERVER) is None
    assert forget_login(SERVER) is None
    assert not credentials_path().exists()


def test_variable_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    store_login(SERVER, LOGIN)
    monkeypatch.setenv("RUNYARD_TOKEN", "t-3")

    assert find_token(SERVER) == "t-3"


def test_forgotten_is_gone_and_others_stay() -> None:
    store_login(SERVER, LOGIN)
    store_login("http://other", StoredLogin(token="t-2"))

    assert forget_login(SERVER) == LOGIN
    assert "secret-1" not in credentials_path().read_text()
    assert find_token("http://other") == "t-2"


def test_only_the_owner_may_read() -> None:
    directory = credentials_path().parent
    directory.mkdir(parents=True)
    directory.chmod(0o755)

    store_login(SERVER, LOGIN)

    assert directory.stat().st_mode & 0o777 == 0o700
    assert credentials_path().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir()] == ["credentials.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_file_that_others_may_read_is_refused(mode: int) -> None:
    store_login(SERVER, LOGIN)
    credentials_path().chmod(mode)

    for use in (lambda: find_token(SERVER), lambda: store_login(SERVER, LOGIN)):
        with pytest.raises(UsageError, match="chmod 600") as caught:
            use()

        assert "secret-1" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"logins": []}', '{"logins": {"x": 1}}', '{"logins": {"x": {"a": 1}}}'],
)
def test_damaged_file_is_said(content: str) -> None:
    store_login(SERVER, LOGIN)
    credentials_path().write_text(content)

    with pytest.raises(UsageError, match="damaged"):
        load_login(SERVER)


def test_failed_write_leaves_the_former_file(monkeypatch: pytest.MonkeyPatch) -> None:
    store_login(SERVER, LOGIN)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(UsageError, match="No space left"):
        store_login(SERVER, StoredLogin(token="t-2"))

    assert find_token(SERVER) == "secret-1"
    assert [path.name for path in credentials_path().parent.iterdir()] == ["credentials.json"]


def test_config_home_is_the_persons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))

    store_login(SERVER, LOGIN)

    kept = json.loads((tmp_path / ".config/runyard/credentials.json").read_text())
    assert list(kept["logins"]) == [SERVER]


@pytest.mark.parametrize(
    ("server", "origin"),
    [
        ("http://Host", "http://host:80"),
        ("https://host:8443/a#b", "https://host:8443"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("http://user:pw@host", "http://host:80"),
        ("http://host:port", "http://host:port"),
    ],
)
def test_origin_has_one_spelling(server: str, origin: str) -> None:
    assert origin_of(server) == origin


def test_repr_hides_the_token() -> None:
    assert "secret-1" not in repr(LOGIN)
