"""Settings that change while the server runs, over HTTP and with nothing faked but the network."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application, open_application
from runyard.client import AsyncClient, ConflictError
from runyard.client.in_process import InProcessTransport
from runyard.domain.audit import SERVER as SERVER_ITSELF
from runyard.parts import build_audit
from runyard.services.accounts.sign_up import SignUpMode
from runyard.settings import Settings
from runyard.store.database import open_database
from runyard.store.documents import DocumentKind, Documents
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.integration.test_accounts_api import (
    API,
    HELLO,
    SERVER,
    Browser,
    build_app,
    open_browser,
)
from tests.integration.test_platforms_api import become_admin
from tests.unit.services.rig import eventually

KEY = "0123456789abcdef0123456789abcdef"


@asynccontextmanager
async def open_plain(folder: Path, **settings: Any) -> AsyncIterator[Application]:
    """A server for which nothing is set but what it must be told."""
    engine = UnconfinedEngine()
    try:
        async with open_application(
            Settings(data_dir=folder, pool_count_max=0, **settings),
            None,
            engine=engine,
            self_tests=False,
        ) as application:
            yield application
    finally:
        await engine.aclose()


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    async with open_plain(tmp_path) as application:
        yield application


@pytest.fixture
async def admin(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await become_admin(application, browser)
        yield browser


@pytest.fixture
async def nobody(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


async def change(browser: Browser, name: str, value: Any) -> Any:
    return await browser.ask("PUT", f"/admin/settings/{name}", {"value": value})


async def view(browser: Browser, name: str) -> dict[str, Any]:
    listed = await browser.ask("GET", "/admin/settings")
    [found] = [each for each in listed["items"] if each["name"] == name]
    return dict(found)


async def test_every_setting_is_listed_with_what_it_is_for(admin: Browser) -> None:
    listed = (await admin.ask("GET", "/admin/settings"))["items"]

    assert {each["name"] for each in listed} == set(Settings.model_fields)
    assert not [each["name"] for each in listed if not each["description"]]
    assert {each["name"] for each in listed if each["changeable"]} == {
        *("sign_up", "anonymous", "anonymous_runs_per_minute", "totp_roles"),
        *("retention_days", "log_level"),
    }
    sources = {each["name"]: each["source"] for each in listed}
    assert (sources["data_dir"], sources["sign_up"]) == ("environment", "default")


async def test_sign_up_is_opened_and_closed_at_once(admin: Browser, nobody: Browser) -> None:
    body = {"name": "ada", "email": "ada@example.org", "password": "a long enough secret"}
    await nobody.refuse("POST", "/auth/sign-up", body, code="sign_up_closed")

    changed = await change(admin, "sign_up", "open")

    assert (changed["value"], changed["source"], changed["default"]) == (
        "open",
        "database",
        "invitation",
    )
    assert (await nobody.ask("GET", "/auth/options"))["sign_up"] == "open"
    await nobody.sign_up("ada")
    reset = await admin.ask("DELETE", "/admin/settings/sign_up")
    assert (reset["value"], reset["source"]) == ("invitation", "default")
    body |= {"name": "bob", "email": "bob@example.org"}
    await nobody.refuse("POST", "/auth/sign-up", body, code="sign_up_closed")
    entries = (await admin.ask("GET", "/admin/audit?action=setting"))["items"]
    assert [(each["action"], each["before"], each["after"]) for each in entries] == [
        ("setting.reset", "open", None),
        ("setting.change", None, "open"),
    ]
    assert entries[0]["target"] == "setting sign_up"


async def test_anonymous_running_and_its_rate_hold_at_once(admin: Browser, nobody: Browser) -> None:
    await nobody.refuse("POST", "/executions", HELLO, code="authentication_required")

    await change(admin, "anonymous", value=True)
    await change(admin, "anonymous_runs_per_minute", 2)

    for _ in range(2):
        await nobody.ask("POST", "/executions", HELLO, status=201)
    await nobody.refuse("POST", "/executions", HELLO, code="too_many_attempts")
    await change(admin, "anonymous", value=False)
    await nobody.refuse("POST", "/executions", HELLO, code="authentication_required")


async def test_second_factor_is_asked_for_at_once(admin: Browser) -> None:
    """Also of a token that was looked at a moment ago."""
    assert await admin.ask("GET", "/admin/settings")

    await change(admin, "totp_roles", ["admin"])

    await admin.refuse("GET", "/admin/settings", code="totp_enrolment_required")


async def test_level_of_the_log_and_retention_hold_at_once(
    application: Application, admin: Browser
) -> None:
    former = logging.getLogger().level
    try:
        await change(admin, "log_level", "error")
        assert logging.getLogger().level == logging.ERROR
        await admin.ask("DELETE", "/admin/settings/log_level")
        assert logging.getLogger().level == logging.INFO
    finally:
        logging.getLogger().setLevel(former)
    execution = (await admin.ask("POST", "/executions", HELLO, status=201))["id"]
    assert await application.worker._reaper.delete_old() == 0

    await change(admin, "retention_days", 1e-9)

    # Its timer is an hour; what it deletes then is asked for here.
    assert await application.worker._reaper.delete_old() == 1
    await admin.refuse("GET", f"/executions/{execution}", code="not_found")


async def test_what_the_environment_sets_is_changed_there(tmp_path: Path) -> None:
    async with (
        open_plain(tmp_path, sign_up="closed", anonymous=False) as application,
        open_browser(application) as admin,
    ):
        await become_admin(application, admin)

        for name, value in (("sign_up", "open"), ("anonymous", True)):
            body = {"value": value}
            await admin.refuse("PUT", f"/admin/settings/{name}", body, code="conflict")
            await admin.refuse("DELETE", f"/admin/settings/{name}", code="conflict")
            shown = await view(admin, name)
            assert (shown["source"], shown["changeable"]) == ("environment", False)
        headers = {"Authorization": f"Bearer {admin.token}"}
        path = f"{API}/admin/settings/sign_up"
        answer = await admin.http.put(path, json={"value": "open"}, headers=headers)
        assert "RUNYARD_SIGN_UP" in answer.json()["detail"]
        assert application.live_settings.sign_up is SignUpMode.CLOSED
        assert (await admin.ask("GET", "/admin/audit?action=setting"))["items"] == []


async def test_environment_wins_over_what_was_changed_before(tmp_path: Path) -> None:
    async with open_plain(tmp_path) as application, open_browser(application) as admin:
        await become_admin(application, admin)
        await change(admin, "sign_up", "open")
    async with open_plain(tmp_path) as application:
        assert application.live_settings.sign_up is SignUpMode.OPEN

    async with open_plain(tmp_path, sign_up="closed") as application:
        assert application.live_settings.sign_up is SignUpMode.CLOSED


async def test_change_of_another_process_holds_within_seconds(
    application: Application, tmp_path: Path
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    elsewhere, audit = Documents(database), build_audit(database)
    describe = audit.describe(SERVER_ITSELF, "setting.change", "setting")

    # What no version of now allows is left alone.
    for name, value in (("totp_roles", "nonsense"), ("sign_up", "open"), ("gone", 1)):
        await elsewhere.put(DocumentKind.SETTING, name, value, describe=describe)

    await eventually(lambda: application.live_settings.sign_up is SignUpMode.OPEN)
    assert tuple(application.live_settings.totp_roles) == ()
    await database.aclose()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("sign_up", '{"value": "nobody"}', "invalid_request"),
        ("sign_up", '{"value": null}', "invalid_request"),
        ("sign_up", '{"value": "\\ud800"}', "invalid_json"),
        ("sign_up", "{}", "invalid_request"),
        ("anonymous", '{"value": "yes"}', "invalid_request"),
        ("anonymous", '{"value": 1}', "invalid_request"),
        ("anonymous_runs_per_minute", '{"value": 0}', "invalid_request"),
        ("anonymous_runs_per_minute", '{"value": 1.5}', "invalid_request"),
        ("anonymous_runs_per_minute", '{"value": 1e300}', "invalid_request"),
        pytest.param(
            "anonymous_runs_per_minute", f'{{"value": {"9" * 4000}}}', "invalid_request", id="9s"
        ),
        ("retention_days", '{"value": 0}', "invalid_request"),
        ("retention_days", '{"value": NaN}', "invalid_request"),
        ("retention_days", '{"value": Infinity}', "invalid_request"),
        ("retention_days", '{"value": 1e9}', "invalid_request"),
        ("totp_roles", '{"value": ["root"]}', "invalid_request"),
        ("totp_roles", '{"value": ["admin", "admin", "admin"]}', "invalid_request"),
        ("log_level", '{"value": "loud"}', "invalid_request"),
        ("policy", '{"value": {}}', "conflict"),
        ("secret_keys", '{"value": []}', "conflict"),
        ("nothing", '{"value": 1}', "not_found"),
        ("default_platform", '{"value": "x"}', "not_found"),
        ("a%00", '{"value": 1}', "invalid_request"),
    ],
)
async def test_wrong_value_is_refused(admin: Browser, name: str, content: str, code: str) -> None:
    headers = {"Authorization": f"Bearer {admin.token}", "Content-Type": "application/json"}
    path = f"{API}/admin/settings/{name}"

    answer = await admin.http.put(path, content=content, headers=headers)

    assert answer.json()["code"] == code, answer.text
    assert (await admin.ask("GET", "/admin/audit?action=setting"))["items"] == []


async def test_secrets_are_never_shown(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    async with (
        open_plain(tmp_path, secret_keys=[KEY], database_url=url) as application,
        open_browser(application) as admin,
    ):
        await become_admin(application, admin)
        listed = await admin.ask("GET", "/admin/settings")
        keys = await view(admin, "secret_keys")

    assert KEY not in str(listed)
    assert (keys["value"], keys["secret"], keys["changeable"]) == (["***"], True, False)


async def test_health_says_how_each_part_is(application: Application, admin: Browser) -> None:
    health = await admin.ask("GET", "/admin/health")

    parts = {part["name"]: part for part in health["parts"]}
    assert list(parts) == [
        *("store", "queue", "worker", "platform", "disk", "toolchains", "clock", "server"),
    ]
    assert parts["store"]["values"]["latency_seconds"] > 0
    assert parts["queue"]["values"] == {"length": 0, "oldest_seconds": 0.0}
    assert parts["worker"]["values"]["running"] == 0
    assert parts["disk"]["values"]["free_bytes"] > 0
    assert parts["clock"]["status"] == "ok"
    assert parts["server"]["values"]["uptime_seconds"] >= 0
    # Without isolation there are limits that nothing enforces.
    assert parts["platform"]["status"] == "warning"
    assert "disk_bytes" in parts["platform"]["message"]
    assert not [part for part in parts.values() if not part["message"].endswith(".")]

    application.worker.stop()
    await eventually(lambda: not application.worker.is_working)
    health = await admin.ask("GET", "/admin/health")
    assert health["status"] == "failing"
    assert [part["name"] for part in health["parts"] if part["status"] == "failing"] == ["worker"]


async def test_client_speaks_of_settings_and_health(
    application: Application, admin: Browser
) -> None:
    transport = InProcessTransport(build_app(application))
    async with AsyncClient(SERVER, token=admin.token, transport=transport) as client:
        settings = client.admin.settings
        changed = await settings.set("anonymous_runs_per_minute", 7)
        with pytest.raises(ConflictError):
            await settings.set("data_dir", "/tmp")
        listed = {each.name: each for each in await settings.list()}
        reset = await settings.reset("anonymous_runs_per_minute")
        health = await client.admin.health()

    assert (changed.value, changed.source, changed.changeable) == (7, "database", True)
    assert listed["anonymous_runs_per_minute"] == changed
    assert reset.value == 30
    assert {part.name for part in health.parts} >= {"store", "queue"}


async def test_many_changes_at_once_leave_one_of_them(
    application: Application, admin: Browser
) -> None:
    await asyncio.gather(
        *(change(admin, "anonymous_runs_per_minute", number) for number in range(1, 21))
    )

    shown = await view(admin, "anonymous_runs_per_minute")
    await application.live_settings.look_again()
    assert (await view(admin, "anonymous_runs_per_minute"))["value"] == shown["value"]
    entries = (await admin.ask("GET", "/admin/audit?action=setting"))["items"]
    assert len(entries) == 20
    assert entries[0]["after"] == shown["value"]


async def test_settings_that_change_say_what_they_may_be(admin: Browser) -> None:
    sign_up, days = await view(admin, "sign_up"), await view(admin, "retention_days")

    assert sign_up["value_schema"]["enum"] == ["open", "invitation", "closed"]
    assert days["value_schema"]["maximum"] == 36_500
    assert (await view(admin, "port"))["value_schema"] is None
