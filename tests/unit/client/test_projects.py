"""Each call about projects: what is sent, and what is made of the answer, by both clients."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from runyard.client import AsyncClient, Client, Setup
from runyard.client.async_projects import AsyncProjects
from runyard.client.sync_projects import Projects

WHEN = "2026-01-02T03:04:05Z"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROJECT = {
    "id": "P",
    "name": "n",
    "description": "",
    "runtime": "bash",
    "revision": 2,
    "file_count": 1,
    "size_bytes": 3,
    "created_at": WHEN,
    "updated_at": WHEN,
    "deleted_at": None,
    "visibility": "private",
    "link": None,
    "tags": ["t"],
    "star_count": 3,
    "forked_from": None,
    "keeps_data": False,
}
SETUP = {
    "runtime": "bash",
    "entry": None,
    "args": ["a"],
    "stdin": "/w==",
    "stdin_encoding": "base64",
    "env": {"A": "b"},
}
REVISION = {
    "number": 2,
    "created_at": WHEN,
    "fingerprint": "f",
    "restored_from": 1,
    "setup": SETUP,
    "files": [
        {
            "path": "a",
            "size_bytes": 1,
            "executable": True,
            "hash": "h",
            "content": "/w==",
            "encoding": "base64",
        }
    ],
}
EXECUTION = {
    "id": "E",
    "state": "queued",
    "outcome": None,
    "message": None,
    "attempt": 0,
    "runtime": "bash",
    "entry": "a",
    "project": "P",
    "revision": 2,
    "created_at": WHEN,
    "started_at": None,
    "finished_at": None,
}
SUMMARY = {
    "key": "K",
    "name": "n",
    "description": "",
    "owner": "ada",
    "runtime": "bash",
    "tags": ["t"],
    "star_count": 3,
    "forked_from": None,
}
PAGE = {"items": [PROJECT], "next_before": 7}


@dataclass(frozen=True)
class Call:
    """`check` looks at what the client returned."""

    make: Callable[[Any], Any]
    asks: str
    body: Any
    answer: Any
    check: Callable[[Any], bool]
    base: str | None = None


CALLS = [
    Call(
        lambda projects: projects.create(
            "n", Setup(runtime="bash", args=("a",), stdin=b"\xff", env={"A": "b"}), {"a": "x"}
        ),
        "POST /projects",
        {
            "name": "n",
            "description": "",
            "setup": SETUP,
            "files": [{"path": "a", "content": "x", "encoding": "utf-8"}],
        },
        {"project": PROJECT, "revision": REVISION},
        lambda found: (found.id, found.created_at, found.deleted_at) == ("P", MOMENT, None),
    ),
    Call(
        lambda projects: projects.get("a/b"),
        "GET /projects/a%2Fb",
        None,
        PROJECT | {"deleted_at": WHEN},
        lambda found: found.deleted_at == MOMENT,
    ),
    Call(
        lambda projects: projects.list(limit=3, before=9, trash=True),
        "GET /projects?limit=3&trash=true&before=9",
        None,
        PAGE,
        lambda found: (found.items[0].name, found.next_before) == ("n", 7),
    ),
    Call(
        lambda projects: projects.rename("P", name="m"),
        "PATCH /projects/P",
        {"name": "m", "description": None},
        PROJECT | {"name": "m"},
        lambda found: found.name == "m",
    ),
    Call(
        lambda projects: projects.save("P", base=1, remove=["x"], move={"a": "b"}),
        "POST /projects/P/revisions",
        {
            "put": [],
            "remove": ["x"],
            "move": [{"source": "a", "target": "b"}],
            "setup": None,
            "replaces": False,
        },
        REVISION,
        lambda found: (
            (found.number, found.restored_from, found.setup.stdin) == (2, 1, b"\xff")
            and (found.files[0].content, found.files[0].executable) == (b"\xff", True)
        ),
        base='"1"',
    ),
    Call(
        lambda projects: projects.revision("P", 2, contents=True),
        "GET /projects/P/revisions/2?contents=true",
        None,
        REVISION,
        lambda found: found.files[0].hash == "h",
    ),
    Call(
        lambda projects: projects.revisions("P", before=5),
        "GET /projects/P/revisions?limit=20&before=5",
        None,
        {"items": [REVISION | {"files": []}], "next_before": None},
        lambda found: (found.items[0].files, found.next_before) == ((), None),
    ),
    Call(
        lambda projects: projects.restore("P", 1, base=2),
        "POST /projects/P/revisions/1/restore",
        None,
        REVISION,
        lambda found: found.number == 2,
        base='"2"',
    ),
    Call(
        lambda projects: projects.run("P", revision=2, stdin="x"),
        "POST /projects/P/run",
        {"revision": 2, "stdin": "x", "stdin_encoding": "utf-8"},
        EXECUTION,
        lambda found: (found.id, found.project, found.revision) == ("E", "P", 2),
    ),
    Call(
        lambda projects: projects.keep_data("P"),
        "PATCH /projects/P",
        {"keeps_data": True},
        PROJECT | {"keeps_data": True},
        lambda found: found.keeps_data,
    ),
    Call(
        lambda projects: projects.data("P"),
        "GET /projects/P/data",
        None,
        {"items": [{"path": "a/b", "size_bytes": 2, "executable": True}]},
        lambda found: [(each.path, each.size_bytes) for each in found] == [("a/b", 2)],
    ),
    Call(
        lambda projects: projects.read_data("P", "a/b c"),
        "GET /projects/P/data/a/b%20c",
        None,
        b"kept",
        lambda found: found == b"kept",
    ),
    Call(
        lambda projects: projects.delete_data("P", "a"),
        "DELETE /projects/P/data/a",
        None,
        None,
        lambda found: found is None,
    ),
    Call(
        lambda projects: projects.clear_data("P"),
        "DELETE /projects/P/data",
        None,
        None,
        lambda found: found is None,
    ),
    Call(
        lambda projects: projects.secrets("P"),
        "GET /projects/P/secrets",
        None,
        {"items": [{"name": "KEY", "updated_at": WHEN}]},
        lambda found: [(each.name, each.updated_at) for each in found] == [("KEY", MOMENT)],
    ),
    Call(
        lambda projects: projects.set_secret("P", "KEY", "v"),
        "PUT /projects/P/secrets/KEY",
        {"value": "v"},
        {"name": "KEY", "updated_at": WHEN},
        lambda found: found.name == "KEY",
    ),
    Call(
        lambda projects: projects.delete_secret("P", "a/b"),
        "DELETE /projects/P/secrets/a%2Fb",
        None,
        None,
        lambda found: found is None,
    ),
    Call(
        lambda projects: projects.share("P", "unlisted", tags=("t",)),
        "PATCH /projects/P/sharing",
        {"visibility": "unlisted", "tags": ["t"]},
        PROJECT | {"visibility": "unlisted", "link": "L"},
        lambda found: (found.visibility, found.link, found.tags) == ("unlisted", "L", ("t",)),
    ),
    Call(
        lambda projects: projects.search("x", tag="t", sort="stars"),
        "GET /gallery?query=x&tag=t&sort=stars&limit=24&offset=0",
        None,
        {"items": [SUMMARY], "next_offset": 24},
        lambda found: (found.items[0].owner, found.next_offset) == ("ada", 24),
    ),
    Call(
        lambda projects: projects.read("K"),
        "GET /shared/K",
        None,
        SUMMARY | {"starred": True, "revision": REVISION},
        lambda found: (found.starred, found.revision.number, found.tags) == (True, 2, ("t",)),
    ),
    Call(
        lambda projects: projects.fork("K"),
        "POST /shared/K/fork",
        None,
        {"project": PROJECT | {"forked_from": "K"}, "revision": REVISION},
        lambda found: found.forked_from == "K",
    ),
    Call(
        lambda projects: projects.star("K", starred=False),
        "DELETE /shared/K/star",
        None,
        {"star_count": 2},
        lambda found: found == 2,
    ),
    Call(
        lambda projects: projects.throw_away("P"),
        "DELETE /projects/P",
        None,
        PROJECT,
        lambda found: found.id == "P",
    ),
    Call(
        lambda projects: projects.take_back("P"),
        "POST /projects/P/take-back",
        None,
        PROJECT,
        lambda found: found.id == "P",
    ),
    Call(
        lambda projects: projects.delete("P"),
        "POST /projects/P/delete",
        None,
        None,
        lambda found: found is None,
    ),
    Call(
        lambda projects: projects.archive("P", 2),
        "GET /projects/P/revisions/2/archive",
        None,
        b"zip",
        lambda found: found == b"zip",
    ),
    Call(
        lambda projects: projects.load_archive("n", "bash", b"zip"),
        "POST /project-imports?name=n&runtime=bash",
        b"zip",
        {"project": PROJECT, "revision": REVISION},
        lambda found: found.id == "P",
    ),
]


def answering(call: Call, seen: list[httpx.Request]) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(call.answer, bytes):
            return httpx.Response(200, content=call.answer)
        return httpx.Response(204) if call.answer is None else httpx.Response(200, json=call.answer)

    return httpx.MockTransport(answer)


def check(call: Call, request: httpx.Request) -> None:
    asked = f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1')}"
    assert asked == call.asks
    if isinstance(call.body, bytes):
        assert request.content == call.body
    else:
        assert (json.loads(request.content) if request.content else None) == call.body
    assert request.headers.get("if-match") == call.base


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.asks)
def test_call_is_sent_and_its_answer_understood(call: Call) -> None:
    seen: list[httpx.Request] = []

    with Client("http://x", token="", transport=answering(call, seen)) as client:
        found = call.make(client.projects)

    check(call, seen[0])
    assert call.check(found)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.asks)
async def test_asynchronous_client_does_the_same(call: Call) -> None:
    seen: list[httpx.Request] = []

    async with AsyncClient("http://x", token="", transport=answering(call, seen)) as client:
        found = await call.make(client.projects)

    check(call, seen[0])
    assert call.check(found)


def test_both_clients_have_the_same_calls() -> None:
    def calls(cls: type) -> set[str]:
        return {name for name in vars(cls) if not name.startswith("_")}

    assert calls(Projects) == calls(AsyncProjects)
    assert len(calls(Projects)) == len(CALLS)
