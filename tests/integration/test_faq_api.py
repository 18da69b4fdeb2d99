"""What people ask often: read by everybody, changed by administrators."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runyard.bootstrap import Application
from runyard.domain.account import Role
from runyard.domain.audit import SERVER
from runyard.services.accounts.sign_up import Applicant
from runyard.services.faq import load_shipped
from tests.integration.test_accounts_api import PASSWORD, Browser, open_browser, open_world

OWN = [
    {"question": "Wo läuft das? 🐍", "answer": "Hier.\n\n- `a`\n- \"b\"\n\t\\ <script> 'x'"},
    {"question": "q" * 200, "answer": "ä" * 4000},
]


@pytest.fixture(scope="module")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    async with open_world(tmp_path_factory.mktemp("faq")) as application:
        applicant = Applicant(name="chief", email="chief@example.org", password=PASSWORD)
        await application.accounts.sign_up.create(applicant, role=Role.ADMIN, by=SERVER)
        yield application


@pytest.fixture
async def admin(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.log_in("chief")
        for item in (await browser.ask("GET", "/admin/faq"))["items"]:
            await browser.ask("DELETE", f"/admin/faq/{item['name']}")
        yield browser


@pytest.fixture
async def nobody(application: Application, admin: Browser) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


async def audited(admin: Browser) -> list[Any]:
    found = await admin.ask("GET", "/admin/audit?action=faq&limit=1")
    return [
        (each["action"], each["target"], each["before"], each["after"]) for each in found["items"]
    ]


async def test_shipped_answers_are_given_for_a_runtime_named_by_an_alias(nobody: Browser) -> None:
    found = await nobody.ask("GET", "/faq?runtime=PY3")
    general = await nobody.ask("GET", "/faq")

    assert found["runtime_id"] == "python"
    assert found["runtime"][0]["question"] == load_shipped()["python"][0].question
    assert found["general"] == general["general"]
    assert (general["runtime"], general["runtime_id"]) == (None, None)
    assert len(general["general"]) == len(load_shipped()["general"])


async def test_runtime_without_a_list_has_none_and_an_unknown_one_is_refused(
    nobody: Browser,
) -> None:
    found = await nobody.ask("GET", "/faq?runtime=awk")

    assert (found["runtime"], found["runtime_id"]) == ([], "awk")
    await nobody.refuse("GET", "/faq?runtime=nonsense", code="unknown_runtime")


@pytest.mark.parametrize(
    ("path", "name", "export"),
    [
        ("/admin/faq", "general", "/admin/faq/general"),
        ("/admin/faq/py3", "python", "/admin/faq/python"),
        ("/admin/faq/awk", "awk", "/admin/faq/awk"),
    ],
)
async def test_import_gives_back_what_was_imported(
    admin: Browser, nobody: Browser, path: str, name: str, export: str
) -> None:
    shipped = await admin.ask("GET", export)

    replaced = await admin.ask("PUT", path, OWN)
    exported = await admin.ask("GET", export)
    again = await admin.ask("PUT", path, exported)
    read = await nobody.ask("GET", f"/faq?runtime={'' if name == 'general' else name}")
    reset = await admin.ask("DELETE", path)

    assert exported == OWN
    assert (replaced["name"], replaced["entries"], replaced["version"]) == (name, OWN, 1)
    assert (again["entries"], again["version"]) == (OWN, 2)
    assert read["general" if name == "general" else "runtime"] == OWN
    assert (reset["entries"], reset["version"]) == (shipped, 0)
    assert await admin.ask("GET", export) == shipped


async def test_changes_are_in_the_audit_log(admin: Browser) -> None:
    await admin.ask("PUT", "/admin/faq/python", OWN[:1])
    changed = await audited(admin)
    await admin.ask("DELETE", "/admin/faq/python")
    reset = await audited(admin)
    await admin.ask("DELETE", "/admin/faq/python")

    assert changed == [("faq.change", "faq of python", None, OWN[:1])]
    assert reset == [("faq.reset", "faq of python", OWN[:1], None)]
    assert await audited(admin) == reset, "nothing was changed"


async def test_an_empty_list_takes_the_place_of_the_shipped_one(
    admin: Browser, nobody: Browser
) -> None:
    await admin.ask("PUT", "/admin/faq", [])

    assert (await nobody.ask("GET", "/faq"))["general"] == []


async def test_import_on_an_old_version_changes_nothing(admin: Browser) -> None:
    await admin.ask("PUT", "/admin/faq", OWN)
    headers = {"Authorization": f"Bearer {admin.token}"}

    statuses = []
    for base in (0, 1, 1):
        answer = await admin.http.put(
            "/api/v1/admin/faq", json=OWN[:1], headers=headers | {"If-Match": f'"{base}"'}
        )
        statuses.append(answer.status_code)

    assert statuses == [412, 200, 412]


@pytest.mark.parametrize(
    "content",
    [
        b'[{"question": "\\ud800", "answer": "x"}]',
        b'[{"question": "a\\u0000", "answer": "x"}]',
        b'[{"question": "a", "answer": "\\u0000"}]',
        b'[{"question": "a", "answer": "\\u001b[2J"}]',
        b'[{"question": "a\\nb", "answer": "x"}]',
        b'[{"question": "", "answer": "x"}]',
        b'[{"question": "a", "answer": ""}]',
        b'[{"question": "a", "answer": 1}]',
        b'[{"question": "a"}]',
        b'[{"question": "a", "answer": "x", "more": 1}]',
        b'{"question": "a", "answer": "x"}',
        b"null",
        b"[" * 5000,
        b'[{"question": "' + b"q" * 201 + b'", "answer": "x"}]',
        b'[{"question": "a", "answer": "' + b"x" * 4001 + b'"}]',
        b"[" + b",".join([b'{"question": "a", "answer": "x"}'] * 51) + b"]",
    ],
)
async def test_what_is_no_list_is_refused_and_nothing_is_lost(
    admin: Browser, content: bytes
) -> None:
    await admin.ask("PUT", "/admin/faq", OWN)
    headers = {"Authorization": f"Bearer {admin.token}", "Content-Type": "application/json"}

    answer = await admin.http.put("/api/v1/admin/faq", content=content, headers=headers)

    assert answer.status_code in {400, 422}, answer.text
    assert await admin.ask("GET", "/admin/faq/general") == OWN
