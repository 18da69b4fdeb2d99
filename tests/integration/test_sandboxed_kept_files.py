"""/data in real sandboxes: where programs find it, and who else does not."""

import re
from collections.abc import Iterator

import pytest

from runyard.client import Client, Setup
from runyard.testing.server import Server
from tests.integration.serving import reachable, serve

PASSWORD = "a long enough secret"
COUNTS = """
import pathlib
n = pathlib.Path("/data/n")
n.write_text(str(int(n.read_text()) + 1 if n.exists() else 1))
print(n.read_text())
"""
COMPILED = """
#include <stdio.h>
#if __has_include("/data/x") || __has_include("/work/.data/x")
#error the compiler sees the data
#endif
int main(void) { FILE *f = fopen("/data/x", "a+"); fputs("x", f); rewind(f);
    int n = 0; while (getc(f) != EOF) n++; printf("%d\\n", n); return fclose(f); }
"""
HOSTILE = {
    "unreadable folder": "mkdir /data/x; echo > /data/x/y; chmod 0 /data/x",
    "unreadable file": "echo > /data/x; chmod 0 /data/x",
    "link in its place": "rm -r /work/.data; ln -s /etc /work/.data",
    "many small files": "cd /data; for i in $(seq 3000); do : > $i; done",
    "sparse": "truncate -s 60M /data/x",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = reachable(tmp_path_factory.mktemp("data"))
    with serve(directory, profile="production") as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Server) -> Iterator[Client]:
    ticket = re.search(r"/setup#([\w-]+)", served.log.read_text())
    assert ticket is not None
    with Client(served.url, token="") as client:
        client.accounts.set_up(ticket[1], name="ada", email="ada@example.org", password=PASSWORD)
        yield client


def make(client: Client, runtime: str, **files: str) -> str:
    contents: dict[str, str | bytes] = {
        name.replace("_", "."): content for name, content in files.items()
    }
    project = client.projects.create("p", Setup(runtime=runtime), contents)
    client.projects.keep_data(project.id)
    return project.id


def run(client: Client, project: str, **options: object) -> tuple[str, str | None]:
    """Return what the program printed, and the message."""
    started = client.projects.run(project, **options)  # type: ignore[arg-type]
    ended = client.wait(started.id)
    assert ended.outcome == "succeeded", ended
    return ended.steps[-1].stdout.decode(), ended.message


def test_interpreted_program_finds_what_it_left(client: Client) -> None:
    project = make(client, "python", main_py=COUNTS)

    assert [run(client, project) for _ in range(3)] == [
        ("1\n", None),
        ("2\n", None),
        ("3\n", None),
    ]
    assert client.projects.read_data(project, "n") == b"3"


def test_compiled_program_finds_it_and_the_compiler_does_not(client: Client) -> None:
    project = make(client, "c", main_c=COMPILED)

    assert [run(client, project)[0] for _ in range(2)] == ["1\n", "2\n"]
    changed: dict[str, str | bytes] = {"main.c": COMPILED + "/* compiled anew */"}
    client.projects.save(project, base=1, put=changed)
    assert run(client, project) == ("3\n", None)


def test_execution_without_it_has_none(client: Client) -> None:
    script = "test -e /data; echo $?; test -e /work/.data; echo $?; ls -A"
    ended = client.run("bash", files={"main.sh": script})

    assert ended.steps[0].stdout == b"1\n1\nmain.sh\n"


@pytest.mark.parametrize("attack", HOSTILE)
def test_what_cannot_all_be_kept_leaves_what_was_there(client: Client, attack: str) -> None:
    project = make(client, "bash", main_sh="echo before > /data/n")
    run(client, project)
    client.projects.save(project, base=1, put={"main.sh": HOSTILE[attack]})

    _, message = run(client, project)

    assert message is not None
    assert "/data was not kept" in message
    assert client.projects.read_data(project, "n") == b"before\n"
    assert [each.path for each in client.projects.data(project)] == ["n"]
