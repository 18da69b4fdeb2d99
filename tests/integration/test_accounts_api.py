"""Accounts over HTTP, with everything real but the network and the sandbox."""

import io
import json
import re
import statistics
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest

from runyard.api.app import build_app
from runyard.bootstrap import Application, open_application
from runyard.client.in_process import InProcessTransport
from runyard.domain.account import Role
from runyard.settings import Settings
from runyard.testing.unconfined_engine import UnconfinedEngine

API = "/api/v1"
SERVER = "http://127.0.0.1"
PASSWORD = "a long enough secret"
HELLO = {"runtime": "bash", "files": [{"path": "main.sh", "content": "echo mine"}], "wait": 30}


class Browser:
    """A client with cookies of its own, and the access token it was given last."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.token = ""
        self.account: dict[str, Any] = {}

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **content: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.http.request(
            method, f"{API}{path}", json=body, headers=headers, **content
        )
        assert answer.status_code == status, answer.text
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.content

    async def refuse(self, method: str, path: str, body: Any = None, *, code: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.http.request(method, f"{API}{path}", json=body, headers=headers)
        assert answer.json()["code"] == code, answer.text
        return answer.json()

    async def enter(self, path: str, body: Any, *, status: int = 200) -> None:
        opened = await self.ask("POST", path, body, status=status)
        self.token, self.account = opened["access_token"], opened["account"]

    async def sign_up(self, name: str, **fields: str) -> None:
        body = {"name": name, "email": f"{name}@example.org", "password": PASSWORD, **fields}
        await self.enter("/auth/sign-up", body, status=201)

    async def log_in(self, name: str, **fields: str) -> None:
        await self.enter("/auth/login", {"login": name, "password": PASSWORD, **fields})


@asynccontextmanager
async def open_world(folder: Path, **settings: Any) -> AsyncIterator[Application]:
    chosen = {"profile": "production", "sign_up": "open", "log_level": "error"} | settings
    engine = UnconfinedEngine()
    try:
        async with open_application(
            Settings(data_dir=folder, pool_count_max=0, **chosen),
            None,
            engine=engine,
            self_tests=False,
        ) as application:
            yield application
    finally:
        await engine.aclose()


@asynccontextmanager
async def open_browser(application: Application) -> AsyncIterator[Browser]:
    transport = InProcessTransport(build_app(application))
    async with httpx.AsyncClient(transport=transport, base_url=SERVER, timeout=60) as http:
        yield Browser(http)


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("accounts")) as application:
        yield application


@pytest.fixture
async def browser(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


@pytest.fixture
async def other(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test takes."""
    return re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-")


async def test_person_signs_up_runs_and_comes_back(browser: Browser, name: str) -> None:
    await browser.sign_up(name)
    run = await browser.ask("POST", "/executions", HELLO, status=201)
    await browser.ask("POST", "/auth/logout", status=204)
    await browser.refuse("GET", "/account", code="invalid_token")
    await browser.log_in(f"{name}@EXAMPLE.org")

    listed = await browser.ask("GET", "/executions")

    assert run["steps"][0]["stdout"] == "mine\n"
    assert [each["id"] for each in listed["items"]] == [run["id"]]


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(
    browser: Browser, name: str
) -> None:
    body = {"name": name, "email": f"{name}@example.org", "password": PASSWORD}

    answer = await browser.http.post(f"{API}/auth/sign-up", json=body)

    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/api/v1/auth" in cookie
    assert "refresh" not in answer.text


async def test_refresh_token_that_comes_twice_ends_the_session(
    browser: Browser, other: Browser, name: str
) -> None:
    await browser.sign_up(name)
    stolen = browser.http.cookies["runyard_refresh"]
    for _ in range(2):  # Until the second one, the answer to the first might have got lost.
        await browser.enter("/auth/refresh", None)
    other.http.cookies.set("runyard_refresh", stolen, domain="127.0.0.1", path=f"{API}/auth")

    await other.refuse("POST", "/auth/refresh", code="invalid_token")

    await browser.refuse("GET", "/account", code="invalid_token")
    await browser.refuse("POST", "/auth/refresh", code="invalid_token")


async def test_second_factor_from_enrolment_to_removal(
    browser: Browser, other: Browser, name: str
) -> None:
    await browser.sign_up(name)
    offer = await browser.ask("POST", "/account/totp", {"password": PASSWORD}, status=201)
    totp = pyotp.TOTP(offer["secret"])
    assert pyotp.parse_uri(offer["uri"]).secret == offer["secret"]
    assert offer["qr_svg"].startswith("<svg")
    now = int(time.time())
    codes = await browser.ask("POST", "/account/totp/confirm", {"code": totp.at(now - 30)})
    recovery = codes["recovery_codes"]
    login = {"login": name, "password": PASSWORD}

    await other.refuse("POST", "/auth/login", login, code="totp_required")
    await other.refuse(
        "POST", "/auth/login", login | {"code": totp.at(now - 30)}, code="authentication_failed"
    )
    await other.log_in(name, code=totp.at(now))
    await other.refuse(
        "POST", "/auth/login", login | {"code": totp.at(now)}, code="authentication_failed"
    )
    await other.log_in(name, code=recovery[0].upper())
    await other.refuse(
        "POST", "/auth/login", login | {"code": recovery[0]}, code="authentication_failed"
    )

    account = await other.ask("GET", "/account")
    assert (account["totp"], account["recovery_codes_left"], len(recovery)) == (True, 9, 10)
    proof = {"password": PASSWORD, "code": recovery[1]}
    await other.ask("POST", "/account/totp/remove", proof, status=204)
    await browser.log_in(name)


