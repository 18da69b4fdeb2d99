"""Everybody's executions as administrators see and stop them, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.account import Role
from runyard.domain.audit import SERVER
from runyard.services.accounts.sign_up import Applicant
from runyard.services.oversight import STOP_COUNT_MAX
from tests.integration.test_accounts_api import HELLO, PASSWORD, Browser, open_browser, open_world

FOREVER = HELLO | {
    "files": [{"path": "main.sh", "content": "cat"}],
    "interactive": True,
    "wait": 0,
}
MISSING = "01JD0000000000000000000000"


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    folder = tmp_path_factory.mktemp("oversight")
    # One test asks for more than an account may in a minute.
    policy = {"executions_per_minute_max": 10_000}
    async with open_world(
        folder, worker_concurrency=1, anonymous=True, policy=policy
    ) as application:
        applicant = Applicant(name="chief", email="chief@example.org", password=PASSWORD)
        await application.accounts.sign_up.create(applicant, role=Role.ADMIN, by=SERVER)
        yield application


@pytest.fixture
async def admin(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.log_in("chief")
        yield browser


@pytest.fixture
async def user(application: Application, request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """An account of this test's own."""
    async with open_browser(application) as browser:
        words = request.node.name.removeprefix("test_").replace("[", "-").replace("_", "-")
        await browser.sign_up(words[:30].strip("-]"))
        yield browser


async def submit(browser: Browser, body: Any = FOREVER) -> str:
    return str((await browser.ask("POST", "/executions", body, status=201))["id"])


async def audited(admin: Browser) -> dict[str, Any]:
    found = await admin.ask("GET", "/admin/audit?action=execution&limit=1")
    return dict(found["items"][0]) if found["items"] else {}


async def test_admin_finds_executions_of_everybody(
    admin: Browser, user: Browser, application: Application
) -> None:
    name = user.account["name"]
    mine = await submit(user, HELLO)
    async with open_browser(application) as nobody:
        theirs = await submit(nobody, HELLO)

    everybody = await admin.ask("GET", "/admin/executions?limit=2")
    of_user = await admin.ask("GET", f"/admin/executions?owner={name.upper()}&runtime=SH")
    by_id = await admin.ask("GET", f"/admin/executions?owner={user.account['id']}")
    anonymous = await admin.ask("GET", "/admin/executions?owner=anonymous&limit=1")
    none = await admin.ask("GET", f"/admin/executions?owner={name}&outcome=failed")

    assert [(each["id"], each["owner"]) for each in everybody["items"]] == [
        (theirs, "anonymous"),
        (mine, name),
    ]
    assert [each["id"] for each in of_user["items"]] == [mine]
    assert of_user["items"] == by_id["items"]
    assert (anonymous["items"][0]["id"], anonymous["items"][0]["owner_id"]) == (theirs, None)
    assert none == {"items": [], "next_before": None}
    assert "mine" not in str(everybody), "neither code nor output is in the list"
    following = await admin.ask("GET", f"/admin/executions?limit=1&before={theirs}")
    assert [each["id"] for each in following["items"]] == [mine]
    created = of_user["items"][0]["created_at"].replace("+", "%2B")
    listed = await admin.ask("GET", f"/admin/executions?owner={name}&since={created}")
    assert [each["id"] for each in listed["items"]] == [mine]
    listed = await admin.ask("GET", f"/admin/executions?owner={name}&until={created}")
    assert listed["items"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("owner=nobody-of-this-name", "not_found"),
        ("owner=%00", "not_found"),
        ("owner=%20", "invalid_request"),
        ("owner=%ED%A0%80", "not_found"),
        ("state=lost", "invalid_request"),
        ("outcome=lost", "invalid_request"),
        ("since=yesterday", "invalid_request"),
        ("until=0.5", "invalid_request"),
        ("until=2026-13-01T00:00:00Z", "invalid_request"),
        ("before=%00", "invalid_request"),
        ("limit=0", "invalid_request"),
    ],
)
async def test_filter_that_makes_no_sense_is_refused(admin: Browser, query: str, code: str) -> None:
    await admin.refuse("GET", f"/admin/executions?{query}", code=code)


@pytest.mark.parametrize(
    "query",
    [
        "runtime=%00",
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
        "since=2026-01-01T00:00:00&until=2020-01-01T00:00:00",
        f"owner={MISSING}",
        "runtime=nonsense",
    ],
)
async def test_filter_that_nothing_passes_finds_nothing_or_all(admin: Browser, query: str) -> None:
    await admin.ask("GET", f"/admin/executions?{query}")


