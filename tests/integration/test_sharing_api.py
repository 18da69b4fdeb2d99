"""Projects that others may read, find, copy and star."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.audit import SERVER
from tests.integration.test_accounts_api import Browser, open_browser, open_world
from tests.integration.test_projects_api import FILES, create, save


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("sharing")) as application:
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


@pytest.fixture
async def nobody(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


async def share(browser: Browser, project: str, visibility: str, **fields: Any) -> Any:
    body = {"visibility": visibility, **fields}
    return await browser.ask("PATCH", f"/projects/{project}/sharing", body)


async def search(browser: Browser, query: str) -> list[str]:
    found = await browser.ask("GET", f"/gallery?{query}")
    return [each["key"] for each in found["items"]]


async def test_private_project_is_one_that_does_not_exist(
    ada: Browser, bob: Browser, nobody: Browser
) -> None:
    project = await create(ada)
    missing = "01JD0000000000000000000000"

    for browser in (ada, bob, nobody):
        texts = []
        for key in (project, missing):
            headers = {"Authorization": f"Bearer {browser.token}"} if browser.token else {}
            answer = await browser.http.get(f"/api/v1/shared/{key}", headers=headers)
            assert answer.status_code == 404
            texts.append(answer.text.replace(key, ""))
        assert texts[0] == texts[1]
    for method, suffix in (("POST", "/fork"), ("POST", "/star"), ("DELETE", "/star")):
        await bob.refuse(method, f"/shared/{project}{suffix}", code="not_found")
    await bob.refuse(
        "PATCH", f"/projects/{project}/sharing", {"visibility": "public"}, code="not_found"
    )


async def test_public_project_is_read_by_everybody_and_changed_by_nobody_else(
    ada: Browser, bob: Browser, nobody: Browser
) -> None:
    project = await create(ada, name="Shared with all")
    shared = await share(ada, project, "public", tags=["Demo", "bash", "demo"])

    read = await nobody.ask("GET", f"/shared/{project}")

    assert (shared["visibility"], shared["link"], shared["tags"]) == (
        "public",
        None,
        ["demo", "bash"],
    )
    assert (read["owner"], read["name"], read["starred"]) == ("ada", "Shared with all", False)
    assert [each["path"] for each in read["revision"]["files"]] == [
        "lib/greet.sh",
        "logo.bin",
        "main.sh",
    ]
    assert read["revision"]["files"][2]["content"] == FILES[0]["content"]
    assert "ada@example.org" not in str(read)
    await bob.refuse("GET", f"/projects/{project}", code="not_found")
    await bob.refuse("POST", f"/projects/{project}/run", {}, code="not_found")
    await bob.refuse("GET", f"/projects/{project}/revisions", code="not_found")


async def test_unlisted_project_is_read_by_who_has_the_link_until_it_is_taken_back(
    ada: Browser, nobody: Browser
) -> None:
    project = await create(ada, name="Behind a link")
    link = (await share(ada, project, "unlisted"))["link"]
    again = (await share(ada, project, "unlisted", tags=["x"]))["link"]

    read = await nobody.ask("GET", f"/shared/{link}")

    assert link == again
    assert len(link) > 40
    assert read["name"] == "Behind a link"
    await nobody.refuse("GET", f"/shared/{project}", code="not_found")
    assert project not in await search(nobody, "query=behind")
    await share(ada, project, "private")
    await nobody.refuse("GET", f"/shared/{link}", code="not_found")
    other = (await share(ada, project, "unlisted"))["link"]
    assert other != link
    await nobody.refuse("GET", f"/shared/{link}", code="not_found")


async def test_fork_is_a_copy_of_ones_own_without_history(
    application: Application, ada: Browser, bob: Browser
) -> None:
    project = await create(ada, name="To be copied")
    await save(ada, project, 1, put=[{"path": "main.sh", "content": "echo second"}])
    await share(ada, project, "public")

    forked = await bob.ask("POST", f"/shared/{project}/fork", status=201)
    copy = forked["project"]["id"]
    await save(bob, copy, 1, put=[{"path": "main.sh", "content": "echo third"}])

    assert forked["project"]["forked_from"] == project
    assert (forked["revision"]["number"], forked["project"]["visibility"]) == (1, "private")
    listed = await bob.ask("GET", f"/projects/{copy}/revisions")
    assert [each["number"] for each in listed["items"]] == [2, 1]
    run = await bob.ask("POST", f"/projects/{copy}/run", {"revision": 1, "wait": 30}, status=201)
    assert run["steps"][0]["stdout"] == "second\n"
    read = await bob.ask("GET", f"/shared/{project}")
    assert read["revision"]["files"][2]["content"] == "echo second"


async def test_star_counts_once_for_each_account(ada: Browser, bob: Browser) -> None:
    project = await create(ada, name="Starred")
    await share(ada, project, "public")
    path = f"/shared/{project}/star"

    counts = [
        (await browser.ask(method, path))["star_count"]
        for browser, method in (
            (ada, "POST"),
            (bob, "POST"),
            (bob, "POST"),
            (ada, "DELETE"),
            (ada, "DELETE"),
        )
    ]

    assert counts == [1, 2, 2, 1, 1]
    assert (await bob.ask("GET", f"/shared/{project}"))["starred"] is True
    assert (await ada.ask("GET", f"/shared/{project}"))["starred"] is False


async def test_gallery_is_searched_and_sorted(ada: Browser, bob: Browser, nobody: Browser) -> None:
    names = ("Fib 100%", "Fib_other", "Sorting")
    keys = [await create(ada, name=name, description=f"about {name}") for name in names]
    for key, tags in zip(keys, (["maths"], ["maths", "c++"], ["lists"]), strict=True):
        await share(ada, key, "public", tags=tags)
    await bob.ask("POST", f"/shared/{keys[0]}/star")
    thrown = await create(ada, name="Fib in the trash")
    await share(ada, thrown, "public")
    await ada.ask("DELETE", f"/projects/{thrown}")

    assert await search(nobody, "query=FIB") == [keys[1], keys[0]]
    assert await search(nobody, "query=100%25") == [keys[0]]
    assert await search(nobody, "query=fib_") == [keys[1]]
    assert await search(nobody, "query=about%20sort") == [keys[2]]
    assert await search(nobody, "tag=maths") == [keys[1], keys[0]]
    assert await search(nobody, "tag=math") == []
    assert await search(nobody, "tag=c%2B%2B") == [keys[1]]
    assert (await search(nobody, "sort=stars&tag=maths"))[0] == keys[0]
    assert set(keys) <= set(await search(nobody, "language=bash&limit=60"))
    assert await search(nobody, "language=python") == []
    page = await nobody.ask("GET", "/gallery?tag=maths&limit=1")
    assert (len(page["items"]), page["next_offset"]) == (1, 1)
    assert await search(nobody, "tag=maths&limit=1&offset=1") == [keys[0]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"visibility": "secret"},
        {"visibility": "public", "tags": ["a b"]},
        {"visibility": "public", "tags": ["x" * 31]},
        {"visibility": "public", "tags": [f"t{n}" for n in range(11)]},
        {"visibility": "public", "tags": ["é"]},
    ],
)
async def test_wrong_sharing_changes_nothing(ada: Browser, body: dict[str, Any]) -> None:
    project = await create(ada)

    await ada.refuse("PATCH", f"/projects/{project}/sharing", body, code="invalid_request")

    assert (await ada.ask("GET", f"/projects/{project}"))["visibility"] == "private"


async def test_what_a_suspended_account_shared_is_not_shown(
    application: Application, nobody: Browser
) -> None:
    async with open_browser(application) as eve:
        await eve.sign_up("eve")
        project = await create(eve, name="Of Eve")
        await share(eve, project, "public")
        assert project in await search(nobody, "query=of%20eve")

        # Somebody has to be left who may.
        await application.accounts.directory.change(eve.account["id"], by=SERVER, is_suspended=True)

    assert await search(nobody, "query=of%20eve") == []
    await nobody.refuse("GET", f"/shared/{project}", code="not_found")
