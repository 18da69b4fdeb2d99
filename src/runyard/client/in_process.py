"""Carries requests and WebSockets to an ASGI application in this process.

It streams as a network would; httpx's own transport hands over only complete responses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from runyard.client.errors import ConnectionFailedError
from runyard.client.terminal import refusal_of

Message = MutableMapping[str, Any]
AsgiApplication = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
CLIENT_ADDRESS = ("127.0.0.1", 0)


class InProcessTransport(httpx.AsyncBaseTransport):
    """A transport for `AsyncClient(transport=...)`."""

    def __init__(self, application: AsgiApplication) -> None:
        self._application = application

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(await request.aread())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, request.url.port or 80),
            "client": CLIENT_ADDRESS,
            "root_path": "",
        }
        await exchange.start(self._application, scope)
        return httpx.Response(exchange.status, headers=exchange.headers, stream=exchange)

    def open_websocket(self, url: str, headers: Mapping[str, str]) -> InProcessWebSocket:
        return InProcessWebSocket(self._application, url, headers)


class _Exchange(httpx.AsyncByteStream):
    """One request under way: the application runs as a task and fills a queue."""

    def __init__(self, body: bytes) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self._body: bytes | None = body
        self._started = asyncio.Event()
        self._gone = asyncio.Event()
        # Bounded, so that a fast program does not fill memory behind a slow reader.
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=64)
        self._running: asyncio.Task[None] | None = None

    async def start(self, application: AsgiApplication, scope: Message) -> None:
        self._running = asyncio.create_task(self._run(application, scope))
        try:
            await self._started.wait()
        except asyncio.CancelledError:
            await self.aclose()
            raise
        if not self.headers and self._running.done():
            self._running.result()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            yield chunk
        assert self._running is not None
        await self._running

    async def aclose(self) -> None:
        self._gone.set()
        if self._running is not None and not self._running.done():
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def _run(self, application: AsgiApplication, scope: Message) -> None:
        try:
            await application(scope, self._receive, self._send)
        finally:
            self._started.set()
            if not self._gone.is_set():
                await self._chunks.put(None)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
            self._started.set()
        elif message.get("body"):
            await self._chunks.put(message["body"])


class InProcessWebSocket:
    """The client's end of a WebSocket of the application."""

    def __init__(self, application: AsgiApplication, url: str, headers: Mapping[str, str]) -> None:
        self._application = application
        self._url = urlsplit(url)
        self._headers = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
        self._to_application: asyncio.Queue[Message] = asyncio.Queue()
        self._from_application: asyncio.Queue[Message] = asyncio.Queue(maxsize=64)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "headers": [(b"host", self._url.netloc.encode()), *self._headers],
            "scheme": "ws",
            "path": self._url.path,
            "raw_path": self._url.path.encode(),
            "query_string": self._url.query.encode(),
            "server": (self._url.hostname, self._url.port or 80),
            "client": CLIENT_ADDRESS,
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
            "root_path": "",
        }
        self._to_application.put_nowait({"type": "websocket.connect"})
        self._running = asyncio.create_task(self._run(scope))
        message = await self._from_application.get()
        if message["type"] == "websocket.http.response.start":
            body = await self._read_answer()
            await self.__aexit__()
            raise refusal_of(message["status"], body)
        if message["type"] != "websocket.accept":
            await self.__aexit__()
            reason = message.get("reason") or f"code {message.get('code')}"
            raise ConnectionFailedError(f"The terminal was refused: {reason}.")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._to_application.put_nowait({"type": "websocket.disconnect", "code": 1000})
        assert self._running is not None
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running

    async def send(self, message: str | bytes) -> None:
        key = "bytes" if isinstance(message, bytes) else "text"
        self._to_application.put_nowait({"type": "websocket.receive", key: message})

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (message := await self._from_application.get())["type"] == "websocket.send":
            yield message["bytes"] if message.get("bytes") is not None else message["text"]
        if message.get("code", 1000) not in (1000, 1001):
            raise ConnectionFailedError(
                f"The terminal was closed: {message.get('reason') or 'no reason given'}."
            )

    async def _read_answer(self) -> bytes:
        body = b""
        while (message := await self._from_application.get())["type"].endswith("response.body"):
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return body

    async def _run(self, scope: Message) -> None:
        try:
            await self._application(scope, self._to_application.get, self._from_application.put)
        finally:
            with suppress(asyncio.QueueFull):
                self._from_application.put_nowait({"type": "websocket.close", "code": 1000})
