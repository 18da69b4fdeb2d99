"""What administrators keep and see, from the command line and the SDK, against a real server."""

import json
from pathlib import Path

import pytest

from runyard.client import AsyncClient, FaqEntry, RevisionConflictError
from runyard.testing.server import Server
from tests.integration.test_accounts_cli import ADMIN, LINK, PASSWORD, Person, home, log_in, served

USER = "ulla"

__all__ = ["home", "served"]


@pytest.fixture(scope="module")
def admin(home: Path, served: Server) -> Person:
    person = Person(home / "admin", served)
    found = LINK.search(served.log.read_text())
    assert found
    lines = (ADMIN, "maria@example.org", PASSWORD)
    ended = person.runyard("set-up", found[1], "--admin", lines=lines)
    assert ended.returncode == 0, ended.stderr
    with log_in(person) as client:
        client.admin.create(name=USER, email=f"{USER}@example.org", password=PASSWORD)
    return person


def test_export_is_imported_and_reset(admin: Person, tmp_path: Path) -> None:
    shipped = admin.runyard("admin", "faq", "export", "py3")
    assert shipped.returncode == 0, shipped.stderr
    changed = [*json.loads(shipped.stdout), {"question": "Neu?", "answer": "Ja.\n\nJa."}]
    file = tmp_path / "faq.json"
    file.write_text(json.dumps(changed))

    imported = admin.runyard("admin", "faq", "import", str(file), "python")
    exported = admin.runyard("admin", "faq", "export", "python")
    again = admin.runyard("admin", "faq", "import", "-", "python", lines=(exported.stdout,))
    shown = admin.runyard("faq", "python")
    general = admin.runyard("faq")
    reset = admin.runyard("admin", "faq", "reset", "python")

    assert imported.stdout == again.stdout == f"python has {len(changed)} questions\n"
    assert json.loads(exported.stdout) == changed
    assert shown.stdout.endswith("## Neu?\n\nJa.\n\nJa.\n")
    assert general.stdout.startswith("## What runs here?\n")
    assert reset.stdout.startswith(f"python has the {len(changed) - 1} questions")
    assert admin.runyard("admin", "faq", "export", "python").stdout == shipped.stdout


@pytest.mark.parametrize("text", ["{", "[1]", '[{"question": "x"}]', '{"question": 1}', "[" * 9999])
def test_file_that_is_no_list_is_said(admin: Person, tmp_path: Path, text: str) -> None:
    file = tmp_path / "faq.json"
    file.write_text(text)

    ended = admin.runyard("admin", "faq", "import", str(file))

    assert ended.returncode == 2
    assert str(file) in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_both_clients_keep_the_same_lists(admin: Person) -> None:
    entries = [FaqEntry(question="Q", answer="A")]
    with log_in(admin) as client:
        token = client.accounts.create_token("faq", ["admin"]).token
        kept = client.admin.faq.replace(entries, "awk", base=0)
        async with AsyncClient(admin.served.url, token=token) as other:
            assert (await other.admin.faq.list())[0].name == "general"
            assert list(await other.admin.faq.list()) == list(client.admin.faq.list())
            assert await other.admin.faq.entries("awk") == client.admin.faq.entries("awk")
            assert await other.faq("awk") == client.faq("awk")
            with pytest.raises(RevisionConflictError):
                await other.admin.faq.replace(entries, "awk", base=0)
            assert (await other.admin.faq.replace(entries, "awk", base=kept.version)).version == 2
            assert (await other.admin.faq.reset("awk")).entries == ()
            assert await other.admin.overview() == client.admin.overview()
            assert await other.admin.executions.list() == client.admin.executions.list()


def test_runs_of_an_account_are_listed_and_stopped(admin: Person) -> None:
    with log_in(admin, USER) as client:
        # Longer than all commands below take together.
        options = {"interactive": True, "limits": {"wall_seconds": 60.0}}
        ids = [client.submit("bash", {"main.sh": "cat"}, **options).id for _ in range(6)]
        listed = admin.runyard("admin", "runs", "list", "--owner", USER)
        as_json = admin.runyard("admin", "runs", "list", "--owner", USER, "--json")
        one = admin.runyard("admin", "runs", "stop", ids[0])
        stopped = admin.runyard("admin", "runs", "stop", "--owner", USER)
        outcomes = {client.wait(each).outcome for each in ids}
        since = admin.runyard("admin", "runs", "list", "--since", "2999-01-01")

    assert [line.split()[:2] for line in listed.stdout.splitlines()] == [
        [each, USER] for each in reversed(ids)
    ]
    assert {each["owner"] for each in json.loads(as_json.stdout)} == {USER}
    assert one.stdout == f"{ids[0]} has ended: cancelled\n", one.stderr
    assert stopped.stdout == f"5 executions of {USER} are stopped\n", stopped.stderr
    assert outcomes == {"cancelled"}
    assert since.stdout == ""
    overview = admin.runyard("admin", "overview")
    assert "cancelled" in overview.stdout.splitlines()[1] or "nothing" in overview.stdout


@pytest.mark.parametrize("words", [(), ("01JD0000000000000000000000", "--owner", USER)])
def test_stop_wants_either_an_id_or_an_owner(admin: Person, words: tuple[str, ...]) -> None:
    assert admin.runyard("admin", "runs", "stop", *words).returncode == 2


def test_user_may_do_none_of_it(admin: Person, tmp_path: Path) -> None:
    user = Person(tmp_path, admin.served)
    assert user.runyard("login", lines=(USER, PASSWORD)).returncode == 0

    ended = [
        user.runyard("admin", *words)
        for words in (("overview",), ("runs", "list"), ("faq", "reset"), ("faq", "export"))
    ]

    assert {each.returncode for each in ended} == {126}
