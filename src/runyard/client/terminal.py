"""A terminal on a running execution, over a WebSocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import httpx

from runyard.client.errors import (
    ApiError,
    ClientError,
    ConnectionFailedError,
    UnexpectedAnswerError,
    build_error,
)
from runyard.client.models import Event
from runyard.client.wire import build_problem, parse_problem

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


def open_websocket(url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[WebSocket]:
    """Connect over the network; the library for it is part of the server extra."""
    try:
        from websockets.asyncio.client import connect  # noqa: PLC0415 - optional
        from websockets.exceptions import (  # noqa: PLC0415 - optional
            InvalidStatus,
            WebSocketException,
        )
    except ImportError as error:
        raise ClientError(
            "A terminal needs the package 'websockets': pip install websockets"
        ) from error

    class Direct(connect):
        """Follows no redirect: what is sent is for this server only."""

        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    @asynccontextmanager
    async def opened() -> AsyncIterator[WebSocket]:
        try:
            async with Direct(
                url,
                additional_headers=dict(headers),
                open_timeout=OPEN_SECONDS_MAX,
                compression=None,
            ) as socket:
                yield socket
        except InvalidStatus as error:
            answer = error.response
            raise refusal_of(answer.status_code, bytes(answer.body or b"")) from error
        except (OSError, WebSocketException) as error:
            raise ConnectionFailedError(f"The terminal at {url} failed: {error}") from error

    return opened()


def refusal_of(status: int, body: bytes) -> ApiError:
    """Return what an answer stands for that came in place of a WebSocket."""
    return build_error(parse_problem(httpx.Response(status, content=body)))


def _parse(message: str | bytes) -> Event:
    try:
        body = json.loads(message)
        if body["type"] == "problem":
            problem = build_problem(body["data"], status=int(body["data"]["status"]))
            raise build_error(problem)
        return Event(sequence=body.get("sequence", 0), kind=body["type"], data=body["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnexpectedAnswerError("The terminal sent a malformed message.") from error
