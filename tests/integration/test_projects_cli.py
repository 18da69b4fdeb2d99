"""Projects from the command line, against a real server of the production profile."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.client import Client
from runyard.testing.server import Server
from tests.integration.test_accounts_cli import PASSWORD, Person, home, served

ID = re.compile(r"[0-9A-Z]{26}")
SCRIPT = "echo hello $1\n"

__all__ = ["home", "served"]


@pytest.fixture(scope="module")
def token(served: Server) -> str:
    ticket = re.search(r"/setup#([\w-]+)", served.log.read_text())
    assert ticket is not None
    with Client(served.url, token="") as client:
        client.accounts.set_up(ticket[1], name="ada", email="ada@example.org", password=PASSWORD)
        scopes = ["projects:read", "projects:write", "executions:read", "executions:write"]
        return client.accounts.create_token("cli", scopes).token


@pytest.fixture
def ada(tmp_path: Path, served: Server) -> Person:
    return Person(tmp_path / "home", served)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a program, hidden files and what tools leave."""
    folder = tmp_path / "work"
    for name, content in {
        "main.sh": SCRIPT,
        "lib/x.sh": "x\n",
        ".env": "hidden",
        "lib/.git/config": "hidden",
        "node_modules/x.js": "left",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def client(served: Server, token: str) -> Iterator[Client]:
    with Client(served.url, token=token) as client:
        yield client


@pytest.fixture
def run(ada: Person, token: str) -> "Runner":
    return Runner(ada, token)


class Runner:
    def __init__(self, person: Person, token: str) -> None:
        self._person = person
        self._token = token

    def __call__(self, *words: object, code: int = 0, lines: tuple[str, ...] = ()) -> str:
        """Return what was printed, or the message where it is to fail."""
        ended = self._person.runyard(*map(str, words), lines=lines, RUNYARD_TOKEN=self._token)
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        return ended.stderr if code else ended.stdout


def create(run: Runner, folder: Path) -> str:
    found = ID.search(run("projects", "create", "Greeter", folder))
    assert found is not None
    return found[0]


def names(client: Client, project: str) -> list[str]:
    newest = client.projects.get(project).revision
    return [file.path for file in client.projects.revision(project, newest).files]


def test_folder_becomes_a_project_that_runs_and_is_found(
    run: Runner, folder: Path, client: Client
) -> None:
    project = create(run, folder)

    assert names(client, project) == ["lib/x.sh", "main.sh"]
    assert run("projects", "run", folder, "--", "you") == "hello you\n"
    assert project in run("projects", "list")
    assert project in {each["id"] for each in json.loads(run("projects", "list", "--json"))}
    shown = run("projects", "view", project)
    assert "Greeter" in shown
    assert "main.sh (14 bytes)" in shown
    assert "is a project already" in run("projects", "create", "again", folder, code=2)
    failing = run("projects", "run", project, "--limit", "wall_seconds=0", code=126)
    assert "wall_seconds" in failing


def test_push_and_pull_keep_two_folders_in_step(
    run: Runner, folder: Path, client: Client, tmp_path: Path
) -> None:
    project, other = create(run, folder), tmp_path / "other"
    run("projects", "pull", project, other)
    assert (other / "main.sh").read_text() == SCRIPT

    (folder / "main.sh").write_text("echo changed\n")
    (folder / "lib/x.sh").unlink()
    (folder / "new").write_bytes(b"\xff\0")
    (folder / "new").chmod(0o755)
    assert "saved revision 2: 2 put, 1 removed" in run("projects", "push", folder)
    assert "nothing was changed" in run("projects", "push", folder)
    assert "2 written, 1 deleted" in run("projects", "pull", other)

    assert (other / "main.sh").read_text() == "echo changed\n"
    assert (other / "new").read_bytes() == b"\xff\0"
    assert (other / "new").stat().st_mode & 0o111
    assert not (other / "lib").exists()
    assert names(client, project) == ["main.sh", "new"]
    assert len(run("projects", "revisions", project).splitlines()) == 2
    compared = run("projects", "diff", project)
    assert "-echo hello $1\n+echo changed\n" in compared
    assert "new differs and is no text" in compared


def test_conflict_says_what_to_do_and_loses_nothing(
    run: Runner, folder: Path, tmp_path: Path
) -> None:
    project, other = create(run, folder), tmp_path / "other"
    run("projects", "pull", project, other)
    (folder / "main.sh").write_text("echo theirs\n")
    run("projects", "push", folder)
    (other / "lib/x.sh").write_text("mine\n")

    refused = run("projects", "push", other, code=126)
    assert "saved since revision 1" in refused
    assert f"runyard projects pull {other}" in refused
    run("projects", "pull", other)
    assert (other / "main.sh").read_text() == "echo theirs\n"
    assert (other / "lib/x.sh").read_text() == "mine\n"
    assert "revision 3" in run("projects", "push", other)

    (folder / "lib/x.sh").write_text("another\n")
    both = run("projects", "pull", folder, code=126)
    assert "Changed here and on the server: lib/x.sh." in both
    assert (folder / "lib/x.sh").read_text() == "another\n"


def test_links_are_not_followed_out_of_the_folder(
    run: Runner, folder: Path, client: Client, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("private\n")
    (folder / "key").symlink_to(secret / "key")
    (folder / "all").symlink_to(secret)
    (folder / "inside").symlink_to("main.sh")
    project = create(run, folder)
    assert names(client, project) == ["inside", "lib/x.sh", "main.sh"]

    client.projects.save(project, base=1, put={"all/key": "x", "key": "x"})
    refused = run("projects", "pull", folder, code=2)

    assert "leads out of" in refused
    assert (secret / "key").read_text() == "private\n"
    (folder / "all").unlink()
    run("projects", "pull", folder)
    assert (folder / "key").read_text() == "x"
    assert (secret / "key").read_text() == "private\n"


def test_hidden_and_excluded_files_stay_where_they_are(
    run: Runner, folder: Path, client: Client
) -> None:
    project = create(run, folder)
    client.projects.save(
        project, base=1, put={".git/hooks/post-checkout": "evil", "logs/a.log": "theirs"}
    )
    manifest = folder / "runyard.toml"
    manifest.write_text(manifest.read_text() + '# mine\nexclude = ["*.log", "/build/"]\n')
    for name in ("b.log", "build/out"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("ours")

    run("projects", "pull", folder)
    run("projects", "push", folder)

    assert not (folder / ".git").exists()
    assert not (folder / "logs").exists()
    assert "# mine" in manifest.read_text()
    assert names(client, project) == [
        ".git/hooks/post-checkout",
        "lib/x.sh",
        "logs/a.log",
        "main.sh",
    ]


@pytest.mark.parametrize(
    "text", ["", "project = 1", "\0", "project = 'x'\nruntime = 'y'\nrevision = true", "= ="]
)
def test_damaged_manifest_is_named(run: Runner, folder: Path, text: str) -> None:
    (folder / "runyard.toml").write_text(text)

    assert "runyard.toml" in run("projects", "push", folder, code=2)


def test_secrets_come_from_stdin_and_never_back(run: Runner, folder: Path, client: Client) -> None:
    (folder / "main.sh").write_text("echo ${#KEY} $KEY | rev\n")
    project = create(run, folder)

    run("projects", "secrets", "set", "KEY", project, lines=("s3cret",))

    assert run("projects", "run", project) == "terc3s 6\n"
    listed = run("projects", "secrets", "list", project)
    assert listed.startswith("KEY  ")
    assert "s3cret" not in listed
    run("projects", "secrets", "delete", "KEY", project)
    assert run("projects", "secrets", "list", project) == ""
    assert client.projects.secrets(project) == ()


def test_data_is_listed_downloaded_and_cleared(run: Runner, folder: Path) -> None:
    (folder / "main.sh").write_text("echo kept > /data/x\n")
    project = create(run, folder)
    run("projects", "rename", project, "--keep-data")
    run("projects", "run", project)

    assert run("projects", "data", "list", project).split() == ["5", "x"]
    assert run("projects", "data", "get", project, "x") == "kept\n"
    assert "--yes" in run("projects", "data", "clear", project, code=2)
    run("projects", "data", "clear", project, "--yes")
    assert run("projects", "data", "list", project) == ""


def test_project_is_shared_forked_starred_thrown_away_and_restored(
    run: Runner, folder: Path, client: Client
) -> None:
    project = create(run, folder)
    run("projects", "rename", project, "Quokka", "--description", "\x1b[31mred")
    run("projects", "share", project, "public", "--tag", "animal")

    assert project in run("gallery", "search", "quokka", "--tag", "animal")
    shown = run("gallery", "view", project)
    assert "Quokka" in shown
    assert "\x1b" not in shown
    assert run("gallery", "view", project, "main.sh") == SCRIPT
    assert run("gallery", "star", project) == "1 stars\n"
    assert run("gallery", "star", project, "--remove") == "0 stars\n"
    fork = ID.search(run("gallery", "fork", project))
    assert fork is not None
    assert client.projects.get(fork[0]).forked_from == project
    run("projects", "delete", project)
    assert project in run("projects", "list", "--trash")
    run("projects", "restore", project)
    client.projects.save(project, base=1, put={"main.sh": "other"})
    assert "revision 3 is as 1 was" in run("projects", "restore", project, "--revision", 1)
    run("projects", "delete", fork[0], "--yes")
    assert "There is no project" in run("projects", "view", fork[0], code=126)


def test_folder_that_was_lost_is_pulled_again(run: Runner, folder: Path) -> None:
    project = create(run, folder)
    shutil.rmtree(folder)

    run("projects", "pull", project, folder)

    assert (folder / "main.sh").read_text() == SCRIPT
