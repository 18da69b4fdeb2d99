"""Secret variables of projects over HTTP: who is given them, and where they never are."""

import json
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.execution import Outcome
from tests.integration.test_accounts_api import Browser, open_browser, open_world
from tests.integration.test_project_runs import start, wait
from tests.integration.test_projects_api import ada, bob, create, save

__all__ = ["ada", "bob"]

# In no part of it like anything else that is kept.
VALUE = "Tr0ub4dor-plover-xyzzy"
SHOWS = {"path": "main.sh", "content": 'echo "[$KEY]" | tr a-zA-Z n-za-mN-ZA-M'}
SHOWN = "[Ge0ho4qbe-cybire-klmml]\n"
WAITS = {"path": "main.sh", "content": "read line; echo over"}
SETUP = {"runtime": "bash", "env": {"KEY": "plain", "OTHER": "o"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
async def application(folder: Path) -> AsyncIterator[Application]:
    async with open_world(folder) as application:
        yield application


async def set_secret(browser: Browser, project: str, name: str = "KEY", value: str = VALUE) -> Any:
    return await browser.ask("PUT", f"/projects/{project}/secrets/{name}", {"value": value})


async def test_programs_are_given_a_secret_in_place_of_a_plain_variable(ada: Browser) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    set_to = await set_secret(ada, project)

    run = await start(ada, project, wait=30)
    tested = await start(ada, project, tests=[{"name": "t", "expected_stdout": SHOWN}], wait=30)

    assert run["steps"][0]["stdout"] == SHOWN
    assert tested["steps"][0]["passed"]
    listed = await ada.ask("GET", f"/projects/{project}/secrets")
    assert listed == {"items": [set_to]}
    assert set(set_to) == {"name", "updated_at"}
    await ada.ask("DELETE", f"/projects/{project}/secrets/KEY", status=204)
    assert (await start(ada, project, wait=30))["steps"][0]["stdout"] == "[cynva]\n"
    await ada.refuse("DELETE", f"/projects/{project}/secrets/KEY", code="not_found")


async def test_value_is_in_nothing_that_is_kept_or_answered(
    ada: Browser, bob: Browser, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    await set_secret(ada, project)
    await ada.ask("PATCH", f"/projects/{project}/sharing", {"visibility": "public"})
    run = await start(ada, project, wait=30)
    fork = await bob.ask("POST", f"/shared/{project}/fork", status=201)
    forked = fork["project"]["id"]

    seen = [
        await ada.ask("GET", path)
        for path in (
            f"/projects/{project}",
            f"/projects/{project}/revisions/1?contents=true",
            f"/executions/{run['id']}",
            f"/executions?project={project}",
            f"/shared/{project}",
        )
    ]
    archives = [
        await ada.ask("GET", f"/projects/{project}/revisions/1/archive"),
        await ada.ask("GET", "/account/export"),
    ]

    assert run["steps"][0]["stdout"] == SHOWN
    assert VALUE not in json.dumps([seen, run, fork])
    for archive in archives:
        opened = zipfile.ZipFile(BytesIO(archive))
        assert not [name for name in opened.namelist() if VALUE.encode() in opened.read(name)]
    assert await bob.ask("GET", f"/projects/{forked}/secrets") == {"items": []}
    assert (await start(bob, forked, wait=30))["steps"][0]["stdout"] == "[cynva]\n"
    with sqlite3.connect(folder / "runyard.db") as database:
        assert VALUE not in "\n".join(database.iterdump())
        [[body]] = database.execute("SELECT body FROM requests WHERE execution_id = ?", [run["id"]])
    assert list(json.loads(body)["secrets"]) == ["KEY"]
    assert "plain" not in body
    assert VALUE not in "".join(capfd.readouterr())


async def test_others_see_and_change_nothing(ada: Browser, bob: Browser) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    path = f"/projects/{project}/secrets"

    await bob.refuse("GET", path, code="not_found")
    await bob.refuse("PUT", f"{path}/KEY", {"value": "x"}, code="not_found")
    await bob.refuse("DELETE", f"{path}/KEY", code="not_found")

    assert await ada.ask("GET", path) == {"items": []}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("1A", "x", "invalid_request"),
        ("%00", "x", "invalid_request"),
        ("A" * 257, "x", "invalid_request"),
        ("A", "a\0b", "invalid_request"),
        ("A", "x" * 40_000, "limit_out_of_range"),
    ],
)
async def test_what_no_program_could_be_given_is_refused(
    ada: Browser, name: str, value: str, code: str
) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    path = f"/projects/{project}/secrets/{name}"

    await ada.refuse("PUT", path, {"value": value}, code=code)

    assert await ada.ask("GET", f"/projects/{project}/secrets") == {"items": []}


async def test_refusal_of_half_a_character_does_not_quote_the_value(ada: Browser) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/json"}
    body = b'{"value": "' + VALUE.encode() + rb'\ud800"}'

    path = f"/api/v1/projects/{project}/secrets/KEY"
    answer = await ada.http.put(path, content=body, headers=headers)

    assert answer.status_code in {400, 422}
    assert VALUE not in answer.text


async def test_plain_and_secret_variables_are_bounded_together(ada: Browser) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    await set_secret(ada, project, "BIG", "x" * 30_000)

    path = f"/projects/{project}/secrets/MORE"
    await ada.refuse("PUT", path, {"value": "x" * 3000}, code="limit_out_of_range")
    await set_secret(ada, project, "BIG", "x" * 20_000)
    await set_secret(ada, project, "MORE", "x" * 3000)

    setup = SETUP | {"env": {"PLAIN": "x" * 20_000}}
    await save(ada, project, 1, setup=setup)
    await ada.refuse("POST", f"/projects/{project}/run", {}, code="limit_out_of_range")
    for n in range(62):
        await set_secret(ada, project, "BIG" if n == 0 else f"N{n}", "")
    await ada.refuse(
        "PUT", f"/projects/{project}/secrets/LAST", {"value": ""}, code="limit_out_of_range"
    )


async def test_run_cannot_replace_a_secret(ada: Browser) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    await set_secret(ada, project)

    body = {"env": {"KEY": "mine"}}
    await ada.refuse("POST", f"/projects/{project}/run", body, code="invalid_request")


async def test_changed_secret_makes_another_run(application: Application, ada: Browser) -> None:
    project = await create(ada, files=[WAITS], setup=SETUP)
    await set_secret(ada, project)
    first = await start(ada, project, interactive=True)
    same = await start(ada, project, interactive=True)
    await set_secret(ada, project)

    other = await start(ada, project, interactive=True)
    await ada.ask("POST", f"/executions/{other['id']}/cancel")

    assert same["id"] == first["id"] != other["id"]
    assert (await wait(application, first["id"])).outcome is Outcome.SUPERSEDED


async def test_secret_that_is_deleted_while_a_run_waits_ends_it_with_its_name(
    tmp_path: Path,
) -> None:
    async with (
        open_world(tmp_path, policy={"project_runs": "queue"}) as application,
        open_browser(application) as browser,
    ):
        await browser.sign_up("eve")
        project = await create(browser, files=[WAITS], setup=SETUP)
        await set_secret(browser, project)
        first = await start(browser, project, interactive=True)
        second = await start(browser, project, interactive=True, args=["x"])
        await browser.ask("DELETE", f"/projects/{project}/secrets/KEY", status=204)
        stdin = {"data": "\n", "eof": True}
        await browser.ask("POST", f"/executions/{first['id']}/stdin", stdin, status=204)

        ended = await wait(application, second["id"])

    assert ended.outcome is Outcome.FAILED
    assert "'KEY' was deleted" in (ended.message or "")


@pytest.mark.parametrize("change", ["keys", "place"])
async def test_what_cannot_be_opened_ends_the_run_with_its_name(
    tmp_path: Path, change: str
) -> None:
    world = open_world(tmp_path, secret_keys=("a" * 32,))
    async with world as application, open_browser(application) as browser:
        await browser.sign_up("eve")
        project = await create(browser, files=[SHOWS], setup=SETUP)
        other = await create(browser, files=[SHOWS], setup=SETUP)
        await set_secret(browser, project)
    if change == "place":
        with sqlite3.connect(tmp_path / "runyard.db") as database:
            database.execute("UPDATE project_secrets SET project_id = ?", [other])
        project = other
    world = open_world(tmp_path, secret_keys=(("b" if change == "keys" else "a") * 32,))
    async with world as application, open_browser(application) as browser:
        await browser.log_in("eve")
        run = await start(browser, project, wait=30)

    assert run["outcome"] == "internal_error"
    assert run["message"].startswith("The secret variable 'KEY' cannot be opened")
    assert run["steps"] == []


async def test_secrets_go_with_the_project(ada: Browser, folder: Path) -> None:
    project = await create(ada, files=[SHOWS], setup=SETUP)
    await set_secret(ada, project)
    await ada.ask("DELETE", f"/projects/{project}")

    await ada.refuse("PUT", f"/projects/{project}/secrets/KEY", {"value": "x"}, code="conflict")
    await ada.ask("POST", f"/projects/{project}/delete", status=204)

    with sqlite3.connect(folder / "runyard.db") as database:
        wanted = "SELECT count(*) FROM project_secrets WHERE project_id = ?"
        assert database.execute(wanted, [project]).fetchone() == (0,)
