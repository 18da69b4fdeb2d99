"""The synchronous client, method by method the asynchronous one without terminals."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

import httpx

from runyard.client import wire
from runyard.client.async_client import RECONNECT_COUNT_MAX, RECONNECT_SECONDS, WAIT_SECONDS
from runyard.client.errors import ConnectionFailedError
from runyard.client.models import Event, Execution, ExecutionPage, Files, RunOptions, Runtime
from runyard.client.server_sent_events import EventReader
from runyard.client.sync_connection import Connection

if TYPE_CHECKING:
    from runyard.client.faq_models import Faq
    from runyard.client.sync_accounts import Accounts
    from runyard.client.sync_administration import Administration
    from runyard.client.sync_projects import Projects


class Client:
    """Talks to a Runyard server.

    Args:
        server: The server's address; else the variable RUNYARD_SERVER, else 127.0.0.1:8080.
        token: An API token or an access token; else the variable RUNYARD_TOKEN. "" sends none.
        transport: Replaces the network.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.server = wire.choose_server(server).rstrip("/")
        self._connection = Connection(
            self.server, token=wire.choose_token(token), transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_class: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    @cached_property
    def accounts(self) -> Accounts:
        """Getting in and out, and one's own account."""
        from runyard.client.sync_accounts import Accounts  # noqa: PLC0415 - see AsyncClient

        return Accounts(self._connection)

    @cached_property
    def projects(self) -> Projects:
        """One's projects."""
        from runyard.client.sync_projects import Projects  # noqa: PLC0415 - see AsyncClient

        return Projects(self._connection)

    @cached_property
    def admin(self) -> Administration:
        """Accounts and invitations, for administrators."""
        from runyard.client.sync_administration import (  # noqa: PLC0415 - see AsyncClient
            Administration,
        )

        return Administration(self._connection)

    def run(self, runtime: str, files: Files, **options: Unpack[RunOptions]) -> Execution:
        """Submit and wait for the end, however long it takes.

        Args:
            runtime: A runtime's id or alias, "python" for example.
            files: A mapping of path to content, or SourceFile values, or paths to read.
            options: The fields of RunOptions.

        Returns:
            The finished execution. That the program failed is in its outcome.
        """
        body = wire.render_submission(runtime, files, options, wait=WAIT_SECONDS)
        execution = wire.parse_execution(self._connection.call("POST", wire.EXECUTIONS, json=body))
        return execution if execution.is_finished else self.wait(execution.id)

    def submit(self, runtime: str, files: Files, **options: Unpack[RunOptions]) -> Execution:
        """Submit and return at once with the queued execution."""
        body = wire.render_submission(runtime, files, options)
        return wire.parse_execution(self._connection.call("POST", wire.EXECUTIONS, json=body))

    def get(self, execution_id: str) -> Execution:
        return wire.parse_execution(self._connection.call("GET", wire.execution_path(execution_id)))

    def wait(self, execution_id: str) -> Execution:
        """Return the execution once it is finished."""
        for _ in self.events(execution_id):
            pass
        return self.get(execution_id)

    def list(self, *, limit: int = 20, before: str | None = None) -> ExecutionPage:
        query = {"limit": str(limit)} | ({} if before is None else {"before": before})
        return wire.parse_page(self._connection.call("GET", wire.EXECUTIONS, params=query))

    def cancel(self, execution_id: str) -> Execution:
        path = wire.execution_path(execution_id, "/cancel")
        return wire.parse_execution(self._connection.call("POST", path))

    def write_stdin(self, execution_id: str, data: str | bytes = b"", *, eof: bool = False) -> None:
        """Feed an interactive execution; `eof` closes its stdin after the data."""
        text, encoding = wire.render_content(data)
        body = {"data": text, "encoding": encoding, "eof": eof}
        self._connection.call("POST", wire.execution_path(execution_id, "/stdin"), json=body)

    def artifact(self, execution_id: str, name: str) -> bytes:
        """Return the content of a file the program left."""
        return self._connection.download(wire.artifact_path(execution_id, name))

    def runtimes(self) -> Sequence[Runtime]:
        return [
            wire.parse_runtime(entry)
            for entry in self._connection.call("GET", wire.RUNTIMES)["items"]
        ]

    def runtime(self, name: str) -> Runtime:
        return wire.parse_runtime(self._connection.call("GET", wire.runtime_path(name)))

    def faq(self, runtime: str | None = None) -> Faq:
        """Return what people ask often, about everything and about one runtime."""
        from runyard.client import faq_wire  # noqa: PLC0415 - see AsyncClient

        query = wire.render_given(runtime=runtime)
        return faq_wire.parse_faq(self._connection.call("GET", faq_wire.FAQ, params=query))

    def events(self, execution_id: str, *, after: int = 0) -> Iterator[Event]:
        """Yield what happens to the execution until it is finished, past events first.

        A broken connection is taken up again where it broke off.
        """
        failures = 0
        while True:
            try:
                for event in self._events_once(execution_id, after):
                    after, failures = event.sequence, 0
                    yield event
                    if event.kind == "finished":
                        return
            except ConnectionFailedError:
                if failures >= RECONNECT_COUNT_MAX:
                    raise
            else:
                if self.get(execution_id).is_finished:
                    return
            failures += 1
            time.sleep(RECONNECT_SECONDS * failures)

    def _events_once(self, execution_id: str, after: int) -> Iterator[Event]:
        reader = EventReader()
        path = wire.execution_path(execution_id, "/events")
        headers = {"Last-Event-ID": str(after)}
        with self._connection.stream(path, headers) as response:
            for chunk in response.iter_bytes():
                yield from reader.feed(chunk)
