"""Who is not allowed is refused: every route of the API, asked by everybody there is.

What each route declares in the API's own description is held against what the table below says of
such a declaration, for a server whose accounts are real.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from runyard.testing.server import Server
from tests.integration import serving

API = "/api/v1"
PASSWORD = "a long enough secret"
NOBODY_ID = "01JD0000000000000000000000"
# How a rule refuses. A route itself may also answer 401, to a wrong password for example.
REFUSALS = {
    "authentication_required",
    "forbidden",
    "account_suspended",
    "totp_enrolment_required",
}
SCOPES = (
    *("executions:read", "executions:write", "projects:read", "projects:write"),
    *("account:read", "admin"),
)
TOKENS = {f"token {scope}" for scope in SCOPES}
PEOPLE = {"user", "other", "admin"}
EVERYBODY = {"anonymous", "suspended", "newcomer"} | PEOPLE | TOKENS
# By the rules' names in the description.
ALLOWED = {
    "anybody": EVERYBODY,
    # Without a token he would be let in; with one of a suspended account nothing is.
    "reader": EVERYBODY - {"suspended"},
    "runner executions:read": PEOPLE | {"token executions:read"},
    "runner executions:write": PEOPLE | {"token executions:write"},
    "scoped projects:read": PEOPLE | {"token projects:read"},
    "scoped projects:write": PEOPLE | {"token projects:write"},
    # No token here has both.
    "scoped projects:read executions:write": PEOPLE,
    "scoped account:read": PEOPLE | {"token account:read"},
    "scoped admin": {"admin", "token admin"},
    "person": PEOPLE,
    "newcomer": PEOPLE | {"newcomer"},
    # The tests are on this machine.
    "machine admin": EVERYBODY,
}


@dataclass
class World:
    http: httpx.Client
    tokens: dict[str, str] = field(default_factory=dict)
    executions: dict[str, str] = field(default_factory=dict)

    def ask(self, who: str, method: str, path: str, **content: Any) -> httpx.Response:
        token = self.tokens.get(who)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # What one was given in a cookie must not speak for the next one.
        self.http.cookies.clear()
        return self.http.request(method, path, headers=headers, **content)

    def log_in(self, who: str, name: str) -> None:
        body = {"login": name, "password": PASSWORD}
        answer = self.ask("", "POST", f"{API}/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self.tokens[who] = answer.json()["access_token"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = serving.reachable(tmp_path_factory.mktemp("authorization"))
    server = Server(directory)
    environment = serving.environment(
        directory, RUNYARD_TOTP_ROLES='["admin"]', RUNYARD_POOL_COUNT_MAX="0"
    )
    server.start(profile="production", environment=environment)
    try:
        with httpx.Client(base_url=server.url, timeout=60) as http:
            yield _populate(World(http), server)
    finally:
        server.stop()


def _populate(world: World, server: Server) -> World:
    ticket = re.search(r"/setup#([\w-]+)", server.log.read_text())
    assert ticket is not None
    _set_up_admin(world, ticket[1])
    for name in ("user", "other", "suspended", "program"):
        _create(world, name, role="user")
        world.log_in(name, name)
    _create(world, "newcomer", role="admin")
    world.log_in("newcomer", "newcomer")
    for scope in SCOPES:
        maker = "admin" if scope == "admin" else "program"
        body = {"name": scope, "scopes": [scope]}
        made = world.ask(maker, "POST", f"{API}/account/tokens", json=body)
        assert made.status_code == 201, made.text
        world.tokens[f"token {scope}"] = made.json()["token"]
    _suspend(world, "suspended")
    for who in ("user", "other", "token executions:write"):
        world.executions[who] = _run(world, who)
    return world


def _set_up_admin(world: World, ticket: str) -> None:
    """The first administrator must have a second factor here."""
    import pyotp  # noqa: PLC0415  Of the server extra.

    body = {"ticket": ticket, "name": "chief", "email": "chief@example.org", "password": PASSWORD}
    made = world.ask("", "POST", f"{API}/auth/setup", json=body)
    assert made.status_code == 201, made.text
    world.tokens["admin"] = made.json()["access_token"]
    offer = world.ask("admin", "POST", f"{API}/account/totp", json={"password": PASSWORD})
    code = pyotp.TOTP(offer.json()["secret"]).now()
    confirmed = world.ask("admin", "POST", f"{API}/account/totp/confirm", json={"code": code})
    assert len(confirmed.json()["recovery_codes"]) == 10


def _create(world: World, name: str, *, role: str) -> None:
    body = {"name": name, "email": f"{name}@example.org", "password": PASSWORD, "role": role}
    made = world.ask("admin", "POST", f"{API}/admin/accounts", json=body)
    assert made.status_code == 201, made.text


def _suspend(world: World, name: str) -> None:
    """A token outlives the sessions of an account that is suspended."""
    body = {"name": "old", "scopes": ["executions:read", "executions:write"]}
    token = world.ask(name, "POST", f"{API}/account/tokens", json=body).json()["token"]
    found = world.ask("admin", "GET", f"{API}/admin/accounts", params={"query": name}).json()
    path = f"{API}/admin/accounts/{found['items'][0]['id']}"
    assert world.ask("admin", "PATCH", path, json={"suspended": True}).status_code == 200
    world.tokens[name] = token


def _run(world: World, who: str) -> str:
    files = [{"path": "main.sh", "content": "echo secret; echo kept > kept.txt"}]
    body = {"runtime": "bash", "files": files, "artifacts": ["kept.txt"], "wait": 30}
    answer = world.ask(who, "POST", f"{API}/executions", json=body)
    assert answer.json()["outcome"] == "succeeded", answer.text
    return str(answer.json()["id"])


def test_every_route_lets_in_whom_it_declares(world: World) -> None:
    document = world.ask("", "GET", f"{API}/openapi.json").json()
    wrong, asked = [], 0

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for who in sorted(EVERYBODY):
                answer = world.ask(who, method.upper(), _fill(path), **_content(operation))
                asked += 1
                assert answer.status_code < 500, (method, path, who, answer.text)
                is_let_in = _code_of(answer) not in REFUSALS
                if is_let_in != (who in ALLOWED[operation["x-access"]]):
                    wrong.append((method, path, who, operation["x-access"], answer.text[:200]))

    assert not wrong
    assert asked > 300


def _fill(path: str) -> str:
    return re.sub(r"\{[^}]+\}", NOBODY_ID, path.replace("{number}", "1"))


def _content(operation: dict[str, Any]) -> dict[str, Any]:
    """A body that no route accepts: what is asked is whether it is read at all."""
    return {"json": {"nonsense": True}} if "requestBody" in operation else {}


def _code_of(answer: httpx.Response) -> str | None:
    try:
        return str(answer.json()["code"])
    except (ValueError, KeyError, TypeError):
        return None


@pytest.mark.parametrize("who", ["other", "token executions:read", "token executions:write"])
@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "", None),
        ("GET", "/events", None),
        ("GET", "/artifacts/kept.txt", None),
        ("POST", "/cancel", None),
        ("POST", "/stdin", {"data": "x"}),
    ],
)
def test_execution_of_somebody_else_is_one_that_does_not_exist(
    world: World, who: str, method: str, suffix: str, body: dict[str, str] | None
) -> None:
    theirs = world.executions["user"]

    seen = world.ask(who, method, f"{API}/executions/{theirs}{suffix}", json=body)
    missing = world.ask(who, method, f"{API}/executions/{NOBODY_ID}{suffix}", json=body)

    if missing.status_code == 403:
        assert seen.json()["code"] == missing.json()["code"] == "forbidden"
    else:
        assert seen.status_code == missing.status_code == 404
        assert seen.text.replace(theirs, NOBODY_ID) == missing.text
    assert "secret" not in seen.text


def test_list_has_ones_own_executions_only(world: World) -> None:
    mine = world.ask("user", "GET", f"{API}/executions").json()["items"]
    others = world.ask("other", "GET", f"{API}/executions").json()["items"]

    assert [each["id"] for each in mine] == [world.executions["user"]]
    assert [each["id"] for each in others] == [world.executions["other"]]


@pytest.mark.parametrize(
    "token",
    [
        "ry_",
        "ry_" + NOBODY_ID,
        f"ry_{NOBODY_ID}_",
        f"ry_{NOBODY_ID}_" + "A" * 43,
        "e30.e30.e30",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4Iiwic2lkIjoieCIsImV4cCI6OTk5OTk5OTk5OX0.",
        "x" * 5000,
        "\xe9" * 20,
    ],
)
def test_token_that_nobody_was_given_is_refused(world: World, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}

    answer = world.http.get(f"{API}/account", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_role_in_a_token_cannot_be_chosen(world: World) -> None:
    """The claims of a token that was given are signed."""
    head, claims, signature = world.tokens["user"].split(".")
    other = world.tokens["other"].split(".")

    answers = [
        world.http.get(f"{API}/account", headers={"Authorization": f"Bearer {forged}"})
        for forged in (
            f"{head}.{other[1]}.{signature}",
            f"{head}.{claims}.{other[2]}",
            f"{head}.{claims}.",
        )
    ]

    assert {answer.status_code for answer in answers} == {401}


def test_answers_about_accounts_hold_no_secret(world: World) -> None:
    listed = world.ask("admin", "GET", f"{API}/admin/accounts").text
    own = world.ask("user", "GET", f"{API}/account").text

    assert "argon2" not in listed + own
    assert not {"password", "hash", "secret"} & {
        key for item in json.loads(listed)["items"] for key in item
    }
