"""How a terminal is opened: with the client's token, and not to anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runyard.client import AsyncClient, AuthenticationError, ClientError, InProcessTransport

TOKEN = "secret-token"
REFUSAL = json.dumps({"status": 401, "code": "invalid_token", "detail": "The token is old."})


class _Application:
    """Says what it was asked, then refuses with a problem."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.headers = dict(scope["headers"])
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
        await send({"type": "websocket.http.response.body", "body": REFUSAL.encode()})


async def test_terminal_in_this_process_carries_the_token() -> None:
    application = _Application()
    transport = InProcessTransport(application)
    async with AsyncClient("http://127.0.0.1", token=TOKEN, transport=transport) as client:
        with pytest.raises(AuthenticationError, match="The token is old"):
            async with client.terminal("x"):
                pass

    assert application.headers[b"authorization"] == f"Bearer {TOKEN}".encode()


@asynccontextmanager
async def listening(answer: Callable[[], bytes]) -> AsyncIterator[tuple[str, list[bytes]]]:
    asked: list[bytes] = []

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def render(status: str, body: str = "", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", body]).encode()


async def test_terminal_over_the_network_carries_the_token() -> None:
    async with (
        listening(lambda: render("401 Unauthorized", REFUSAL)) as (server, asked),
        AsyncClient(server, token=TOKEN) as client,
    ):
        with pytest.raises(AuthenticationError) as caught:
            async with client.terminal("x"):
                pass

    assert caught.value.code == "invalid_token"
    assert f"authorization: bearer {TOKEN}" in asked[0].decode().lower()


async def test_terminal_follows_no_redirect() -> None:
    async with listening(lambda: render("404 Not Found")) as (elsewhere, asked):
        location = f"ws{elsewhere.removeprefix('http')}/"
        async with (
            listening(lambda: render("302 Found", location=location)) as (server, _),
            AsyncClient(server, token=TOKEN) as client,
        ):
            with pytest.raises(ClientError) as caught:
                async with client.terminal("x"):
                    pass

    assert not asked
    assert TOKEN not in str(caught.value)
