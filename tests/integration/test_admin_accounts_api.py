"""What administrators see and do of accounts, over HTTP and with nothing faked but the sandbox."""

from collections.abc import AsyncIterator

import pytest

from runyard.bootstrap import Application
from tests.integration.test_accounts_api import HELLO, Browser, open_browser, open_world
from tests.integration.test_platforms_api import become_admin


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("admin-accounts")) as application:
        yield application


@pytest.fixture(scope="module")
async def chief(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await become_admin(application, browser)
        yield browser


@pytest.fixture
async def person(
    application: Application, request: pytest.FixtureRequest
) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.sign_up(f"p{abs(hash(request.node.name)) % 10**9}")
        yield browser


async def test_usage_tells_what_an_account_has_and_spent(chief: Browser, person: Browser) -> None:
    path = f"/admin/accounts/{person.account['id']}/usage"
    before = await chief.ask("GET", path)
    await person.ask("POST", "/executions", HELLO, status=201)
    await person.ask(
        "POST", "/account/tokens", {"name": "robot", "scopes": ["account:read"]}, status=201
    )
    project = {"name": "one", "setup": {"runtime": "bash"}, "files": HELLO["files"]}
    await person.ask("POST", "/projects", project, status=201)

    after = await chief.ask("GET", path)

    assert before == {
        "spent_today": {"cpu_seconds": 0, "cpu_seconds_granted": 0, "executions": 0},
        "sessions": 1,
        "tokens": 0,
        "projects": 0,
        "project_bytes": 0,
        "executions": 0,
        "unfinished": 0,
    }
    assert after["spent_today"]["executions"] == 1
    assert [after[name] for name in ("tokens", "projects", "executions")] == [1, 1, 1]
    assert after["project_bytes"] > len("echo mine")
    await chief.refuse("GET", "/admin/accounts/nobody/usage", code="not_found")


async def test_sessions_end_and_tokens_stay(chief: Browser, person: Browser) -> None:
    account_id = person.account["id"]
    token = await person.ask(
        "POST", "/account/tokens", {"name": "robot", "scopes": ["account:read"]}, status=201
    )
    await person.ask("GET", "/account")

    ended = await chief.ask("DELETE", f"/admin/accounts/{account_id}/sessions")
    await person.refuse("GET", "/account", code="invalid_token")
    await person.refuse("POST", "/auth/refresh", code="invalid_token")
    person.token = token["token"]
    still = await person.ask("GET", "/account")

    audit = await chief.ask("GET", "/admin/audit?action=account.end_sessions&limit=1")
    assert ended == {"ended": 1}
    assert still["id"] == account_id
    assert audit["items"][0]["target"] == f"account {person.account['name']}"
    await chief.refuse("DELETE", "/admin/accounts/nobody/sessions", code="not_found")


async def test_accounts_are_found_by_role_and_state(chief: Browser, person: Browser) -> None:
    name = person.account["name"]
    await chief.ask("PATCH", f"/admin/accounts/{person.account['id']}", {"suspended": True})

    async def find(**filters: str) -> list[str]:
        listed = await chief.ask("GET", "/admin/accounts", params={"query": name, **filters})
        return [each["name"] for each in listed["items"]]

    assert await find(suspended="true", role="user") == [name]
    assert await find(suspended="false") == []
    assert await find(role="admin") == []


async def test_audit_log_is_searched_by_time(chief: Browser, person: Browser) -> None:
    path = f"/admin/accounts/{person.account['id']}"
    await chief.ask("PATCH", path, {"suspended": True})
    await chief.ask("PATCH", path, {"suspended": False})
    wanted = {"query": person.account["name"], "action": "account.change"}
    listed = await chief.ask("GET", "/admin/audit", params=wanted)
    newest, oldest = (each["at"] for each in listed["items"])

    async def count(**bounds: str) -> int:
        found = await chief.ask("GET", "/admin/audit", params=wanted | bounds)
        return len(found["items"])

    assert await count(since=newest) == 1
    assert await count(until=newest) == 1
    assert await count(since=oldest, until=newest) == 1
    assert await count(since=oldest) == 2
    await chief.refuse("GET", "/admin/audit?since=1700000000", code="invalid_request")
