"""Projects over HTTP, with everything real but the network and the sandbox."""

import base64
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.limits import MIB
from tests.integration.test_accounts_api import Browser, open_browser, open_world

FILES = [
    {"path": "main.sh", "content": ". lib/greet.sh; greet $1; cat"},
    {"path": "lib/greet.sh", "content": 'greet() { echo "hello $1 $WHO"; }'},
    {"path": "logo.bin", "content": base64.b64encode(b"\xff\0").decode(), "encoding": "base64"},
]
SETUP = {
    "runtime": "bash",
    "entry": "main.sh",
    "args": ["dear"],
    "stdin": "given",
    "env": {"WHO": "Ada"},
}
PROJECT = {"name": "Greeter", "description": "says hello", "setup": SETUP, "files": FILES}


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("projects")) as application:
        yield application


@pytest.fixture(scope="module")
async def ada(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.sign_up("ada")
        yield browser


@pytest.fixture(scope="module")
async def bob(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.sign_up("bob")
        yield browser


async def create(browser: Browser, **fields: Any) -> str:
    made = await browser.ask("POST", "/projects", PROJECT | fields, status=201)
    return str(made["project"]["id"])


async def save(browser: Browser, project: str, base: int, *, status: int = 201, **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {browser.token}", "If-Match": f'"{base}"'}
    path = f"/api/v1/projects/{project}/revisions"
    answer = await browser.http.post(path, json=body, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def contents(browser: Browser, project: str, number: int) -> dict[str, str]:
    path = f"/projects/{project}/revisions/{number}?contents=true"
    return {each["path"]: each["content"] for each in (await browser.ask("GET", path))["files"]}


async def test_project_is_made_run_and_listed_with_its_executions(ada: Browser) -> None:
    project = await create(ada)

    run = await ada.ask("POST", f"/projects/{project}/run", {"wait": 30}, status=201)

    assert run["steps"][0]["stdout"] == "hello dear Ada\ngiven"
    assert (run["project"], run["revision"]) == (project, 1)
    listed = await ada.ask("GET", f"/executions?project={project}")
    assert [each["id"] for each in listed["items"]] == [run["id"]]
    shown = await ada.ask("GET", f"/projects/{project}")
    assert (shown["file_count"], shown["runtime"], shown["revision"]) == (3, "bash", 1)
    assert project in {each["id"] for each in (await ada.ask("GET", "/projects"))["items"]}


async def test_run_may_ask_for_other_input_and_an_earlier_revision(ada: Browser) -> None:
    project = await create(ada)
    await save(ada, project, 1, put=[{"path": "main.sh", "content": "echo second"}])
    body = {"revision": 1, "args": ["you"], "env": {"WHO": "Bob"}, "stdin": "x", "wait": 30}

    former = await ada.ask("POST", f"/projects/{project}/run", body, status=201)
    newest = await ada.ask("POST", f"/projects/{project}/run", {"wait": 30}, status=201)

    assert former["steps"][0]["stdout"] == "hello you Bob\nx"
    assert (newest["steps"][0]["stdout"], newest["revision"]) == ("second\n", 2)


async def test_save_changes_what_it_names_and_keeps_the_rest(ada: Browser) -> None:
    project = await create(ada)

    saved = await save(
        ada,
        project,
        1,
        put=[{"path": "new/file.txt", "content": "new"}],
        remove=["logo.bin"],
        move=[{"source": "lib", "target": "library"}],
        setup=SETUP | {"args": []},
    )

    assert saved["number"] == 2
    assert list(await contents(ada, project, 2)) == ["library/greet.sh", "main.sh", "new/file.txt"]
    assert list(await contents(ada, project, 1)) == ["lib/greet.sh", "logo.bin", "main.sh"]
    changes = await ada.ask("GET", f"/projects/{project}/revisions/2/changes?since=1")
    assert changes["setup_changed"] is True
    assert {(each["path"], each["kind"]) for each in changes["items"]} == {
        ("lib/greet.sh", "removed"),
        ("library/greet.sh", "added"),
        ("logo.bin", "removed"),
        ("new/file.txt", "added"),
    }


async def test_two_who_save_do_not_overwrite_each_other(ada: Browser) -> None:
    project = await create(ada)
    await save(ada, project, 1, put=[{"path": "main.sh", "content": "echo first"}])

    refused = await save(
        ada, project, 1, put=[{"path": "main.sh", "content": "echo other"}], status=412
    )

    assert (refused["code"], refused["revision"]) == ("revision_conflict", 2)
    assert (await contents(ada, project, 2))["main.sh"] == "echo first"
    await ada.refuse("POST", f"/projects/{project}/revisions", {}, code="if_match_required")


async def test_save_of_the_same_makes_no_revision(ada: Browser) -> None:
    project = await create(ada)

    saved = await save(ada, project, 1, put=FILES, setup=SETUP)

    assert saved["number"] == 1
    listed = await ada.ask("GET", f"/projects/{project}/revisions")
    assert [each["number"] for each in listed["items"]] == [1]


async def test_restore_makes_the_next_revision_of_an_earlier_content(ada: Browser) -> None:
    project = await create(ada)
    await save(ada, project, 1, remove=["lib", "logo.bin"])
    headers = {"Authorization": f"Bearer {ada.token}", "If-Match": '"2"'}

    answer = await ada.http.post(f"/api/v1/projects/{project}/revisions/1/restore", headers=headers)

    assert answer.json()["restored_from"] == 1
    assert answer.headers["etag"] == '"3"'
    assert await contents(ada, project, 3) == await contents(ada, project, 1)


async def test_project_of_somebody_else_is_one_that_does_not_exist(
    ada: Browser, bob: Browser
) -> None:
    project = await create(ada)
    missing = "01JD0000000000000000000000"
    asked = [
        ("GET", "", None),
        ("PATCH", "", {"name": "mine"}),
        ("DELETE", "", None),
        ("POST", "/take-back", None),
        ("POST", "/delete", None),
        ("GET", "/revisions", None),
        ("POST", "/revisions", {}),
        ("GET", "/revisions/1", None),
        ("GET", "/revisions/1?contents=true", None),
        ("GET", "/revisions/1/changes?since=1", None),
        ("GET", "/revisions/1/archive", None),
        ("POST", "/revisions/1/restore", None),
        ("POST", "/run", {}),
    ]
    headers = {"Authorization": f"Bearer {bob.token}", "If-Match": '"1"'}

    for method, suffix, body in asked:
        seen, absent = [
            await bob.http.request(
                method, f"/api/v1/projects/{each}{suffix}", json=body, headers=headers
            )
            for each in (project, missing)
        ]

        assert seen.status_code == absent.status_code == 404, (method, suffix, seen.text)
        assert seen.text.replace(project, missing) == absent.text
    assert (await ada.ask("GET", f"/projects/{project}"))["deleted_at"] is None
    assert project not in {each["id"] for each in (await bob.ask("GET", "/projects"))["items"]}
    assert (await bob.ask("GET", f"/executions?project={project}"))["items"] == []


async def test_trash_keeps_until_it_is_emptied(ada: Browser) -> None:
    project = await create(ada, name="Rubbish")
    path = f"/projects/{project}"

    await ada.refuse("POST", f"{path}/delete", code="conflict")
    thrown = await ada.ask("DELETE", path)
    await ada.refuse("POST", f"{path}/run", {}, code="conflict")
    listed = [each["id"] for each in (await ada.ask("GET", "/projects?trash=true"))["items"]]
    back = await ada.ask("POST", f"{path}/take-back")
    await ada.ask("DELETE", path)
    await ada.ask("POST", f"{path}/delete", status=204)

    assert thrown["deleted_at"] is not None
    assert listed == [project]
    assert back["deleted_at"] is None
    await ada.refuse("GET", path, code="not_found")


async def test_archive_comes_back_as_it_went(ada: Browser) -> None:
    project = await create(ada)
    archive = await ada.ask("GET", f"/projects/{project}/revisions/1/archive")
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/zip"}

    answer = await ada.http.post(
        "/api/v1/project-imports?name=Copy&runtime=bash", content=archive, headers=headers
    )

    copy = answer.json()["project"]["id"]
    assert await contents(ada, copy, 1) == await contents(ada, project, 1)


def pack(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def pack_link() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("passwords")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (pack(**{"../out.sh": b""}), "invalid_path"),
        (pack(**{"/etc/passwd": b""}), "invalid_path"),
        (pack(**{f"{n}.txt": b"" for n in range(201)}), "too_large"),
        (pack(**{"bomb.txt": bytes(2 * MIB)}), "too_large"),
        (pack(**{f"{n}.txt": bytes(MIB) for n in range(6)}), "too_large"),
        (pack_link(), "invalid_request"),
        (b"PK nothing", "invalid_request"),
        (pack(a=b"x" * 100)[:-40], "invalid_request"),
        (b"", "invalid_request"),
    ],
)
async def test_archive_that_is_not_a_project_is_refused(
    ada: Browser, archive: bytes, code: str
) -> None:
    headers = {"Authorization": f"Bearer {ada.token}", "Content-Type": "application/zip"}
    before = len((await ada.ask("GET", "/projects?limit=100"))["items"])

    answer = await ada.http.post(
        "/api/v1/project-imports?name=Bad&runtime=bash", content=archive, headers=headers
    )

    assert answer.json()["code"] == code, answer.text
    assert len((await ada.ask("GET", "/projects?limit=100"))["items"]) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"put": [{"path": "../x", "content": ""}]}, "invalid_path"),
        ({"put": [{"path": "main.sh/x", "content": ""}]}, "invalid_path"),
        ({"put": [{"path": "big", "content": "x" * (MIB + 1)}]}, "too_large"),
        ({"put": [{"path": f"f{n}", "content": "x" * MIB} for n in range(6)]}, "too_large"),
        ({"put": [{"path": f"f{n}", "content": ""} for n in range(200)]}, "too_large"),
        ({"put": [{"path": "x", "content": "!", "encoding": "base64"}]}, "invalid_request"),
        ({"remove": ["nothing"]}, "invalid_request"),
        ({"move": [{"source": "lib", "target": "/abs"}]}, "invalid_path"),
        ({"remove": ["main.sh"]}, "invalid_request"),
        ({"setup": {"runtime": "nothing"}}, "unknown_runtime"),
        ({"setup": {"runtime": "bash", "env": {"A=B": "x"}}}, "invalid_request"),
        ({"nonsense": 1}, "invalid_request"),
    ],
)
async def test_save_that_is_wrong_changes_nothing(
    ada: Browser, change: dict[str, Any], code: str
) -> None:
    project = await create(ada)
    headers = {"Authorization": f"Bearer {ada.token}", "If-Match": '"1"'}

    answer = await ada.http.post(
        f"/api/v1/projects/{project}/revisions", json=change, headers=headers
    )

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == code, answer.text
    assert (await ada.ask("GET", f"/projects/{project}"))["revision"] == 1


