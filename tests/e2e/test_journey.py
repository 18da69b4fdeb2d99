"""From an empty server to a project that runs, as people and their programs do it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyotp
import pytest

from runyard.client import (
    AuthenticationError,
    Client,
    Execution,
    NotFoundError,
    RevisionConflictError,
    Setup,
)
from runyard.testing.server import Server
from tests.integration.serving import environment, reachable

PASSWORD = "a long enough secret"
FILES = {
    "main.py": "import sys\nfrom words import greet\nfrom count import up\nprint(greet(), up(4))\n",
    "words/__init__.py": "from words.greeting import greet\n",
    "words/greeting.py": "def greet():\n    return open('name.txt').read().strip()\n",
    "count.py": "def up(n):\n    return list(range(n))\n",
    "name.txt": "Ada\n",
}
ENDLESS = "import time\nprint('running', flush=True)\ntime.sleep(60)\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = reachable(tmp_path_factory.mktemp("journey"))
    server = Server(directory)
    # With everything that is on where nobody says otherwise.
    settings = environment(directory, RUNYARD_PREPARED_FILES="true")
    server.start(profile="production", environment=settings)
    yield server
    server.stop()


@pytest.fixture
def people(server: Server) -> Iterator[tuple[Client, Client, Client]]:
    with ExitStack() as stack:
        yield tuple(stack.enter_context(Client(server.url, token="")) for _ in range(3))  # type: ignore[misc]


def read_ticket(log: Path) -> str:
    found = re.search(r"/setup#([\w-]+)", log.read_text())
    assert found is not None
    return found[1]


def enrol(client: Client) -> pyotp.TOTP:
    totp = pyotp.TOTP(client.accounts.offer_totp(PASSWORD).secret)
    assert len(client.accounts.confirm_totp(totp.now())) == 10
    return totp


def find_and_fork(ada: Client, bob: Client, project_id: str, first: Execution) -> None:
    """Private, it does not exist for the other one; public, he finds it and has his own."""
    for ask in (
        lambda: bob.projects.get(project_id),
        lambda: bob.projects.run(project_id),
        lambda: bob.projects.archive(project_id, 1),
        lambda: bob.get(first.id),
    ):
        with pytest.raises(NotFoundError):
            ask()
    ada.projects.share(project_id, "public", tags=["counting"])
    [found] = bob.projects.search("count", language="python", tag="counting").items
    assert bob.projects.star(found.key) == 1
    fork = bob.projects.fork(found.key)
    assert (fork.forked_from, fork.revision) == (project_id, 1)
    assert bob.wait(bob.projects.run(fork.id).id).stdout == first.stdout
    assert bob.projects.read(found.key).owner == "ada"
    copy = bob.projects.load_archive("Copy", "python3", ada.projects.archive(project_id, 4))
    assert bob.wait(bob.projects.run(copy.id).id).stdout == first.stdout


def test_journey(server: Server, people: tuple[Client, Client, Client]) -> None:
    admin, ada, bob = people
    admin.accounts.set_up(
        read_ticket(server.log), name="chief", email="chief@example.org", password=PASSWORD
    )
    invitation = admin.admin.invite(email="ada@example.org")
    ada.accounts.sign_up(
        name="ada", email="ada@example.org", password=PASSWORD, invitation=invitation.ticket
    )
    totp = enrol(ada)
    with pytest.raises(AuthenticationError) as refused:
        ada.accounts.log_in("ada", PASSWORD)
    assert refused.value.code == "totp_required"
    assert totp.secret

    project = ada.projects.create("Counting", Setup(runtime="python3", entry="main.py"), FILES)
    first = ada.wait(ada.projects.run(project.id).id)
    assert first.stdout == b"Ada [0, 1, 2, 3]\n"
    assert (first.project, first.revision) == (project.id, 1)

    ada.projects.save(project.id, base=1, put={"main.py": ENDLESS})
    endless = ada.projects.run(project.id)
    assert ada.projects.run(project.id).id == endless.id
    ada.projects.save(project.id, base=2, put={"main.py": FILES["main.py"], "name.txt": "Bob\n"})
    changed = ada.wait(ada.projects.run(project.id).id)
    assert changed.stdout == b"Bob [0, 1, 2, 3]\n"
    assert ada.wait(endless.id).outcome == "superseded"

    with pytest.raises(RevisionConflictError) as conflict:
        ada.projects.save(project.id, base=2, put={"main.py": ""})
    assert conflict.value.revision == 3
    restored = ada.projects.restore(project.id, 1, base=3)
    assert (restored.number, restored.restored_from) == (4, 1)
    assert [each.number for each in ada.projects.revisions(project.id).items] == [4, 3, 2, 1]
    shown = ada.projects.revision(project.id, 4, contents=True)
    assert {file.path: (file.content or b"").decode() for file in shown.files} == FILES

    admin.admin.create(name="bob", email="bob@example.org", password=PASSWORD)
    bob.accounts.log_in("bob", PASSWORD)
    find_and_fork(ada, bob, project.id, first)

    assert ada.projects.rename(project.id, name="Counted").name == "Counted"
    assert [each.name for each in ada.projects.list().items] == ["Counted"]
    names = zipfile.ZipFile(io.BytesIO(ada.accounts.export())).namelist()
    assert f"projects/{project.id}/files/words/greeting.py" in names
    assert ada.projects.throw_away(project.id).deleted_at is not None
    assert [each.id for each in ada.projects.list(trash=True).items] == [project.id]
    assert ada.projects.take_back(project.id).deleted_at is None
    ada.projects.throw_away(project.id)
    ada.projects.delete(project.id)
    with pytest.raises(NotFoundError):
        ada.projects.get(project.id)
