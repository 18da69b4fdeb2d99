"""Policies over HTTP: who may set them, what they come to, and that they bite."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.account import Role
from runyard.domain.audit import SERVER
from runyard.domain.execution import State
from tests.integration.test_accounts_api import Browser, open_browser, open_world
from tests.integration.test_projects_api import create

SLEEP = {"runtime": "bash", "files": [{"path": "main.sh", "content": "sleep $1"}]}
QUICK = {"runtime": "bash", "files": [{"path": "main.sh", "content": ":"}]}


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("policies")) as application:
        yield application


@pytest.fixture(scope="module")
async def chief(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.sign_up("chief")
        directory = application.accounts.directory
        await directory.change(browser.account["id"], by=SERVER, role=Role.ADMIN)
        yield browser


@pytest.fixture
async def user(application: Application, chief: Browser) -> AsyncIterator[Browser]:
    """Somebody of whom no policy says anything, nor of anybody else."""
    for each in (await chief.ask("GET", "/admin/policies"))["items"]:
        await chief.ask("DELETE", f"/admin/policies/{each['layer']}", status=204)
    async with open_browser(application) as browser:
        await browser.sign_up(f"user{next(_NUMBERS)}")
        yield browser


_NUMBERS = itertools.count()


async def put(chief: Browser, layer: str, values: Any, *, status: int = 200, etag: str = "") -> Any:
    headers = {"Authorization": f"Bearer {chief.token}"} | ({"If-Match": etag} if etag else {})
    path = f"/api/v1/admin/policies/{layer}"
    answer = await chief.http.put(path, json=values, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def run(browser: Browser, body: dict[str, Any], *, status: int = 201, **more: Any) -> Any:
    return await browser.ask("POST", "/executions", body | {"wait": 30} | more, status=status)


async def test_limit_that_is_lowered_bites_at_once(chief: Browser, user: Browser) -> None:
    await put(chief, "role:user", {"limits_max": {"wall_seconds": 0.2}})

    ended = await run(user, SLEEP, args=["5"])
    refused = await run(user, SLEEP, limits={"wall_seconds": 1.0}, status=422)
    of_chief = await run(chief, SLEEP, args=["0.4"])

    assert ended["outcome"] == "time_limit_exceeded"
    assert refused["code"] == "limit_out_of_range"
    assert of_chief["outcome"] == "succeeded"


async def test_last_layer_decides_and_is_named(chief: Browser, user: Browser) -> None:
    account = f"account:{user.account['id']}"
    await put(chief, "defaults", {"file_count_max": 3, "test_count_max": 7})
    await put(chief, "role:user", {"file_count_max": 4})
    await put(chief, account, {"file_count_max": 5, "limits_max": {"processes": 40}})
    await put(chief, "runtime:bash", {"limits_max": {"processes": 30}})

    path = f"/admin/effective-policy?account={user.account['id']}&runtime=sh"
    explained = {each["name"]: each for each in (await chief.ask("GET", path))["items"]}
    own = (await user.ask("GET", "/limits?runtime=bash"))["policy"]
    anonymous = (await chief.ask("GET", "/admin/effective-policy"))["items"]

    files = explained["file_count_max"]
    assert (files["value"], files["source"]) == (5, account)
    assert [each["layer"] for each in files["said"]] == ["server", "defaults", "role:user", account]
    assert explained["limits_max.processes"]["source"] == "runtime:bash"
    assert explained["test_count_max"]["source"] == "defaults"
    assert own["file_count_max"] == 5
    assert own["limits_max"]["processes"] == 30
    assert {each["source"] for each in anonymous} == {"server"}


async def test_no_more_than_its_policy_allows_run_at_once(chief: Browser, user: Browser) -> None:
    await put(chief, f"account:{user.account['id']}", {"active_count_max": 2})

    started = await asyncio.gather(
        *(run(user, SLEEP, args=["0.1"], wait=0) for _ in range(8)),
    )
    ended = await asyncio.gather(*(wait(user, each["id"]) for each in started))

    moments = sorted(
        moment for each in ended for moment in ((each["started_at"], 1), (each["finished_at"], -1))
    )
    active = list(itertools.accumulate(change for _, change in moments))
    assert {each["outcome"] for each in ended} == {"succeeded"}
    assert max(active) == 2


async def wait(browser: Browser, execution_id: str) -> Any:
    """Follow an execution until its end."""
    headers = {"Authorization": f"Bearer {browser.token}"}
    path = f"/api/v1/executions/{execution_id}"
    await browser.http.get(f"{path}/events", headers=headers)
    answer = (await browser.http.get(path, headers=headers)).json()
    assert answer["state"] == State.FINISHED
    return answer


async def test_executions_of_a_minute_are_bounded(chief: Browser, user: Browser) -> None:
    await put(chief, "role:user", {"executions_per_minute_max": 2})
    for _ in range(2):
        await run(user, QUICK)

    headers = {"Authorization": f"Bearer {user.token}"}
    answer = await user.http.post("/api/v1/executions", json=QUICK, headers=headers)
    project = await create(user, files=QUICK["files"], setup={"runtime": "bash"})
    again = await user.http.post(f"/api/v1/projects/{project}/run", json={}, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (429, "quota_exceeded")
    assert answer.json()["limit"] == "executions_per_minute_max"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert again.status_code == 429


async def test_cpu_seconds_of_a_day_are_bounded(chief: Browser, user: Browser) -> None:
    await put(chief, "role:user", {"cpu_seconds_per_day_max": 0.1})
    burn = {"runtime": "bash", "files": [{"path": "main.sh", "content": "while :; do :; done"}]}

    ended = await run(user, burn, limits={"cpu_seconds": 0.3})
    refused = await run(user, QUICK, status=429)
    spent = (await user.ask("GET", "/limits"))["spent_today"]

    assert ended["outcome"] == "time_limit_exceeded"
    assert refused["limit"] == "cpu_seconds_per_day_max"
    assert refused["retry_after_seconds"] <= 86_400
    assert spent["cpu_seconds"] >= 0.25
    assert (spent["executions"], spent["cpu_seconds_granted"]) == (1, 0)


async def test_artifacts_are_bounded(chief: Browser, user: Browser) -> None:
    files = [{"path": "main.sh", "content": "echo one > one.txt; echo two > two.txt"}]
    body = {"runtime": "bash", "files": files, "artifacts": ["*.txt"]}
    await put(chief, "role:user", {"artifact_count_max": 1})

    few = await run(user, body)
    all_of_chief = await run(chief, body)

    assert [each["name"] for each in few["artifacts"]] == ["one.txt"]
    assert len(all_of_chief["artifacts"]) == 2


async def test_input_and_waits_are_bounded_too(chief: Browser, user: Browser) -> None:
    await put(chief, "role:user", {"stdin_bytes_max": 3, "wait_seconds_max": 0.0})

    started = await run(user, SLEEP, args=["60"], interactive=True)
    path = f"/executions/{started['id']}"
    refused = await user.ask("POST", f"{path}/stdin", {"data": "four"}, status=413)
    await user.ask("POST", f"{path}/stdin", {"data": "3.\n"}, status=204)
    await user.ask("POST", f"{path}/cancel")

    assert started["state"] != "finished"
    assert "at most 3" in refused["detail"]


@pytest.mark.parametrize(
    ("layer", "values", "code"),
    [
        ("defaults", {"limits_max": {"wall_seconds": 1000.0}}, "limit_out_of_range"),
        ("defaults", {"file_count_max": None}, "invalid_request"),
        ("defaults", {"file_count_max": "3"}, "invalid_request"),
        ("defaults", {"unknown": 3}, "invalid_request"),
        ("defaults", {"project_runs": "never"}, "invalid_request"),
        ("defaults", {"limits_max": None}, "invalid_request"),
        ("defaults", [], "invalid_request"),
        ("role:root", {}, "invalid_request"),
        ("account:01JD0000000000000000000000", {}, "not_found"),
        ("runtime:cobol-85", {}, "unknown_runtime"),
        ("runtime:bash", {"project_count_max": 3}, "invalid_request"),
        ("role%00", {}, "invalid_request"),
    ],
)
async def test_policy_that_cannot_be_is_refused(
    chief: Browser, layer: str, values: Any, code: str
) -> None:
    headers = {"Authorization": f"Bearer {chief.token}"}
    before = await chief.ask("GET", "/admin/policies")

    answer = await chief.http.put(f"/api/v1/admin/policies/{layer}", json=values, headers=headers)

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code, answer.text
    assert await chief.ask("GET", "/admin/policies") == before


async def test_two_administrators_do_not_overwrite_each_other(
    chief: Browser, user: Browser
) -> None:
    first = await put(chief, "role:admin", {"test_count_max": 9}, etag='"0"')
    stale = await put(chief, "role:admin", {"test_count_max": 8}, etag='"0"', status=412)
    second = await put(chief, "role:admin", {"test_count_max": 7}, etag='"1"')

    assert (first["version"], second["version"]) == (1, 2)
    assert (stale["code"], stale["revision"]) == ("revision_conflict", 1)
    assert (await user.ask("GET", "/limits"))["policy"]["test_count_max"] == 200


async def test_changes_are_in_the_audit_log(chief: Browser, user: Browser) -> None:
    name = user.account["name"]
    await put(chief, f"account:{user.account['id']}", {"test_count_max": 9})
    await put(chief, f"account:{user.account['id']}", {"test_count_max": 8})

    found = await chief.ask("GET", f"/admin/audit?action=policy&query={name}")

    newest = found["items"][0]
    assert newest["action"] == "policy.change"
    assert newest["target"] == f"policy account:{name}"
    assert (newest["before"], newest["after"]) == ({"test_count_max": 9}, {"test_count_max": 8})
    assert newest["actor"]["name"] == "chief"
    assert newest["request_id"]


async def test_reset_is_found_by_the_same_name(chief: Browser, user: Browser) -> None:
    name = user.account["name"]
    layer = f"account:{user.account['id']}"
    await put(chief, layer, {"test_count_max": 9})
    await chief.ask("DELETE", f"/admin/policies/{layer}", status=204)

    found = await chief.ask("GET", f"/admin/audit?action=policy.delete&query={name}")

    assert [each["target"] for each in found["items"]] == [f"policy account:{name}"]
    assert found["items"][0]["before"] == {"test_count_max": 9}


async def test_layer_of_a_deleted_account_can_be_reset(chief: Browser, user: Browser) -> None:
    account_id = user.account["id"]
    await put(chief, f"account:{account_id}", {"test_count_max": 9})
    await chief.ask("DELETE", f"/admin/accounts/{account_id}", status=204)

    await chief.ask("DELETE", f"/admin/policies/account:{account_id}", status=204)

    found = await chief.ask("GET", f"/admin/audit?query={account_id}")
    assert found["items"][0]["target"] == f"policy account:{account_id}"