async def test_admin_cancels_one_and_the_audit_log_says_whose(
    admin: Browser, user: Browser
) -> None:
    execution = await submit(user)

    cancelled = await admin.ask("POST", f"/admin/executions/{execution}/cancel")
    entry = await audited(admin)
    again = await admin.ask("POST", f"/admin/executions/{execution}/cancel")

    assert cancelled["outcome"] == again["outcome"] == "cancelled"
    assert (entry["action"], entry["target"]) == ("execution.cancel", f"execution {execution}")
    assert entry["before"]["owner"] == user.account["id"]
    assert await audited(admin) == entry, "a finished one is not cancelled again"
    await admin.refuse("POST", f"/admin/executions/{MISSING}/cancel", code="not_found")


async def test_stop_ends_what_runs_and_what_waits_of_one_owner_only(
    admin: Browser, user: Browser, application: Application
) -> None:
    name = user.account["name"]
    async with open_browser(application) as other:
        await other.sign_up("other-one")
        running = await submit(user)
        theirs = await submit(other)
        waiting = [await submit(user) for _ in range(5)]

        stopped = await admin.ask("POST", "/admin/executions/stop", {"owner": name})

        ended = [await application.executions.wait(each, seconds_max=30) for each in waiting]
        ended.append(await application.executions.wait(running, seconds_max=30))
        assert stopped == {"stopped": 6, "left": 0}
        assert {each.outcome for each in ended} == {"cancelled"}
        entry = await audited(admin)
        assert (entry["action"], entry["target"]) == ("execution.stop", f"executions of {name}")
        assert entry["after"] == {"stopped": 6, "left": 0}
        assert (await other.ask("GET", f"/executions/{theirs}"))["outcome"] is None
        await admin.ask("POST", "/admin/executions/stop", {"owner": "other-one@example.org"})
        assert (await application.executions.wait(theirs, seconds_max=30)).outcome == "cancelled"


async def test_one_request_stops_a_bounded_number(
    admin: Browser, user: Browser, application: Application
) -> None:
    ids = [await submit(user) for _ in range(STOP_COUNT_MAX + 5)]
    body = {"owner": user.account["id"]}

    first = await admin.ask("POST", "/admin/executions/stop", body)
    second = await admin.ask("POST", "/admin/executions/stop", body)

    assert first == {"stopped": STOP_COUNT_MAX, "left": 5}
    assert (second["stopped"], second["left"]) == (5, 0)
    for each in ids:
        assert (await application.executions.wait(each, seconds_max=30)).outcome == "cancelled"


@pytest.mark.parametrize("body", [{}, {"owner": ""}, {"owner": "\0"}, {"owner": None}])
async def test_stop_of_nobody_is_refused(admin: Browser, body: Any) -> None:
    found = await audited(admin)

    answer = await admin.http.post(
        "/api/v1/admin/executions/stop",
        json=body,
        headers={"Authorization": f"Bearer {admin.token}"},
    )

    assert answer.status_code in {404, 422}
    assert await audited(admin) == found


async def test_overview_tells_what_happened(tmp_path: Path) -> None:
    async with open_world(tmp_path) as application, open_browser(application) as admin:
        applicant = Applicant(name="chief", email="chief@example.org", password=PASSWORD)
        await application.accounts.sign_up.create(applicant, role=Role.ADMIN, by=SERVER)
        await admin.log_in("chief")
        await submit(admin, HELLO)

        overview = await admin.ask("GET", "/admin/overview")
        await submit(admin, HELLO)
        again = await admin.ask("GET", "/admin/overview")

    happened = {outcome: count for outcome, count in overview["last_day"].items() if count}
    assert happened == {"succeeded": 1}
    assert overview["last_hour"] == overview["last_day"]
    assert (overview["queued"], overview["running"]) == (0, 0)
    assert 0 <= overview["wait"]["median_seconds"] <= overview["wait"]["p95_seconds"]
    assert [(each["name"], each["executions"]) for each in overview["owners"]] == [("chief", 1)]
    assert [(each["id"], each["executions"]) for each in overview["runtimes"]] == [("bash", 1)]
    assert again == overview, "it is counted once in some seconds"
