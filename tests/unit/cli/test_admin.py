"""`runyard admin`: what is asked of the server, and accounts made without one."""

import pytest

from runyard.cli.credentials import StoredLogin, store_login
from tests.unit.cli.conftest import Answers, CommandLine, FakeInstallation
from tests.unit.client.account_server import ACCOUNT, INVITATION, WHEN, AccountServer

SERVER = "http://127.0.0.1:8080"
OTHER = ACCOUNT | {
    "id": "01B",
    "name": "maria-2",
    "email": "m2@example.org",
    "role": "user",
    "suspended": True,
    "totp": False,
}
Shown = pytest.CaptureFixture[str]


@pytest.fixture
def server(account_server: AccountServer, monkeypatch: pytest.MonkeyPatch) -> AccountServer:
    monkeypatch.setenv("RUNYARD_SERVER", SERVER)
    account_server.answers = {
        ("GET", "/admin/accounts"): (200, {"items": [OTHER, ACCOUNT], "next_after": None}),
        ("PATCH", "/admin/accounts/01A"): (200, ACCOUNT),
        ("DELETE", "/admin/accounts/01A"): (204, {}),
    }
    store_login(SERVER, StoredLogin(token=account_server.api_token))
    return account_server


def test_accounts_are_listed_with_their_standing(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    assert runyard("admin", "accounts", "--query", "mar") == 0

    assert server.requests[0].url.params["query"] == "mar"
    assert capfd.readouterr().out == (
        "maria-2  m2@example.org     user   suspended\n"
        "maria    maria@example.org  admin  second factor\n"
    )


@pytest.mark.parametrize("name", ["maria", "MARIA", "Maria@example.org"])
@pytest.mark.parametrize(("verb", "suspended"), [("suspend", True), ("resume", False)])
def test_account_is_found_by_name_or_address(
    runyard: CommandLine, server: AccountServer, name: str, verb: str, *, suspended: bool
) -> None:
    assert runyard("admin", verb, name) == 0

    assert server.asked()[-1] == "PATCH /admin/accounts/01A"
    assert server.bodies() == [{"suspended": suspended}]


@pytest.mark.parametrize("verb", ["suspend", "resume", "password-link"])
def test_part_of_a_name_is_no_account(
    runyard: CommandLine, server: AccountServer, capfd: Shown, verb: str
) -> None:
    assert runyard("admin", verb, "mari") == 2

    assert server.asked() == ["GET /admin/accounts"]
    assert capfd.readouterr().err == "runyard: There is no account 'mari'.\n"


def test_account_is_deleted_when_one_is_sure(runyard: CommandLine, server: AccountServer) -> None:
    assert runyard("admin", "delete", "maria") == 2
    assert not server.requests
    assert runyard("admin", "delete", "maria", "--yes") == 0

    assert server.asked()[-1] == "DELETE /admin/accounts/01A"


def test_links_stand_alone_on_stdout(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    link = {"ticket": "t", "path": "/choose-password#t", "expires_at": WHEN}
    server.answers |= {
        ("POST", "/admin/invitations"): (201, INVITATION | {"ticket": "i", "path": "/sign-up#i"}),
        ("POST", "/admin/accounts/01A/password-link"): (201, link),
    }

    assert runyard("admin", "invite", "--email", "e@x", "--admin") == 0
    assert runyard("admin", "password-link", "maria") == 0

    assert capfd.readouterr().out == f"{SERVER}/sign-up#i\n{SERVER}/choose-password#t\n"
    assert server.bodies()[0] == {"email": "e@x", "role": "admin"}


def test_missing_scope_says_how_to_get_it(
    runyard: CommandLine, server: AccountServer, capfd: Shown
) -> None:
    problem = {
        "status": 403,
        "code": "forbidden",
        "detail": "The token has no scope admin.",
        "scope": "admin",
    }
    server.answers["GET", "/admin/accounts"] = (403, problem)

    assert runyard("admin", "accounts") == 126

    assert capfd.readouterr().err == (
        "runyard: The token has no scope admin. See runyard login --admin.\n"
    )


def test_account_is_made_without_a_server(
    runyard: CommandLine, installation: FakeInstallation, answers: Answers, capfd: Shown
) -> None:
    answers("correct horse")
    assert runyard("admin", "create-user", "Paul", "--email", "p@x", "--admin") == 0
    answers("correct horse")
    assert runyard("admin", "create-user", "paul", "--email", "p@x") == 2

    made = installation.accounts["paul"]
    shown = capfd.readouterr()
    assert (made.password, made.email, made.is_admin) == ("correct horse", "p@x", True)
    assert "correct horse" not in repr(made)
    assert shown.out == "Made the administrator paul.\n"
    assert shown.err == "runyard: The name is taken.\n"


def test_account_needs_an_installation(runyard: CommandLine, answers: Answers) -> None:
    answers("correct horse")

    assert runyard("admin", "create-user", "paul", "--email", "p@x", local=None) == 2
