"""What a project keeps in /data: from one run to the next, whole or not at all.

Programs run without a sandbox here, so that they find it below their work folder; that /data leads
there is what tests of sandboxes show.
"""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.execution import Outcome
from tests.integration.test_accounts_api import Browser, open_browser, open_world
from tests.integration.test_project_runs import start, wait
from tests.integration.test_projects_api import ada, bob, create, save

__all__ = ["ada", "bob"]

SETUP = {"runtime": "bash"}
COUNTS = "n=$(cat .data/n 2>/dev/null); echo $((n + 1)) > .data/n; cat .data/n"
BOUND_BYTES = 100_000


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    folder = tmp_path_factory.mktemp("data")
    policy = {"project_bytes_max": 300_000}
    async with open_world(
        folder, data_bytes_per_project_max=BOUND_BYTES, policy=policy
    ) as application:
        yield application


async def keep(browser: Browser, script: str, *, setup: Any = SETUP) -> str:
    """Make a project that keeps data."""
    project = await create(browser, files=[{"path": "main.sh", "content": script}], setup=setup)
    changed = await browser.ask("PATCH", f"/projects/{project}", {"keeps_data": True})
    assert changed["keeps_data"] is True
    return project


async def run(browser: Browser, project: str, script: str | None = None, **body: Any) -> Any:
    """Run the project, with another script if one is given."""
    if script is not None:
        base = (await browser.ask("GET", f"/projects/{project}"))["revision"]
        await save(browser, project, base, put=[{"path": "main.sh", "content": script}])
    return await start(browser, project, wait=30, **body)


async def kept(browser: Browser, project: str) -> dict[str, bytes]:
    listed = (await browser.ask("GET", f"/projects/{project}/data"))["items"]
    found = {}
    for each in listed:
        found[each["path"]] = await browser.ask("GET", f"/projects/{project}/data/{each['path']}")
        assert len(found[each["path"]]) == each["size_bytes"]
    return found


async def test_run_finds_what_the_one_before_it_left(ada: Browser) -> None:
    project = await keep(ada, COUNTS)

    printed = [(await run(ada, project))["steps"][0]["stdout"] for _ in range(3)]

    assert printed == ["1\n", "2\n", "3\n"]
    assert await kept(ada, project) == {"n": b"3\n"}


async def test_list_says_how_large_they_may_be(ada: Browser) -> None:
    project = await keep(ada, COUNTS)

    listed = await ada.ask("GET", f"/projects/{project}/data")

    assert listed == {"items": [], "size_bytes_max": BOUND_BYTES}


async def test_files_are_kept_as_they_were_hidden_ones_too(ada: Browser) -> None:
    project = await keep(ada, "mkdir -p .data/.a/.b; printf '\\377\\0' > .data/.a/.b/.c")
    await run(ada, project)
    await run(ada, project, "echo '#!/bin/sh' > .data/run; chmod +x .data/run")

    again = await run(ada, project, "cd .data; test -x run; echo $?; cat .a/.b/.c | od -An -tx1")

    assert again["steps"][0]["stdout"] == "0\n ff 00\n"
    assert await kept(ada, project) == {".a/.b/.c": b"\xff\0", "run": b"#!/bin/sh\n"}
    emptied = await run(ada, project, "rm -r .data/.a .data/run")
    assert emptied["message"] is None
    assert await kept(ada, project) == {}


async def test_failed_run_keeps_and_cancelled_or_superseded_one_does_not(
    application: Application, ada: Browser
) -> None:
    project = await keep(ada, "echo failed > .data/x; exit 3")
    assert (await run(ada, project))["outcome"] == "failed"
    assert await kept(ada, project) == {"x": b"failed\n"}
    write = "echo changed > .data/x; echo written; sleep 60"
    await save(ada, project, 1, put=[{"path": "main.sh", "content": write}])

    ended = []
    for _ in range(2):
        execution = await start(ada, project)
        async for event in application.executions.follow(execution["id"]):
            if "written" in event.data.get("text", ""):
                break
        ended.append(execution["id"])
        if len(ended) == 1:
            await ada.ask("POST", f"/executions/{execution['id']}/cancel")
    after = await run(ada, project, "cat .data/x")

    outcomes = [(await wait(application, each)).outcome for each in ended]
    assert outcomes == [Outcome.CANCELLED, Outcome.SUPERSEDED]
    assert after["steps"][0]["stdout"] == "failed\n"


async def test_tests_see_the_data_and_do_not_change_it(ada: Browser) -> None:
    project = await keep(ada, COUNTS)
    await run(ada, project)
    tests = [{"name": name, "expected_stdout": "2\n"} for name in ("a", "b")]

    tested = await run(ada, project, tests=tests)

    assert [step["passed"] for step in tested["steps"]] == [True, True]
    assert await kept(ada, project) == {"n": b"1\n"}


HOSTILE = {
    "too many bytes": f"head -c {BOUND_BYTES + 1} /dev/zero > .data/x",
    "sparse": "truncate -s 1T .data/x",
    "too many files": "cd .data; for n in $(seq 1001); do : > $n; done",
    "no folder": "rm -r .data",
    "link in its place": "rm -r .data; ln -s /etc .data",
    "file in its place": "rm -r .data; echo > .data",
    "control character": "echo > .data/$'a\\nb'",
    "not UTF-8": "echo > .data/$'\\377'",
    "too deep": "cd .data; for n in $(seq 70); do mkdir d; cd d; done; echo > x",
}


