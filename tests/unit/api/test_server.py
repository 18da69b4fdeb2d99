"""The listening socket and the way a server ends."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from fastapi import FastAPI

from runyard.api.server import (
    ListenError,
    address_of,
    listen,
    open_socket,
    refuse_beyond_loopback,
    stop_signals,
)
from runyard.client import AsyncClient
from runyard.domain.errors import InvalidRequestError
from tests.unit.api.fakes import FakeApplication

DEADLINE_SECONDS = 10.0


def test_port_in_use_is_said_before_anything_starts() -> None:
    with open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

        with pytest.raises(ListenError, match=rf"port {port}: .*in use.*--port"):
            open_socket("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1", "x" * 300])
def test_host_that_is_not_ours_is_said(host: str) -> None:
    with pytest.raises(ListenError):
        open_socket(host, 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_listening_beyond_loopback_is_refused(host: str) -> None:
    with (
        open_socket(host, 0) as listener,
        pytest.raises(InvalidRequestError, match="--profile production"),
    ):
        refuse_beyond_loopback(listener, host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_listening_on_loopback_is_fine(host: str) -> None:
    with open_socket(host, 0) as listener:
        refuse_beyond_loopback(listener, host)
        address = address_of(listener)

    assert address.startswith(("http://127.0.0.1:", "http://[::1]:"))


@pytest.fixture
async def stopped() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def address(app: FastAPI, stopped: asyncio.Event) -> AsyncIterator[str]:
    listener = open_socket("127.0.0.1", 0)
    address = address_of(listener)
    serving = asyncio.create_task(listen(app, listener, stopped=stopped, drain_seconds=5))
    yield address
    stopped.set()
    async with asyncio.timeout(DEADLINE_SECONDS):
        await serving


async def test_server_answers_and_a_stop_ends_open_event_streams(
    address: str, stopped: asyncio.Event
) -> None:
    async with AsyncClient(address) as client, asyncio.timeout(DEADLINE_SECONDS):
        execution = await client.submit("python3", {"main.py": ""})
        async with httpx.AsyncClient(base_url=address) as http:
            path = f"/api/v1/executions/{execution.id}/events"
            async with http.stream("GET", path) as answer:
                stopped.set()
                content = await answer.aread()

    assert answer.status_code == 200
    assert b"finished" not in content


async def test_terminal_over_the_network(address: str, application: FakeApplication) -> None:
    async with AsyncClient(address) as client, asyncio.timeout(DEADLINE_SECONDS):
        execution = await client.submit("python3", {"main.py": ""}, interactive=True)
        async with client.terminal(execution.id) as terminal:
            await terminal.write(b"a")
            await terminal.close_stdin()
            kinds = [event.kind async for event in terminal]

    assert kinds == ["state", "output", "finished"]
    assert application.executions.stdin == [b"a"]


async def test_body_without_end_is_cut_off(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    with socket.socket() as raw:
        raw.setblocking(False)
        await loop.sock_connect(raw, (host, int(port)))
        head = (
            "POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await loop.sock_sendall(raw, head.encode())
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        # Reads all the while: what was sent before the connection is reset may be lost afterwards.
        receiving = asyncio.create_task(loop.sock_recv(raw, 4096))
        async with asyncio.timeout(DEADLINE_SECONDS):
            with suppress(ConnectionError):
                for _ in range(12):
                    await loop.sock_sendall(raw, chunk)
            answer = await receiving

    assert answer.startswith(b"HTTP/1.1 413")


async def test_signals_call_stop_each_time() -> None:
    calls: asyncio.Queue[int] = asyncio.Queue()

    with stop_signals(lambda: calls.put_nowait(1)):
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(os.getpid(), number)
            async with asyncio.timeout(DEADLINE_SECONDS):
                await calls.get()

    assert calls.empty()
