"""What becomes of what runs in a project when its owner runs it again."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.execution import Execution, Outcome, State
from tests.integration.test_accounts_api import Browser, open_browser, open_world
from tests.integration.test_projects_api import create, save

ENDLESS = {"path": "main.sh", "content": "echo started; sleep 60"}
SETUP = {"runtime": "bash"}


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("runs")) as application:
        yield application


@pytest.fixture(scope="module")
async def ada(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.sign_up("ada")
        yield browser


async def start(browser: Browser, project: str, **body: Any) -> Any:
    return await browser.ask("POST", f"/projects/{project}/run", body, status=201)


async def wait(application: Application, execution_id: str) -> Execution:
    return await application.executions.wait(execution_id, seconds_max=30)


async def test_changed_code_supersedes_what_runs(application: Application, ada: Browser) -> None:
    project = await create(ada, files=[ENDLESS], setup=SETUP)
    first = await start(ada, project)
    await save(ada, project, 1, put=[{"path": "main.sh", "content": "echo changed"}])

    second = await start(ada, project, wait=30)

    former = await wait(application, first["id"])
    assert former.outcome is Outcome.SUPERSEDED
    assert second["steps"][0]["stdout"] == "changed\n"
    assert former.finished_at is not None
    assert former.finished_at <= datetime.fromisoformat(second["started_at"])


async def test_same_code_returns_what_runs_and_other_input_does_not(
    application: Application, ada: Browser
) -> None:
    project = await create(ada, files=[ENDLESS], setup=SETUP)
    first = await start(ada, project)

    same = await start(ada, project)
    other = await start(ada, project, stdin="x")
    await ada.ask("POST", f"/executions/{other['id']}/cancel")

    assert same["id"] == first["id"]
    assert other["id"] != first["id"]
    assert (await wait(application, first["id"])).outcome is Outcome.SUPERSEDED
    assert (await wait(application, other["id"])).outcome is Outcome.CANCELLED


async def test_projects_run_beside_each_other(application: Application, ada: Browser) -> None:
    projects = [await create(ada, files=[ENDLESS], setup=SETUP) for _ in range(2)]
    started = [await start(ada, project) for project in projects]

    for each in started:
        await ada.ask("POST", f"/executions/{each['id']}/cancel")

    ended = [await wait(application, each["id"]) for each in started]
    assert [each.outcome for each in ended] == [Outcome.CANCELLED] * 2


async def test_of_fifty_at_once_one_is_active_at_any_time(
    application: Application, ada: Browser
) -> None:
    project = await create(ada, files=[{"path": "main.sh", "content": "sleep 0.02"}], setup=SETUP)

    started = await asyncio.gather(*(start(ada, project, args=[f"{n % 25}"]) for n in range(50)))
    ended = [await wait(application, each) for each in {each["id"] for each in started}]

    assert {each.state for each in ended} == {State.FINISHED}
    assert {each.outcome for each in ended} <= {Outcome.SUCCEEDED, Outcome.SUPERSEDED}
    ran = sorted((each.started_at, each.finished_at) for each in ended if each.started_at)
    assert ran
    for (_, finished), (begun, _) in itertools.pairwise(ran):
        assert finished <= begun


@pytest.mark.parametrize("mode", ["reject", "queue", "parallel"])
async def test_server_may_do_otherwise(tmp_path: Path, mode: str) -> None:
    async with (
        open_world(tmp_path, policy={"project_runs": mode}) as application,
        open_browser(application) as browser,
    ):
        await browser.sign_up("eve")
        script = {"path": "main.sh", "content": "read line; echo $line"}
        project = await create(browser, files=[script], setup=SETUP)
        first = await start(browser, project, interactive=True)
        path = f"/projects/{project}/run"
        if mode == "reject":
            await browser.refuse("POST", path, {"args": ["x"]}, code="project_busy")
        else:
            second = await start(browser, project, args=["x"])
            if mode == "parallel":
                await wait(application, second["id"])
            else:
                shown = await browser.ask("GET", f"/executions/{second['id']}")
                assert shown["state"] == "queued"
        stdin = {"data": "over\n", "eof": True}
        await browser.ask("POST", f"/executions/{first['id']}/stdin", stdin, status=204)

        former = await wait(application, first["id"])
        listed = (await browser.ask("GET", f"/executions?project={project}"))["items"]
        ended = [await wait(application, each["id"]) for each in listed]

    assert former.outcome is Outcome.SUCCEEDED
    assert len(ended) == (1 if mode == "reject" else 2)
    assert {each.outcome for each in ended} == {Outcome.SUCCEEDED}
