"""Following an execution: server-sent events and the terminal's WebSocket."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from runyard.api.streams import MESSAGE_BYTES_MAX
from runyard.client.errors import (
    ApiError,
    AuthenticationError,
    ConnectionFailedError,
    NotFoundError,
)
from runyard.client.in_process import InProcessWebSocket
from runyard.domain.identifiers import new_identifier
from tests.unit.api.fakes import FakeApplication
from tests.unit.api.test_executions import EXECUTIONS, hello, problem

DEADLINE_SECONDS = 5.0
FINISHED = b'id: 3\nevent: finished\ndata: {"outcome":"succeeded","message":null}\n\n'


async def submit(http: httpx.AsyncClient, **fields: Any) -> str:
    execution_id: str = (await http.post(EXECUTIONS, json=hello(**fields))).json()["id"]
    return execution_id


async def test_events_are_streamed_while_the_program_runs(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    execution_id = await submit(http)
    seen = b""

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        http.stream("GET", f"{EXECUTIONS}/{execution_id}/events") as answer,
    ):
        async for chunk in answer.aiter_raw():
            seen += chunk
            if b"id: 2\n" in seen:
                application.executions.finish.set()

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert seen.startswith(b"id: 1\nevent: state\ndata: {")
    assert '"text":"hé\\n"'.encode() in seen
    assert seen.endswith(FINISHED)


@pytest.mark.parametrize(
    "place", [{"params": {"after": "2"}}, {"headers": {"Last-Event-ID": "2"}}], ids=str
)
async def test_events_resume_after_the_last_one_seen(
    http: httpx.AsyncClient, application: FakeApplication, place: dict[str, dict[str, str]]
) -> None:
    execution_id = await submit(http)
    application.executions.finish.set()

    answer = await http.get(f"{EXECUTIONS}/{execution_id}/events", **place)

    assert answer.content == FINISHED


async def test_events_after_the_end_tell_the_browser_to_stop(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    execution_id = await submit(http, wait=1)
    application.executions.finish.set()

    answer = await http.get(f"{EXECUTIONS}/{execution_id}/events?after=3")

    assert answer.status_code == 204


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "9" * 30])
async def test_events_after_something_else_than_a_number_are_refused(
    http: httpx.AsyncClient, value: str
) -> None:
    execution_id = await submit(http)

    problem(
        await http.get(f"{EXECUTIONS}/{execution_id}/events?after={value}"), 422, "invalid_request"
    )


async def test_events_of_unknown_execution_are_not_found(http: httpx.AsyncClient) -> None:
    problem(await http.get(f"{EXECUTIONS}/{new_identifier()}/events"), 404, "not_found")


async def test_events_end_when_the_server_stops(http: httpx.AsyncClient, app: FastAPI) -> None:
    execution_id = await submit(http)

    async with asyncio.timeout(DEADLINE_SECONDS):
        async with http.stream("GET", f"{EXECUTIONS}/{execution_id}/events") as answer:
            app.state.stopping.set()
            content = await answer.aread()

    assert b"finished" not in content


async def test_silence_is_filled_with_heartbeats(
    http: httpx.AsyncClient, application: FakeApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.api.streams.HEARTBEAT_SECONDS", 0.001)
    execution_id = await submit(http)
    seen = b""

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        http.stream("GET", f"{EXECUTIONS}/{execution_id}/events") as answer,
    ):
        async for chunk in answer.aiter_raw():
            seen += chunk
            if b": heartbeat\n\n" in seen:
                application.executions.finish.set()

    assert seen.endswith(FINISHED)


def open_terminal(app: FastAPI, execution_id: str, **fields: str) -> InProcessWebSocket:
    host = fields.get("host", "127.0.0.1")
    query = fields.get("query", "")
    url = f"ws://{host}{EXECUTIONS}/{execution_id}/terminal{query}"
    return InProcessWebSocket(app, url, headers={})


async def test_terminal_carries_both_directions_until_the_end(
    http: httpx.AsyncClient, app: FastAPI, application: FakeApplication
) -> None:
    execution_id = await submit(http, interactive=True, terminal={"rows": 5, "columns": 6})
    application.executions.busy_times = 1

    async with asyncio.timeout(DEADLINE_SECONDS), open_terminal(app, execution_id) as socket:
        await socket.send(b"\xff")
        await socket.send(json.dumps({"type": "stdin", "data": "a"}))
        await socket.send(json.dumps({"type": "resize", "rows": 7, "columns": 8}))
        await socket.send(json.dumps({"type": "signal", "number": 2}))
        await socket.send(json.dumps({"type": "eof"}))
        received = [json.loads(message) async for message in socket]

    assert application.executions.stdin == [b"\xff", b"a"]
    assert application.executions.controls == [(7, 8), 2, "eof"]
    assert [message["type"] for message in received] == ["state", "output", "finished"]
    assert received[1]["data"]["text"] == "hé\n"


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        "{}",
        '{"type":"format"}',
        '{"type":"resize","rows":0,"columns":1}',
        '{"type":"resize","rows":true,"columns":1}',
        '{"type":"signal","number":65}',
        '{"type":"eof","more":1}',
        '{"type":"stdin","data":"!","encoding":"base64"}',
        "x" * (MESSAGE_BYTES_MAX + 1),
        b"x" * (MESSAGE_BYTES_MAX + 1),
    ],
)
async def test_terminal_closes_with_a_problem_after_a_wrong_message(
    http: httpx.AsyncClient, app: FastAPI, application: FakeApplication, message: str | bytes
) -> None:
    execution_id = await submit(http, interactive=True)

    received: list[dict[str, Any]] = []

    async with asyncio.timeout(DEADLINE_SECONDS), open_terminal(app, execution_id) as socket:
        await socket.send(message)
        with pytest.raises(ConnectionFailedError) as caught:
            await _read_into(received, socket)

    code = "too_large" if len(message) > MESSAGE_BYTES_MAX else "invalid_request"
    assert str(caught.value) == f"The terminal was closed: {code}."
    assert (received[-1]["type"], received[-1]["data"]["code"]) == ("problem", code)
    assert not application.executions.controls


async def _read_into(received: list[dict[str, Any]], socket: InProcessWebSocket) -> None:
    async for message in socket:
        received.append(json.loads(message))  # noqa: PERF401 - what came before an error counts


@pytest.mark.parametrize(
    ("fields", "opened", "code"),
    [
        ({"interactive": True}, {"host": "evil.example"}, "host_not_allowed"),
        ({"interactive": True}, {"query": "?after=x"}, "invalid_request"),
        ({}, {}, "conflict"),
    ],
    ids=["foreign host", "wrong query", "not interactive"],
)
async def test_terminal_is_refused(
    http: httpx.AsyncClient,
    app: FastAPI,
    fields: dict[str, Any],
    opened: dict[str, str],
    code: str,
) -> None:
    execution_id = await submit(http, **fields)

    with pytest.raises(ApiError) as caught:
        async with open_terminal(app, execution_id, **opened):
            pass

    assert caught.value.problem.code == code


@pytest.mark.parametrize("execution_id", ["x", "01JD0000000000000000000000"])
async def test_terminal_of_unknown_execution_is_refused(app: FastAPI, execution_id: str) -> None:
    with pytest.raises(NotFoundError):
        async with open_terminal(app, execution_id):
            pass


async def test_terminal_without_anonymous_running_is_refused(
    http: httpx.AsyncClient, app: FastAPI, application: FakeApplication
) -> None:
    execution_id = await submit(http, interactive=True)
    application.live_settings.is_anonymous_allowed = False

    with pytest.raises(AuthenticationError):
        async with open_terminal(app, execution_id):
            pass


async def test_terminal_closes_when_the_server_stops(http: httpx.AsyncClient, app: FastAPI) -> None:
    execution_id = await submit(http, interactive=True)

    async with asyncio.timeout(DEADLINE_SECONDS), open_terminal(app, execution_id) as socket:
        app.state.stopping.set()
        received = [json.loads(message) async for message in socket]

    assert "finished" not in [message["type"] for message in received]