async def test_bounds_of_one_account_are_told_with_their_numbers(tmp_path: Path) -> None:
    policy = {"project_count_max": 2, "revision_count_max": 3, "project_bytes_max": 30_000}
    async with (
        open_world(tmp_path, policy=policy) as application,
        open_browser(application) as browser,
    ):
        await browser.sign_up("eve")
        first = await create(browser)
        await create(browser)
        await browser.refuse("POST", "/projects", PROJECT, code="too_large")

        for number in range(1, 6):
            body = {"path": "main.sh", "content": f"{number}" * 1000}
            await save(browser, first, number, put=[body])
        listed = await browser.ask("GET", f"/projects/{first}/revisions")
        refused = await save(
            browser, first, 6, put=[{"path": "x", "content": "x" * 25_000}], status=413
        )

        assert [each["number"] for each in listed["items"]] == [6, 5, 4]
        assert "30000 bytes" in refused["detail"]
        # The contents of revisions that are gone are gone.
        kept = await application.projects._records.count_bytes(browser.account["id"])
        assert kept < 3 * 1000 + 2 * 1000 + 4 * 3 * 1024


async def test_projects_go_with_their_account(tmp_path: Path) -> None:
    async with open_world(tmp_path) as application, open_browser(application) as browser:
        await browser.sign_up("eve")
        project = await create(browser)
        proof = {"password": "a long enough secret"}

        await browser.ask("POST", "/account/delete", proof, status=204)

        records = application.projects._records
        assert await records.find(project) is None
        assert await records.count_bytes(browser.account["id"]) == 0
