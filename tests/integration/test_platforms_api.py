"""Platforms over HTTP, with everything real but the network and the sandbox."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application, open_application
from runyard.client import AsyncClient, ConflictError, RevisionConflictError
from runyard.client.in_process import InProcessTransport
from runyard.domain.audit import SERVER
from runyard.domain.platform import PlatformState
from runyard.parts import build_audit
from runyard.settings import Settings
from runyard.store.database import open_database
from runyard.store.documents import Documents
from runyard.store.platforms import PlatformRecords
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.integration.test_accounts_api import (
    API,
    Browser,
    build_app,
    open_browser,
    open_world,
)
from tests.integration.test_accounts_api import (
    SERVER as ADDRESS,
)
from tests.unit.services.rig import eventually

DEADLINE_SECONDS = 30.0
LOCAL = "/admin/platforms/local"
READY = re.compile(rb"runyard_pool_ready\{[^}]*\} [1-9]")


def submission(script: str, **fields: Any) -> dict[str, Any]:
    return {"runtime": "bash", "files": [{"path": "main.sh", "content": script}], **fields}


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    async with open_world(tmp_path, allow_weak_limits=True) as application:
        yield application


@pytest.fixture
async def admin(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await become_admin(application, browser)
        yield browser


async def become_admin(application: Application, browser: Browser) -> None:
    ticket = await application.accounts.sign_up.offer_set_up()
    assert ticket is not None
    body = {"ticket": ticket, "name": "chief", "email": "chief@example.org"}
    await browser.enter("/auth/setup", body | {"password": "a long enough secret"}, status=201)


async def set_state(browser: Browser, state: str) -> Any:
    return await browser.ask("POST", f"{LOCAL}/state", {"state": state})


async def put(
    browser: Browser, name: str, version: int, body: dict[str, Any], *, status: int = 200
) -> Any:
    headers = {"Authorization": f"Bearer {browser.token}", "If-Match": f'"{version}"'}
    answer = await browser.http.put(f"{API}/admin/platforms/{name}", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def audited(browser: Browser, action: str) -> list[dict[str, Any]]:
    page = await browser.ask("GET", f"/admin/audit?action={action}")
    return list(page["items"])


async def test_first_start_makes_the_local_platform(admin: Browser) -> None:
    [local] = (await admin.ask("GET", "/admin/platforms"))["items"]

    assert (local["name"], local["state"]) == ("local", "enabled")
    assert (local["default"], local["in_use"], local["needs_restart"]) == (True, True, False)
    assert local["capabilities"]["isolation"] == "nothing"
    assert local["capabilities"]["limits"]["wall_seconds"] == {
        "enforced": True,
        "by": "agent",
        "advice": None,
    }
    assert local["capabilities"]["limits"]["disk_bytes"]["enforced"] is False
    [entry] = await audited(admin, "platform.add")
    assert (entry["actor"]["name"], entry["target"]) == ("server", "platform local")


async def test_drained_platform_finishes_what_runs_and_claims_nothing(
    application: Application, admin: Browser, tmp_path: Path
) -> None:
    started, release = tmp_path / "started", tmp_path / "release"
    script = f"touch {started}; until [ -e {release} ]; do read -t 0.01 <> <(:); done; echo over"
    running = await admin.ask("POST", "/executions", submission(script), status=201)
    await eventually(started.exists)

    drained = await set_state(admin, "draining")
    waiting = [
        await admin.ask("POST", "/executions", submission(f"echo {n}"), status=201)
        for n in range(5)
    ]
    release.touch()
    finished = await application.executions.wait(running["id"], seconds_max=DEADLINE_SECONDS)

    assert (drained["state"], drained["running"]) == ("draining", 1)
    assert (finished.outcome, finished.steps[0].stdout) == ("succeeded", b"over\n")
    # The worker had every reason to claim: room, and a wake for each.
    states = {(await application.executions.get(each["id"])).state for each in waiting}
    assert states == {"queued"}
    assert (await admin.ask("GET", LOCAL))["running"] == 0

    await set_state(admin, "enabled")
    for n, each in enumerate(waiting):
        ended = await application.executions.wait(each["id"], seconds_max=DEADLINE_SECONDS)
        assert ended.steps[0].stdout == f"{n}\n".encode()
    actions = [each["action"] for each in await audited(admin, "platform")]
    assert actions == ["platform.enable", "platform.drain", "platform.add"]


async def test_no_claim_happens_after_the_answer_whatever_is_under_way(
    application: Application, admin: Browser
) -> None:
    """Drain again and again in the middle of submissions."""
    for _ in range(10):
        submitting = [
            asyncio.create_task(admin.ask("POST", "/executions", submission("echo x"), status=201))
            for _ in range(6)
        ]
        await submitting[0]
        await set_state(admin, "draining")
        ids = [(await task)["id"] for task in submitting]
        at_answer = {each: (await application.executions.get(each)).attempt for each in ids}
        # Whatever waits is announced once more.
        late = await admin.ask("POST", "/executions", submission("echo late"), status=201)
        for each in ids:
            if at_answer[each]:
                await application.executions.wait(each, seconds_max=DEADLINE_SECONDS)
        after = {each: (await application.executions.get(each)).attempt for each in ids}
        assert after == at_answer
        assert (await application.executions.get(late["id"])).state == "queued"
        await set_state(admin, "enabled")
        await application.executions.wait(late["id"], seconds_max=DEADLINE_SECONDS)


async def test_disabled_platform_keeps_nothing_ready(tmp_path: Path) -> None:
    engine = UnconfinedEngine()
    settings = Settings(
        data_dir=tmp_path, profile="production", log_level="error", pool_floor_count=1
    )
    async with (
        open_application(settings, None, engine=engine, self_tests=False) as application,
        open_browser(application) as admin,
    ):
        await become_admin(application, admin)
        await admin.ask("POST", "/executions", submission("echo x", wait=30), status=201)
        await eventually(lambda: READY.search(application.metrics.render()) is not None)

        disabled = await set_state(admin, "disabled")
        left = await engine.list_ids()
        waiting = await admin.ask("POST", "/executions", submission("echo y", wait=0), status=201)
        health = await admin.ask("GET", "/admin/health")

        assert (disabled["ready"], left) == (0, [])
        assert waiting["state"] == "queued"
        [platform] = [part for part in health["parts"] if part["name"] == "platform"]
        assert (health["status"], platform["status"]) == ("warning", "warning")
        assert "until it is enabled" in platform["message"]
    # The state outlives the process.
    async with (
        open_application(settings, None, engine=engine, self_tests=False) as application,
        open_browser(application) as admin,
    ):
        await admin.log_in("chief")
        assert (await application.executions.get(waiting["id"])).state == "queued"
        await set_state(admin, "enabled")
        ended = await application.executions.wait(waiting["id"], seconds_max=DEADLINE_SECONDS)
        assert ended.steps[0].stdout == b"y\n"
    await engine.aclose()


async def test_state_that_another_process_sets_is_obeyed(
    application: Application, admin: Browser, tmp_path: Path
) -> None:
    """The lock of a SQLite file keeps servers apart, not whoever writes the same rows."""
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    elsewhere, audit = PlatformRecords(Documents(database)), build_audit(database)
    local = await elsewhere.find("local")
    assert local is not None

    await elsewhere.put(
        "local",
        local.draft,
        PlatformState.DRAINING,
        base=local.version,
        describe=audit.describe(SERVER, "platform.drain", "platform local"),
    )
    await eventually(lambda: application.platforms.state is PlatformState.DRAINING)
    waiting = await admin.ask("POST", "/executions", submission("echo x"), status=201)
    await elsewhere.delete(
        "local", describe=audit.describe(SERVER, "platform.delete", "platform local")
    )
    await application.platforms.look_again()

    # Without a record, what runs is finished and nothing begins.
    assert application.platforms.state is PlatformState.DRAINING
    assert (await application.executions.get(waiting["id"])).state == "queued"
    await database.aclose()


async def test_platform_is_added_changed_and_deleted(admin: Browser) -> None:
    body = {"engine": "given", "description": "Spare."}

    added = await put(admin, "spare", 0, body)
    again = await put(admin, "spare", 0, body, status=412)
    changed = await put(admin, "spare", 1, body | {"description": "Other."})
    late = await put(admin, "spare", 1, body, status=412)

    assert (added["state"], added["version"], added["in_use"]) == ("disabled", 1, False)
    assert added["capabilities"] is None
    assert (changed["description"], changed["version"]) == ("Other.", 2)
    assert (again["revision"], late["revision"]) == (1, 2)
    assert late["code"] == "revision_conflict"
    [entry] = await audited(admin, "platform.change")
    assert entry["before"]["description"] == "Spare."
    assert entry["after"]["description"] == "Other."
    await admin.ask("DELETE", "/admin/platforms/spare", status=204)
    await admin.refuse("GET", "/admin/platforms/spare", code="not_found")
    await admin.refuse("DELETE", "/admin/platforms/spare", code="not_found")


async def test_default_is_enabled_and_stays(admin: Browser) -> None:
    await put(admin, "spare", 0, {"engine": "given"})

    await admin.refuse("POST", "/admin/platforms/spare/default", code="conflict")
    await admin.refuse("DELETE", LOCAL, code="conflict")
    await admin.ask("POST", "/admin/platforms/spare/state", {"state": "enabled"})
    chosen = await admin.ask("POST", "/admin/platforms/spare/default")

    assert (chosen["default"], chosen["needs_restart"]) == (True, True)
    # It is not the default any more, but this server runs on it.
    await admin.refuse("DELETE", LOCAL, code="conflict")
    await admin.refuse("DELETE", "/admin/platforms/spare", code="conflict")
    assert (await admin.ask("GET", LOCAL))["default"] is False
    [entry] = await audited(admin, "platform.default")
    assert (entry["before"], entry["after"]) == (None, "spare")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("spare", '{"engine": "abacus"}', "invalid_request"),
        ("spare", '{"engine": "given", "options": {"x": 1}}', "invalid_request"),
        ("spare", '{"engine": "given", "options": {"x": NaN}}', "invalid_request"),
        ("spare", '{"engine": "given", "description": "a\\u0000b"}', "invalid_request"),
        ("spare", '{"engine": "given", "description": "\\ud800"}', "invalid_json"),
        ("spare", '{"engine": "\\u0000"}', "invalid_request"),
        ("spare", '{"engine": "given", "state": "enabled"}', "invalid_request"),
        ("Spare", '{"engine": "given"}', "invalid_request"),
        ("a%00b", '{"engine": "given"}', "invalid_request"),
        ("spare%0A", '{"engine": "given"}', "invalid_request"),
        ("x" * 41, '{"engine": "given"}', "invalid_request"),
    ],
)
async def test_wrong_platform_is_refused(
    admin: Browser, name: str, content: str, code: str
) -> None:
    headers = {
        "Authorization": f"Bearer {admin.token}",
        "If-Match": '"0"',
        "Content-Type": "application/json",
    }

    answer = await admin.http.put(f"{API}/admin/platforms/{name}", content=content, headers=headers)

    assert (answer.json()["code"], answer.status_code < 500) == (code, True), answer.text
    assert len((await admin.ask("GET", "/admin/platforms"))["items"]) == 1


async def test_change_without_a_version_is_refused(admin: Browser) -> None:
    await admin.refuse("PUT", LOCAL, {"engine": "given"}, code="if_match_required")


async def test_test_connection_goes_step_by_step(admin: Browser) -> None:
    trial = await admin.ask("POST", f"{LOCAL}/test")

    assert [(step["name"], step["status"]) for step in trial["steps"]] == [
        (name, "ok") for name in ("options", "open", "probe", "sandbox", "agent", "program", "gone")
    ]
    assert trial["passed"] is True
    program = trial["steps"][5]
    assert "its limit of wall_seconds" in program["detail"]
    assert program["milliseconds"] > 400


async def test_test_connection_of_a_draft_says_what_is_wrong_with_it(admin: Browser) -> None:
    draft = {"engine": "given", "options": {"speed": 11}}

    trial = await admin.ask("POST", "/admin/platforms/not-kept/test", draft)

    assert trial["passed"] is False
    statuses = [step["status"] for step in trial["steps"]]
    assert statuses == ["failed", *["skipped"] * 6]
    assert "speed" in trial["steps"][0]["detail"]
    assert "GET /admin/engines" in trial["steps"][0]["advice"]
    await admin.refuse("POST", "/admin/platforms/not-kept/test", code="not_found")


async def test_smoke_runs_self_tests(admin: Browser) -> None:
    smoke = await admin.ask("POST", f"{LOCAL}/smoke", {"runtimes": ["bash", "sh", "bash"]})

    assert smoke["passed"] is True, smoke
    # Both names are of one runtime.
    assert [each["runtime"] for each in smoke["results"]] == ["bash"]
    await admin.refuse("POST", f"{LOCAL}/smoke", {"runtimes": ["abacus"]}, code="unknown_runtime")
    await admin.refuse("POST", f"{LOCAL}/smoke", {"runtimes": ["a"] * 4}, code="invalid_request")


async def test_one_platform_is_tried_at_a_time(admin: Browser) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}

    answers = await asyncio.gather(
        *(admin.http.post(f"{API}{LOCAL}/test", headers=headers) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 503, 503, 503]


async def test_client_speaks_of_platforms(application: Application, admin: Browser) -> None:
    transport = InProcessTransport(build_app(application))
    async with AsyncClient(ADDRESS, token=admin.token, transport=transport) as client:
        platforms = client.admin.platforms
        added = await platforms.put("spare", "given", description="Spare.")
        with pytest.raises(RevisionConflictError):
            await platforms.put("spare", "given", version=7)
        with pytest.raises(ConflictError):
            await platforms.delete("local")
        [engine] = await platforms.engines()
        trial = await platforms.test("spare")
        draft = await platforms.test_draft("x", "given", options={"y": 1})
        smoke = await platforms.smoke("spare", ["bash"])
        drained, enabled = await platforms.drain("local"), await platforms.enable("local")
        disabled = await platforms.disable("spare")
        await platforms.delete("spare")

        assert (added.version, added.capabilities, added.state) == (1, None, "disabled")
        assert (engine.name, engine.options["additionalProperties"]) == ("given", False)
        assert (trial.passed, draft.passed) == (True, False)
        assert [(each.runtime, each.passed) for each in smoke] == [("bash", True)]
        assert [each.state for each in (drained, enabled, disabled)] == [
            "draining",
            "enabled",
            "disabled",
        ]
        assert [each.name for each in await platforms.list()] == ["local"]
