"""Getting a token for a server, keeping it, and what is sent with it."""

from typing import Any

import pytest

from runyard.cli.credentials import StoredLogin, load_login, store_login
from runyard.cli.logging_in import SCOPES
from runyard.client.wire import API_PREFIX
from tests.unit.cli.conftest import Answers, CommandLine
from tests.unit.client.account_server import ACCOUNT, TOKEN, WHEN, AccountServer

SERVER = "http://127.0.0.1:8080"
NEW_TOKEN = TOKEN | {"token": "new-token", "id": "01N", "expires_at": WHEN}
DEVICE = {
    "device_code": "device-code",
    "user_code": "BCDF-GHJK",
    "expires_seconds": 600,
    "interval_seconds": 7,
}
Shown = pytest.CaptureFixture[str]


@pytest.fixture
def server(account_server: AccountServer) -> AccountServer:
    account_server.answers = {
        ("POST", "/account/tokens"): (201, NEW_TOKEN),
        ("POST", "/auth/logout"): (204, {}),
    }
    return account_server


def test_login_keeps_a_token_and_ends_its_session(
    runyard: CommandLine, server: AccountServer, answers: Answers, capfd: Shown
) -> None:
    answers("maria", "correct horse")

    assert runyard("login", SERVER) == 0

    shown = capfd.readouterr()
    stored = load_login(SERVER)
    assert stored == StoredLogin(
        token="new-token", token_id="01N", account="maria", expires_at="2026-01-02"
    )
    assert shown.out == f"Logged in to {SERVER} as maria until 2026-01-02.\n"
    assert server.asked() == ["POST /auth/login", "POST /account/tokens", "POST /auth/logout"]
    login, token = server.bodies()
    assert login == {"login": "maria", "password": "correct horse"}
    assert token["name"].startswith("runyard on ")
    assert (token["scopes"], token["days"]) == (list(SCOPES), 90)
    assert "new-token" not in shown.out + shown.err


def test_login_for_admins_asks_for_the_scope(
    runyard: CommandLine, server: AccountServer, answers: Answers
) -> None:
    answers("maria", "p")

    assert runyard("--server", SERVER, "login", "--admin") == 0

    assert server.bodies()[1]["scopes"] == [*SCOPES, "admin"]


def test_login_again_deletes_the_former_token(
    runyard: CommandLine, server: AccountServer, answers: Answers
) -> None:
    store_login(SERVER, StoredLogin(token="former", token_id="01F"))
    answers("maria", "p")

    assert runyard("login", SERVER) == 0

    assert "DELETE /account/tokens/01F" in server.asked()


