"""Each call about accounts: what is sent, and what is made of the answer, by both clients."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

import runyard.client
from runyard.client import AsyncClient, Client
from runyard.client.async_accounts import AsyncAccounts
from runyard.client.async_administration import AsyncAdministration
from runyard.client.sync_accounts import Accounts
from runyard.client.sync_administration import Administration
from tests.unit.client.account_server import (
    ACCOUNT,
    INVITATION,
    OWN_ACCOUNT,
    SERVER,
    SESSION,
    TOKEN,
    WHEN,
    AccountServer,
)

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
APPLICANT = {"name": "n", "email": "e@x", "password": "p"}
LOGIN = {
    "access_token": "secret",
    "expires_seconds": 900,
    "account": ACCOUNT,
    "must_enrol_totp": True,
}
OFFER = {"secret": "s", "uri": "otpauth:", "qr_svg": "<svg>"}
CODES = {"recovery_codes": ["a", "b"]}
DEVICE = {"device_code": "d", "user_code": "BCDF", "expires_seconds": 600, "interval_seconds": 2}
LINK = {"ticket": "t", "path": "/choose-password#t", "expires_at": WHEN}


@dataclass(frozen=True)
class Call:
    """`check` looks at what the client returned."""

    make: Callable[[Any], Any]
    asks: str
    body: Any
    answer: Any
    check: Callable[[Any], bool]


CALLS = [
    Call(
        lambda client: client.accounts.options(),
        "GET /auth/options",
        None,
        {"sign_up": "open", "anonymous": True},
        lambda found: (found.sign_up, found.anonymous) == ("open", True),
    ),
    Call(
        lambda client: client.accounts.set_up("t", **APPLICANT),
        "POST /auth/setup",
        {"ticket": "t", **APPLICANT},
        LOGIN,
        lambda found: found.must_enrol_totp and found.account.name == "maria",
    ),
    Call(
        lambda client: client.accounts.sign_up(**APPLICANT, invitation="i"),
        "POST /auth/sign-up",
        {**APPLICANT, "invitation": "i"},
        LOGIN,
        lambda found: found.expires_seconds == 900,
    ),
    Call(
        lambda client: client.accounts.sign_up(**APPLICANT),
        "POST /auth/sign-up",
        APPLICANT,
        LOGIN,
        lambda found: found.account.totp,
    ),
    Call(
        lambda client: client.accounts.log_in("n", "p", "1"),
        "POST /auth/login",
        {"login": "n", "password": "p", "code": "1"},
        LOGIN,
        lambda found: found.account.created_at == MOMENT,
    ),
    Call(
        lambda client: client.accounts.log_out(),
        "POST /auth/logout",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.choose_password("t", "p"),
        "POST /auth/password",
        {"ticket": "t", "password": "p"},
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.me(),
        "GET /account",
        None,
        OWN_ACCOUNT,
        lambda found: (found.scopes, found.recovery_codes_left) == (("account:read",), 9),
    ),
    Call(
        lambda client: client.accounts.me(),
        "GET /account",
        None,
        OWN_ACCOUNT | {"scopes": None},
        lambda found: found.scopes is None,
    ),
    Call(
        lambda client: client.accounts.change_password("f", "p"),
        "POST /account/password",
        {"former": "f", "password": "p"},
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.offer_totp("p"),
        "POST /account/totp",
        {"password": "p"},
        OFFER,
        lambda found: (found.secret, found.uri, found.qr_svg) == ("s", "otpauth:", "<svg>"),
    ),
    Call(
        lambda client: client.accounts.confirm_totp("1"),
        "POST /account/totp/confirm",
        {"code": "1"},
        CODES,
        lambda found: found == ("a", "b"),
    ),
    Call(
        lambda client: client.accounts.remove_totp("p", "1"),
        "POST /account/totp/remove",
        {"password": "p", "code": "1"},
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.renew_recovery_codes("p"),
        "POST /account/recovery-codes",
        {"password": "p"},
        CODES,
        lambda found: found == ("a", "b"),
    ),
    Call(
        lambda client: client.accounts.delete("p"),
        "POST /account/delete",
        {"password": "p"},
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.sessions(),
        "GET /account/sessions",
        None,
        {"items": [SESSION]},
        lambda found: found[0].current and found[0].expires_at == MOMENT,
    ),
    Call(
        lambda client: client.accounts.end_session("a/b"),
        "DELETE /account/sessions/a/b",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.end_other_sessions(),
        "DELETE /account/sessions",
        None,
        {"ended": 3},
        lambda found: found == 3,
    ),
    Call(
        lambda client: client.accounts.tokens(),
        "GET /account/tokens",
        None,
        {"items": [TOKEN]},
        lambda found: (found[0].expires_at, found[0].used_at) == (None, MOMENT),
    ),
    Call(
        lambda client: client.accounts.create_token("ci", ("account:read",), days=2),
        "POST /account/tokens",
        {"name": "ci", "scopes": ["account:read"], "days": 2},
        TOKEN | {"token": "x"},
        lambda found: (found.token, found.id) == ("x", "01T"),
    ),
    Call(
        lambda client: client.accounts.delete_token("01T"),
        "DELETE /account/tokens/01T",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.begin_device("me"),
        "POST /auth/device",
        {"client": "me"},
        DEVICE,
        lambda found: (found.user_code, found.interval_seconds) == ("BCDF", 2),
    ),
    Call(
        lambda client: client.accounts.take_device_token("d"),
        "POST /auth/device-token",
        {"device_code": "d"},
        TOKEN | {"token": "x"},
        lambda found: found.token == "x",
    ),
    Call(
        lambda client: client.accounts.view_device("BCDF"),
        "GET /auth/devices/BCDF",
        None,
        {"client": "me", "scopes": ["admin"]},
        lambda found: (found.client, found.scopes) == ("me", ("admin",)),
    ),
    Call(
        lambda client: client.accounts.approve_device("BCDF"),
        "POST /auth/devices/BCDF/approve",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.accounts.deny_device("BCDF"),
        "POST /auth/devices/BCDF/deny",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.admin.accounts(query="m", after="a"),
        "GET /admin/accounts",
        None,
        {"items": [ACCOUNT], "next_after": "maria"},
        lambda found: (found.items[0].email, found.next_after) == ("maria@example.org", "maria"),
    ),
    Call(
        lambda client: client.admin.account("01A"),
        "GET /admin/accounts/01A",
        None,
        ACCOUNT,
        lambda found: found.id == "01A",
    ),
    Call(
        lambda client: client.admin.create(**APPLICANT),
        "POST /admin/accounts",
        {**APPLICANT, "role": "user"},
        ACCOUNT,
        lambda found: found.role == "admin",
    ),
    Call(
        lambda client: client.admin.change("01A", suspended=False),
        "PATCH /admin/accounts/01A",
        {"suspended": False},
        ACCOUNT,
        lambda found: not found.suspended,
    ),
    Call(
        lambda client: client.admin.delete("01A"),
        "DELETE /admin/accounts/01A",
        None,
        {},
        lambda found: found is None,
    ),
    Call(
        lambda client: client.admin.password_link("01A"),
        "POST /admin/accounts/01A/password-link",
        None,
        LINK,
        lambda found: (found.path, found.expires_at) == ("/choose-password#t", MOMENT),
    ),
    Call(
        lambda client: client.admin.remove_totp("01A"),
        "POST /admin/accounts/01A/totp/remove",
        None,
        ACCOUNT,
        lambda found: found.name == "maria",
    ),
    Call(
        lambda client: client.admin.invitations(),
        "GET /admin/invitations",
        None,
        {"items": [INVITATION]},
        lambda found: (found[0].email, found[0].created_at) == (None, MOMENT),
    ),
    Call(
        lambda client: client.admin.invite(email="e@x", role="admin"),
        "POST /admin/invitations",
        {"email": "e@x", "role": "admin"},
        INVITATION | {"ticket": "t", "path": "/sign-up#t"},
        lambda found: (found.ticket, found.path) == ("t", "/sign-up#t"),
    ),
    Call(
        lambda client: client.admin.withdraw_invitation("01I"),
        "DELETE /admin/invitations/01I",
        None,
        {},
        lambda found: found is None,
    ),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.asks)
async def test_call_of_both_clients(call: Call) -> None:
    method, _, path = call.asks.partition(" ")
    server = AccountServer(answers={(method, path): (200, call.answer)})

    async with AsyncClient(SERVER, token="", transport=server.transport()) as client:
        found = await call.make(client)
    with Client(SERVER, token="", transport=server.transport()) as other:
        same = call.make(other)

    assert call.check(found)
    assert same == found
    assert server.asked() == [call.asks] * 2
    assert server.bodies() == ([] if call.body is None else [call.body] * 2)


def test_an_identifier_stays_one_part_of_the_path() -> None:
    server = AccountServer(answers={("DELETE", "/account/tokens/../x"): (200, {})})

    with Client(SERVER, token="", transport=server.transport()) as client:
        client.accounts.delete_token("../x")

    assert server.requests[0].url.raw_path.endswith(b"/account/tokens/..%2Fx")


def test_both_clients_have_the_same_calls() -> None:
    def methods(of: type) -> set[str]:
        return {name for name in vars(of) if not name.startswith("_")}

    assert methods(AsyncAccounts) == methods(Accounts)
    assert methods(AsyncAdministration) == methods(Administration)


def test_secrets_are_not_shown() -> None:
    server = AccountServer(
        answers={
            ("POST", "/account/tokens"): (201, TOKEN | {"token": "hidden-1"}),
            ("POST", "/auth/device"): (201, DEVICE | {"device_code": "hidden-2"}),
            ("POST", "/admin/accounts/a/password-link"): (
                201,
                LINK | {"ticket": "hidden-3", "path": "/x#hidden-3"},
            ),
        }
    )
    with Client(SERVER, token="", transport=server.transport()) as client:
        shown = [
            repr(client.accounts.create_token("ci", ["account:read"])),
            repr(client.accounts.begin_device("x")),
            repr(client.admin.password_link("a")),
            repr(client.accounts.log_in("n", "p")),
        ]

    assert "ci" in shown[0]
    assert not [each for each in shown if "hidden" in each or "access-1" in each]


def test_models_of_accounts_are_there_when_asked_for() -> None:
    missing = [name for name in runyard.client.__all__ if not hasattr(runyard.client, name)]

    assert not missing
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = runyard.client.Nonsense