async def test_refusal_names_the_field_that_was_wrong(browser: Browser, name: str) -> None:
    await browser.sign_up(name)
    await browser.ask("POST", "/account/totp", {"password": PASSWORD}, status=201)
    for path, field in (("password", "former"), ("totp", "password"), ("totp/confirm", "code")):
        body = {field: "wrong"} | ({"password": "a second secret"} if field == "former" else {})
        told = await browser.refuse("POST", f"/account/{path}", body, code="authentication_failed")
        assert told["field"] == field


async def test_role_that_needs_a_second_factor_reaches_nothing_else(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path, totp_roles=("user",)) as application,
        open_browser(application) as browser,
    ):
        await browser.sign_up("ada")
        for method, path in (
            ("GET", "/executions"),
            ("GET", "/account"),
            ("GET", "/account/tokens"),
        ):
            await browser.refuse(method, path, code="totp_enrolment_required")
        offer = await browser.ask("POST", "/account/totp", {"password": PASSWORD}, status=201)
        code = pyotp.TOTP(offer["secret"]).now()
        await browser.ask("POST", "/account/totp/confirm", {"code": code})

        account = await browser.ask("GET", "/account")

    assert (account["totp"], account["must_enrol_totp"]) == (True, False)


async def test_token_does_what_its_scopes_say_until_it_is_deleted(
    browser: Browser, other: Browser, name: str
) -> None:
    await browser.sign_up(name)
    body = {"name": "ci", "scopes": ["executions:write"], "days": 1}
    made = await browser.ask("POST", "/account/tokens", body, status=201)
    other.token = made["token"]

    run = await other.ask("POST", "/executions", HELLO, status=201)

    assert run["outcome"] == "succeeded"
    await other.refuse("GET", f"/executions/{run['id']}", code="forbidden")
    await other.refuse("POST", "/account/tokens", body, code="forbidden")
    listed = await browser.ask("GET", "/account/tokens")
    assert listed["items"][0]["used_at"] is not None
    assert "token" not in listed["items"][0]
    await browser.refuse("POST", "/account/tokens", body | {"scopes": ["admin"]}, code="forbidden")
    await browser.ask("DELETE", f"/account/tokens/{made['id']}", status=204)
    await other.refuse("POST", "/executions", HELLO, code="invalid_token")


async def test_sessions_are_listed_and_ended(browser: Browser, other: Browser, name: str) -> None:
    await browser.sign_up(name)
    await other.log_in(name)

    listed = (await browser.ask("GET", "/account/sessions"))["items"]

    assert sorted(each["current"] for each in listed) == [False, True]
    [theirs] = [each["id"] for each in listed if not each["current"]]
    await browser.ask("DELETE", f"/account/sessions/{theirs}", status=204)
    await other.refuse("GET", "/account", code="invalid_token")
    await other.log_in(name)
    assert await browser.ask("DELETE", "/account/sessions") == {"ended": 1}
    await other.refuse("GET", "/account", code="invalid_token")
    await browser.ask("GET", "/account")


async def test_program_is_logged_in_by_somebody_elsewhere(
    browser: Browser, other: Browser, name: str
) -> None:
    await browser.sign_up(name)
    offer = await other.ask("POST", "/auth/device", {"client": "editor on desk"}, status=201)
    code = {"device_code": offer["device_code"]}
    await other.refuse("POST", "/auth/device-token", code, code="authorization_pending")

    shown = await browser.ask("GET", f"/auth/devices/{offer['user_code'].lower()}")
    await browser.ask("POST", f"/auth/devices/{offer['user_code']}/approve", status=204)
    other.token = (await other.ask("POST", "/auth/device-token", code, status=201))["token"]

    assert shown["client"] == "editor on desk"
    assert (await other.ask("GET", "/account"))["name"] == name
    await other.refuse("POST", "/auth/device-token", code, code="invalid_token")


