"""A server that is killed while somebody saves has the old or the new revision, whole."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from runyard.testing.server import Server
from tests.integration.serving import environment, reachable

API = "/api/v1"
PASSWORD = "a long enough secret"
FILE_COUNT = 40
ROUNDS = 3
# Killed in the middle of the save that follows this many.
SAVES_BEFORE = 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    reachable(tmp_path)
    server = Server(tmp_path)
    yield server
    if server.is_running():
        server.stop()


def start(server: Server) -> None:
    settings = environment(server.data.parent, RUNYARD_POOL_COUNT_MAX="0")
    server.start(profile="production", environment=settings)


def content(number: int) -> list[dict[str, str]]:
    """Files that all name the revision they belong to."""
    return [{"path": f"{n}.txt", "content": f"{number} " * 2000} for n in range(FILE_COUNT)]


@contextmanager
def sign_in(server: Server) -> Iterator[httpx.Client]:
    """Make the account if there is none yet."""
    with httpx.Client(base_url=server.url, timeout=30) as http:
        http.headers["Authorization"] = f"Bearer {_get_token(http, server)}"
        yield http


def _get_token(http: httpx.Client, server: Server) -> str:
    tickets = re.findall(r"/setup#([\w-]+)", server.log.read_text())
    body = {"name": "ada", "email": "ada@example.org", "password": PASSWORD, "login": "ada"}
    fields = ("login", "password")
    answer = http.post(f"{API}/auth/login", json={name: body[name] for name in fields})
    if answer.status_code != 200:
        del body["login"]
        answer = http.post(f"{API}/auth/setup", json=body | {"ticket": tickets[-1]})
    return str(answer.json()["access_token"])


def save_until_killed(http: httpx.Client, project: str, saved: threading.Event, base: int) -> None:
    number = base
    while True:
        try:
            answer = http.post(
                f"{API}/projects/{project}/revisions",
                json={"put": content(number + 1)},
                headers={"If-Match": f'"{number}"'},
            )
        except httpx.TransportError:
            return
        number = answer.json()["number"]
        if number >= base + SAVES_BEFORE:
            saved.set()


def kill_while_saving(server: Server, project: str, base: int) -> None:
    saved = threading.Event()
    with sign_in(server) as http:
        saving = threading.Thread(target=save_until_killed, args=(http, project, saved, base))
        saving.start()
        assert saved.wait(60)
        server.kill()
        saving.join(60)


def test_project_is_whole_after_a_kill(server: Server) -> None:
    start(server)
    with sign_in(server) as http:
        body = {"name": "p", "setup": {"runtime": "bash"}, "files": content(1)}
        project = http.post(f"{API}/projects", json=body).json()["project"]["id"]
    newest = 1

    for _ in range(ROUNDS):
        kill_while_saving(server, project, newest)
        start(server)
        with sign_in(server) as http:
            shown = http.get(f"{API}/projects/{project}").json()
            path = f"{API}/projects/{project}/revisions/{shown['revision']}"
            files = http.get(path, params={"contents": True}).json()["files"]

        assert shown["revision"] >= newest + SAVES_BEFORE
        assert len(files) == FILE_COUNT
        assert {each["content"] for each in files} == {content(shown["revision"])[0]["content"]}
        newest = shown["revision"]
