"""A terminal on a running execution, over a WebSocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from runyard.client.errors import (
    ClientError,
    ConnectionFailedError,
    UnexpectedAnswerError,
    build_error,
)
from runyard.client.models import Event
from runyard.client.wire import build_problem

OPEN_SECONDS_MAX = 10.0


class WebSocket(Protocol):
    async def send(self, message: str | bytes) -> None: ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...


class Terminal:
    """Write to the program and iterate over its events; iteration ends when it has finished."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    async def write(self, data: bytes) -> None:
        await self._socket.send(data)

    async def close_stdin(self) -> None:
        await self._send(type="eof")

    async def resize(self, rows: int, columns: int) -> None:
        await self._send(type="resize", rows=rows, columns=columns)

    async def send_signal(self, number: int) -> None:
        await self._send(type="signal", number=number)

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for message in self._socket:
            yield _parse(message)

    async def _send(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))


def open_websocket(url: str) -> AbstractAsyncContextManager[WebSocket]:
    """Connect over the network; the library for it is part of the server extra."""
    try:
        from websockets.asyncio.client import connect  # noqa: PLC0415 - optional
        from websockets.exceptions import WebSocketException  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ClientError(
            "A terminal needs the package 'websockets': pip install websockets"
        ) from error

    @asynccontextmanager
    async def opened() -> AsyncIterator[WebSocket]:
        try:
            async with connect(url, open_timeout=OPEN_SECONDS_MAX, compression=None) as socket:
                yield socket
        except (OSError, WebSocketException) as error:
            raise ConnectionFailedError(f"The terminal at {url} failed: {error}") from error

    return opened()


def _parse(message: str | bytes) -> Event:
    try:
        body = json.loads(message)
        if body["type"] == "problem":
            problem = build_problem(body["data"], status=int(body["data"]["status"]))
            raise build_error(problem)
        return Event(sequence=body.get("sequence", 0), kind=body["type"], data=body["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswerError("The terminal sent a malformed message.") from error