async def test_export_has_everything_and_deletion_leaves_nothing(
    application: Application, browser: Browser, other: Browser, name: str
) -> None:
    await browser.sign_up(name)
    script = "cat; echo kept > kept.txt"
    body = HELLO | {
        "files": [{"path": "main.sh", "content": script}],
        "stdin": "given",
        "artifacts": ["*.txt"],
    }
    run = await browser.ask("POST", "/executions", body, status=201)

    project = await browser.ask(
        "POST",
        "/projects",
        {"name": "Mine", "setup": {"runtime": "bash"}, "files": body["files"]},
        status=201,
    )

    content = await browser.ask("GET", "/account/export")
    await browser.refuse(
        "POST", "/account/delete", {"password": "not the password"}, code="authentication_failed"
    )
    await browser.ask("POST", "/account/delete", {"password": PASSWORD}, status=204)

    archive = zipfile.ZipFile(io.BytesIO(content))
    folder = f"executions/{run['id']}"
    assert archive.read(f"{folder}/files/main.sh").decode() == script
    assert archive.read(f"projects/{project['project']['id']}/files/main.sh").decode() == script
    assert archive.read(f"{folder}/stdin") == b"given"
    assert archive.read(f"{folder}/steps/1-stdout") == b"given"
    assert archive.read(f"{folder}/artifacts/kept.txt") == b"kept\n"
    assert json.loads(archive.read("account.json"))["name"] == name
    assert b"argon2" not in b"".join(archive.read(each) for each in archive.namelist())
    await browser.refuse("GET", "/account", code="invalid_token")
    await other.refuse(
        "POST", "/auth/login", {"login": name, "password": PASSWORD}, code="authentication_failed"
    )
    assert await application.store.find(run["id"]) is None


async def test_administrator_invites_suspends_and_helps(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path, sign_up="invitation") as application,
        open_browser(application) as admin,
        open_browser(application) as browser,
    ):
        ticket = await application.accounts.sign_up.offer_set_up()
        person = {"name": "chief", "email": "c@example.org", "password": PASSWORD}
        await admin.enter("/auth/setup", person | {"ticket": ticket}, status=201)
        await browser.refuse(
            "POST", "/auth/setup", person | {"ticket": ticket}, code="invalid_token"
        )
        ada = {"name": "ada", "email": "ada@example.org", "password": PASSWORD}
        await browser.refuse("POST", "/auth/sign-up", ada, code="sign_up_closed")
        invited = await admin.ask(
            "POST", "/admin/invitations", {"email": "ada@example.org"}, status=201
        )
        await browser.sign_up("ada", invitation=invited["ticket"])
        path = f"/admin/accounts/{browser.account['id']}"

        await admin.ask("PATCH", path, {"suspended": True})
        login = {"login": "ada", "password": PASSWORD}
        await browser.refuse("GET", "/account", code="invalid_token")
        await browser.refuse("POST", "/auth/login", login, code="account_suspended")
        await admin.ask("PATCH", path, {"suspended": False})
        link = await admin.ask("POST", f"{path}/password-link", status=201)
        chosen = {"ticket": link["ticket"], "password": "another long secret"}
        await browser.ask("POST", "/auth/password", chosen, status=204)
        await browser.refuse("POST", "/auth/password", chosen, code="invalid_token")
        await browser.refuse("POST", "/auth/login", login, code="authentication_failed")
        await browser.enter("/auth/login", login | {"password": "another long secret"})

        own = f"/admin/accounts/{admin.account['id']}"
        await admin.refuse("PATCH", own, {"role": Role.USER}, code="conflict")
        await admin.refuse("DELETE", own, code="conflict")


async def test_guesses_are_stopped_and_the_known_device_is_not(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path) as application,
        open_browser(application) as own,
        open_browser(application) as stranger,
    ):
        await own.sign_up("ada")
        wrong = {"login": "ada", "password": "a wrong long secret"}
        for _ in range(10):
            await stranger.refuse("POST", "/auth/login", wrong, code="authentication_failed")

        right = wrong | {"password": PASSWORD}
        await stranger.refuse("POST", "/auth/login", right, code="too_many_attempts")

        await own.log_in("ada")


async def test_anonymous_running_in_production_is_bounded(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path, anonymous=True, anonymous_runs_per_minute=2) as application,
        open_browser(application) as browser,
    ):
        large = HELLO | {"limits": {"wall_seconds": 30}}
        await browser.refuse("POST", "/executions", large, code="limit_out_of_range")
        run = await browser.ask("POST", "/executions", HELLO, status=201)
        await browser.refuse("POST", "/executions", HELLO, code="too_many_attempts")

        assert (await browser.ask("GET", "/executions"))["items"] == []
        assert (await browser.ask("GET", f"/executions/{run['id']}"))["outcome"] == "succeeded"
        await browser.sign_up("ada")
        await browser.ask("POST", "/executions", large, status=201)


async def test_time_does_not_tell_who_has_an_account(application: Application, name: str) -> None:
    """The same work is done for a name that nobody has."""
    rounds = 8
    spent: dict[str, list[float]] = {name: [], f"{name}-not": []}
    async with open_browser(application) as browser:
        await browser.sign_up(name)
        for _ in range(rounds):
            for login, seconds in spent.items():
                body = {"login": login, "password": "a wrong long secret"}
                began = time.perf_counter()
                await browser.refuse("POST", "/auth/login", body, code="authentication_failed")
                seconds.append(time.perf_counter() - began)

    known, unknown = map(statistics.median, spent.values())
    assert 0.5 < known / unknown < 2