def test_second_factor_is_asked_for(
    runyard: CommandLine,
    server: AccountServer,
    answers: Answers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def log_in(client: Any, login: str, password: str, code: str | None = None) -> Any:
        if code is None:
            server.answers["POST", "/auth/login"] = (401, "totp_required")
        else:
            server.answers.pop(("POST", "/auth/login"))
        return real(client, login, password, code)

    from runyard.client.sync_accounts import Accounts  # noqa: PLC0415 - as the verb does

    real = Accounts.log_in
    monkeypatch.setattr(Accounts, "log_in", log_in)
    answers("maria", "p", "123456")

    assert runyard("login", SERVER) == 0

    assert server.bodies()[1] == {"login": "maria", "password": "p", "code": "123456"}


@pytest.mark.parametrize("refusal", [(401, "authentication_failed"), (429, "too_many_attempts")])
def test_refused_login_ends_with_126_and_one_line(
    runyard: CommandLine,
    server: AccountServer,
    answers: Answers,
    capfd: Shown,
    refusal: tuple[int, str],
) -> None:
    server.answers["POST", "/auth/login"] = refusal
    answers("maria", "wrong")

    assert runyard("login", SERVER) == 126

    assert capfd.readouterr().err == f"runyard: Refused: {refusal[1]}.\n"
    assert load_login(SERVER) is None


@pytest.mark.parametrize("lines", [(), ("maria",)])
def test_missing_answers_end_with_2(
    runyard: CommandLine, server: AccountServer, answers: Answers, lines: tuple[str, ...]
) -> None:
    answers(*lines)

    assert runyard("login", SERVER) == 2
    assert not server.requests


@pytest.mark.parametrize(
    "words",
    [
        ["login"],
        ["logout"],
        ["whoami"],
        ["admin", "accounts"],
        ["login", "example.org"],
        ["login", SERVER, "--device", "--admin"],
        ["set-up", f"{SERVER}/setup"],
        ["set-up", f"{SERVER}/#ticket"],
        ["set-up", "/setup#ticket"],
        ["logout", SERVER],
        ["admin", "delete", "maria"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_one_line(
    runyard: CommandLine, server: AccountServer, capfd: Shown, words: list[str]
) -> None:
    assert runyard(*words) == 2

    assert capfd.readouterr().err.count("\n") == 1
    assert not server.requests


def test_set_up_makes_the_administrator_and_logs_in(
    runyard: CommandLine, server: AccountServer, answers: Answers, capfd: Shown
) -> None:
    answers("maria", "maria@example.org", "correct horse")

    assert runyard("set-up", f"{SERVER}/setup#the-ticket") == 0

    assert server.bodies()[0] == {
        "ticket": "the-ticket",
        "name": "maria",
        "email": "maria@example.org",
        "password": "correct horse",
    }
    assert str(server.requests[0].url) == f"{SERVER}{API_PREFIX}/auth/setup"
    assert capfd.readouterr().out.startswith("Made the administrator maria.\nLogged in to")
    assert load_login(SERVER) is not None


def test_authenticator_is_set_up_where_the_server_wants_one(
    runyard: CommandLine, server: AccountServer, answers: Answers, capfd: Shown
) -> None:
    server.answers |= {
        ("POST", "/auth/login"): (
            200,
            {
                "access_token": "access-0",
                "expires_seconds": 900,
                "account": ACCOUNT,
                "must_enrol_totp": True,
            },
        ),
        ("POST", "/account/totp"): (201, {"secret": "ABC", "uri": "otpauth://x", "qr_svg": ""}),
        ("POST", "/account/totp/confirm"): (200, {"recovery_codes": ["one-code", "two-code"]}),
    }
    answers("maria", "p", "123456")

    assert runyard("login", SERVER) == 0

    shown = capfd.readouterr().out
    assert "otpauth://x" in shown
    assert "  one-code\n  two-code\n" in shown
    assert {"code": "123456"} in server.bodies()


def test_device_waits_at_the_interval_until_approved(
    runyard: CommandLine,
    server: AccountServer,
    capfd: Shown,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []

    def approve_after_two(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            server.answers["POST", "/auth/device-token"] = (201, NEW_TOKEN)
            server.api_token = "new-token"

    monkeypatch.setattr("runyard.cli.logging_in.time.sleep", approve_after_two)
    server.answers["POST", "/auth/device"] = (201, DEVICE)
    waiting = {"status": 409, "code": "conflict", "detail": "Wait.", "interval_seconds": 2}
    server.answers["POST", "/auth/device-token"] = (409, waiting)

    assert runyard("login", SERVER, "--device") == 0

    shown = capfd.readouterr().out
    assert slept == [7, 7]
    assert "BCDF-GHJK" in shown
    assert f"  {SERVER}/device?code=BCDF-GHJK\n" in shown
    assert f"POST {SERVER}/api/v1/auth/devices/BCDF-GHJK/approve" in shown
    assert "device-code" not in shown
    stored = load_login(SERVER)
    assert stored is not None
    assert (stored.token, stored.account) == ("new-token", "maria")


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (401, "invalid_token"), (409, "conflict")]
)
def test_device_that_gets_no_token_ends_with_126(
    runyard: CommandLine, server: AccountServer, status: int, code: str
) -> None:
    server.answers["POST", "/auth/device"] = (201, DEVICE)
    server.answers["POST", "/auth/device-token"] = (status, code)

    assert runyard("login", SERVER, "--device") == 126
    assert load_login(SERVER) is None


def test_token_from_stdin_is_tried_and_kept(
    runyard: CommandLine, server: AccountServer, answers: Answers
) -> None:
    answers(server.api_token)

    assert runyard("login", SERVER, "--with-token") == 0

    assert load_login(SERVER) == StoredLogin(token=server.api_token, account="maria")


@pytest.mark.parametrize(
    ("token", "code"), [("unknown", 126), ("", 2), ("two words", 2), (None, 2)]
)
def test_bad_token_from_stdin_is_not_kept(
    runyard: CommandLine, server: AccountServer, answers: Answers, token: str | None, code: int
) -> None:
    answers(*([] if token is None else [token]))

    assert runyard("login", SERVER, "--with-token") == code
    assert load_login(SERVER) is None


def test_logout_forgets_and_says_what_stays(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    store_login(SERVER, StoredLogin(token="t", expires_at="2030-01-01"))

    assert runyard("--server", SERVER, "logout") == 0

    shown = capfd.readouterr().out
    assert "until it is deleted in the account or until 2030-01-01" in shown
    assert load_login(SERVER) is None
    assert not server.requests


def test_whoami_tells_account_and_scopes(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    store_login(SERVER, StoredLogin(token=server.api_token))

    assert runyard("--server", SERVER, "whoami") == 0

    assert capfd.readouterr().out == (
        f"maria <maria@example.org> (admin) on {SERVER}\nThe token allows account:read.\n"
    )


def test_whoami_without_a_login_says_how_to_log_in(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    assert runyard("--server", SERVER, "whoami") == 126

    assert "runyard login" in capfd.readouterr().err


def test_verbs_send_the_token_of_their_server(
    runyard: CommandLine, server: AccountServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["GET", "/runtimes"] = (200, {"items": []})
    store_login(SERVER, StoredLogin(token="stored"))

    assert runyard("--server", SERVER, "runtimes") == 0
    assert runyard("--server", "http://127.0.0.1:1", "runtimes") == 0
    monkeypatch.setenv("RUNYARD_TOKEN", "of-the-variable")
    assert runyard("--server", SERVER, "runtimes") == 0

    sent = [each.headers.get("authorization") for each in server.requests]
    assert sent == ["Bearer stored", None, "Bearer of-the-variable"]


def test_one_stored_login_does_not_choose_a_server(
    runyard: CommandLine, server: AccountServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_login(SERVER, StoredLogin(token="stored"))
    # Nor is the variable for the Runyard in this process, which would refuse it.
    monkeypatch.setenv("RUNYARD_TOKEN", "of-the-variable")

    assert runyard("runtimes") == 0

    assert not server.requests