@pytest.mark.parametrize("attack", HOSTILE)
async def test_what_cannot_all_be_kept_leaves_what_was_there(ada: Browser, attack: str) -> None:
    project = await keep(ada, "echo before > .data/n")
    await run(ada, project)

    attacked = await run(ada, project, HOSTILE[attack])

    assert attacked["outcome"] == "succeeded"
    assert (
        f"/data was not kept and stays as it was before: it is to be a folder with at most"
        f" 1000 files and {BOUND_BYTES} bytes" in attacked["message"]
    )
    assert await kept(ada, project) == {"n": b"before\n"}


async def test_links_pipes_and_sockets_are_not_kept(ada: Browser) -> None:
    project = await keep(ada, "cd .data; echo > x; ln -s /etc/passwd l; ln -s . d; mkfifo p")

    ran = await run(ada, project)

    assert ran["message"] is None
    assert list(await kept(ada, project)) == ["x"]


async def test_data_counts_for_all_that_the_owner_keeps(bob: Browser) -> None:
    fill = "head -c 90000 /dev/zero > .data/x"
    projects = [await keep(bob, fill) for _ in range(4)]

    messages = [(await run(bob, project))["message"] for project in projects]

    assert messages[:3] == [None] * 3
    assert "more than the 300000 you may keep" in messages[3]
    assert await kept(bob, projects[3]) == {}
    await bob.refuse(
        "POST",
        "/projects",
        {"name": "n", "setup": SETUP, "files": [{"path": "a", "content": "x" * 90_000}]},
        code="too_large",
    )
    await bob.ask("DELETE", f"/projects/{projects[0]}/data", status=204)
    assert (await run(bob, projects[3]))["message"] is None


async def test_runs_that_would_overlap_wait(tmp_path: Path) -> None:
    async with (
        open_world(tmp_path, policy={"project_runs": "parallel"}) as application,
        open_browser(application) as browser,
    ):
        await browser.sign_up("eve")
        project = await keep(browser, COUNTS)

        started = [await start(browser, project, args=[str(n)]) for n in range(10)]
        ended = await asyncio.gather(*(wait(application, each["id"]) for each in started))

        assert sorted(int(each.steps[0].stdout) for each in ended) == list(range(1, 11))
        assert await kept(browser, project) == {"n": b"10\n"}


async def test_data_is_deleted_only_while_nothing_runs(
    application: Application, ada: Browser
) -> None:
    project = await keep(ada, "echo > .data/a; echo > .data/b; read line")
    path = f"/projects/{project}/data"
    await run(ada, project)
    await ada.ask("DELETE", f"{path}/a", status=204)
    await ada.refuse("DELETE", f"{path}/a", code="not_found")
    assert list(await kept(ada, project)) == ["b"]
    running = await start(ada, project, interactive=True)

    await ada.refuse("DELETE", path, code="project_busy")
    await ada.refuse("DELETE", f"{path}/b", code="project_busy")

    stdin = {"data": "\n", "eof": True}
    await ada.ask("POST", f"/executions/{running['id']}/stdin", stdin, status=204)
    await wait(application, running["id"])
    await ada.ask("DELETE", path, status=204)
    assert await kept(ada, project) == {}


async def test_nobody_else_has_the_data(ada: Browser, bob: Browser) -> None:
    project = await keep(ada, COUNTS)
    await run(ada, project)
    await ada.ask("PATCH", f"/projects/{project}/sharing", {"visibility": "public"})
    path = f"/projects/{project}/data"

    for method, each in (("GET", path), ("GET", f"{path}/n"), ("DELETE", path)):
        await bob.refuse(method, each, code="not_found")
    fork = (await bob.ask("POST", f"/shared/{project}/fork", status=201))["project"]

    assert fork["keeps_data"] is False
    assert await kept(bob, fork["id"]) == {}
    export = await ada.ask("GET", "/account/export")
    archive = zipfile.ZipFile(io.BytesIO(export))
    assert archive.read(f"projects/{project}/data/n") == b"1\n"


@pytest.mark.parametrize("name", ["%2E%2E", "%00", "%2E%2E/main.sh", "a//b", "%FF", "x" * 600])
async def test_names_of_no_file_are_not_found(ada: Browser, name: str) -> None:
    project = await keep(ada, COUNTS)
    headers = {"Authorization": f"Bearer {ada.token}"}

    answer = await ada.http.get(f"/api/v1/projects/{project}/data/{name}", headers=headers)

    assert answer.status_code in {404, 405}


async def test_file_comes_as_an_attachment_in_which_nothing_runs(ada: Browser) -> None:
    project = await keep(ada, "echo '<script>' > .data/x.html")
    await run(ada, project)
    headers = {"Authorization": f"Bearer {ada.token}"}

    answer = await ada.http.get(f"/api/v1/projects/{project}/data/x.html", headers=headers)

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_project_with_files_where_the_data_is_cannot_keep_any(ada: Browser) -> None:
    project = await create(
        ada,
        files=[{"path": "main.sh", "content": ""}, {"path": ".data/x", "content": ""}],
        setup=SETUP,
    )
    await run(ada, project)
    await ada.ask("PATCH", f"/projects/{project}", {"keeps_data": True})

    await ada.refuse("POST", f"/projects/{project}/run", {}, code="invalid_path")


async def test_data_stays_while_it_is_not_wanted_and_artifacts_pass_it_by(ada: Browser) -> None:
    project = await keep(ada, COUNTS)
    await run(ada, project)

    globs = ["**", "*", "**/*"]
    swept = await run(ada, project, artifacts=globs)
    await ada.ask("PATCH", f"/projects/{project}", {"keeps_data": False})
    without = await run(ada, project, "ls -A; test -e .data; echo $?")

    assert {each["name"] for each in swept["artifacts"]} == {"main.sh"}
    assert without["steps"][0]["stdout"] == "main.sh\n1\n"
    assert await kept(ada, project) == {"n": b"2\n"}
