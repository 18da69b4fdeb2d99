"""The asynchronous client. The synchronous one has the same shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from runyard.client import wire
from runyard.client.async_connection import AsyncConnection
from runyard.client.errors import ConnectionFailedError
from runyard.client.in_process import InProcessTransport
from runyard.client.models import Event, Execution, ExecutionPage, Files, RunOptions, Runtime
from runyard.client.server_sent_events import EventReader
from runyard.client.terminal import Terminal, WebSocket, open_websocket

if TYPE_CHECKING:
    from runyard.client.async_accounts import AsyncAccounts
    from runyard.client.async_administration import AsyncAdministration
    from runyard.client.async_projects import AsyncProjects
    from runyard.client.faq_models import Faq

WAIT_SECONDS = 30.0
RECONNECT_COUNT_MAX = 8
RECONNECT_SECONDS = 0.25


class AsyncClient:
    """Talks to a Runyard server.

    Args:
        server: The server's address; else the variable RUNYARD_SERVER, else 127.0.0.1:8080.
        token: An API token or an access token; else the variable RUNYARD_TOKEN. "" sends none.
        transport: Replaces the network, `InProcessTransport(application)` for example.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.server = wire.choose_server(server).rstrip("/")
        self._transport = transport
        self._connection = AsyncConnection(
            self.server, token=wire.choose_token(token), transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._connection.aclose()

    # Loaded when they are asked for: who runs a program waits for neither.
    @cached_property
    def accounts(self) -> AsyncAccounts:
        """Getting in and out, and one's own account."""
        from runyard.client.async_accounts import AsyncAccounts  # noqa: PLC0415

        return AsyncAccounts(self._connection)

    @cached_property
    def projects(self) -> AsyncProjects:
        """One's projects."""
        from runyard.client.async_projects import AsyncProjects  # noqa: PLC0415 - see AsyncClient

        return AsyncProjects(self._connection)

    @cached_property
    def admin(self) -> AsyncAdministration:
        """Accounts and invitations, for administrators."""
        from runyard.client.async_administration import AsyncAdministration  # noqa: PLC0415

        return AsyncAdministration(self._connection)

    async def run(self, runtime: str, files: Files, **options: Unpack[RunOptions]) -> Execution:
        """Submit and wait for the end, however long it takes.

        Args:
            runtime: A runtime's id or alias, "python" for example.
            files: A mapping of path to content, or SourceFile values, or paths to read.
            options: The fields of RunOptions.

        Returns:
            The finished execution. That the program failed is in its outcome.
        """
        body = wire.render_submission(runtime, files, options, wait=WAIT_SECONDS)
        execution = wire.parse_execution(
            await self._connection.call("POST", wire.EXECUTIONS, json=body)
        )
        return execution if execution.is_finished else await self.wait(execution.id)

    async def submit(self, runtime: str, files: Files, **options: Unpack[RunOptions]) -> Execution:
        """Submit and return at once with the queued execution."""
        body = wire.render_submission(runtime, files, options)
        return wire.parse_execution(await self._connection.call("POST", wire.EXECUTIONS, json=body))

    async def get(self, execution_id: str) -> Execution:
        return wire.parse_execution(
            await self._connection.call("GET", wire.execution_path(execution_id))
        )

    async def wait(self, execution_id: str) -> Execution:
        """Return the execution once it is finished."""
        async for _ in self.events(execution_id):
            pass
        return await self.get(execution_id)

    async def list(self, *, limit: int = 20, before: str | None = None) -> ExecutionPage:
        query = {"limit": str(limit)} | ({} if before is None else {"before": before})
        return wire.parse_page(await self._connection.call("GET", wire.EXECUTIONS, params=query))

    async def cancel(self, execution_id: str) -> Execution:
        path = wire.execution_path(execution_id, "/cancel")
        return wire.parse_execution(await self._connection.call("POST", path))

    async def write_stdin(
        self, execution_id: str, data: str | bytes = b"", *, eof: bool = False
    ) -> None:
        """Feed an interactive execution; `eof` closes its stdin after the data."""
        text, encoding = wire.render_content(data)
        body = {"data": text, "encoding": encoding, "eof": eof}
        await self._connection.call("POST", wire.execution_path(execution_id, "/stdin"), json=body)

    async def artifact(self, execution_id: str, name: str) -> bytes:
        """Return the content of a file the program left."""
        return await self._connection.download(wire.artifact_path(execution_id, name))

    async def runtimes(self) -> Sequence[Runtime]:
        body = await self._connection.call("GET", wire.RUNTIMES)
        return [wire.parse_runtime(entry) for entry in body["items"]]

    async def runtime(self, name: str) -> Runtime:
        return wire.parse_runtime(await self._connection.call("GET", wire.runtime_path(name)))

    async def faq(self, runtime: str | None = None) -> Faq:
        """Return what people ask often, about everything and about one runtime."""
        from runyard.client import faq_wire  # noqa: PLC0415 - see AsyncClient

        query = wire.render_given(runtime=runtime)
        return faq_wire.parse_faq(await self._connection.call("GET", faq_wire.FAQ, params=query))

    async def events(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield what happens to the execution until it is finished, past events first.

        A broken connection is taken up again where it broke off.
        """
        failures = 0
        while True:
            try:
                async for event in self._events_once(execution_id, after):
                    after, failures = event.sequence, 0
                    yield event
                    if event.kind == "finished":
                        return
            except ConnectionFailedError:
                if failures >= RECONNECT_COUNT_MAX:
                    raise
            else:
                if (await self.get(execution_id)).is_finished:
                    return
            failures += 1
            await asyncio.sleep(RECONNECT_SECONDS * failures)

    @asynccontextmanager
    async def terminal(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Terminal]:
        """Open the terminal of an interactive execution."""
        if self._connection.has_session:
            # A request renews an access token that has expired; a WebSocket would be refused.
            await self.get(execution_id)
        path = wire.execution_path(execution_id, f"/terminal?after={after}")
        async with self._open_websocket(f"ws{self.server.removeprefix('http')}{path}") as socket:
            yield Terminal(socket)

    def _open_websocket(self, url: str) -> AbstractAsyncContextManager[WebSocket]:
        if isinstance(self._transport, InProcessTransport):
            return self._transport.open_websocket(url, self._connection.authorization)
        return open_websocket(url, self._connection.authorization)

    async def _events_once(self, execution_id: str, after: int) -> AsyncIterator[Event]:
        reader = EventReader()
        path = wire.execution_path(execution_id, "/events")
        headers = {"Last-Event-ID": str(after)}
        async with self._connection.stream(path, headers) as response:
            async for chunk in response.aiter_bytes():
                for event in reader.feed(chunk):
                    yield event
