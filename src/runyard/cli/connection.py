"""The client a verb talks through: a server's, or one inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlsplit

import typer

from runyard.cli.local import Invocation
from runyard.cli.output import UsageError
from runyard.client.async_client import AsyncClient
from runyard.client.sync_client import Client

# The name under which the server in this process accepts requests.
EMBEDDED_SERVER = "http://127.0.0.1"

Answer = TypeVar("Answer")


@asynccontextmanager
async def open_client(
    invocation: Invocation, *, keep_records: bool = False
) -> AsyncIterator[AsyncClient]:
    """`keep_records` is for who asks after executions of other times, and must see them all."""
    if invocation.server:
        from runyard.cli.credentials import find_token  # noqa: PLC0415 - only for a server

        token = find_token(invocation.server)
        async with AsyncClient(invocation.server, token=token) as client:
            yield client
        return
    if invocation.local is None:
        raise UsageError(
            "No server is named and none is installed here. Set RUNYARD_SERVER or --server, "
            "or install the server: pip install 'runyard[server]'."
        )
    async with (
        invocation.local.open_transport(keep_records=keep_records) as transport,
        # No account is known in here, whatever RUNYARD_TOKEN says.
        AsyncClient(EMBEDDED_SERVER, token="", transport=transport) as client,
    ):
        yield client


def talk(
    invocation: Invocation,
    conversation: Callable[[AsyncClient], Awaitable[Answer]],
    *,
    keep_records: bool = False,
) -> Answer:
    """Hold a conversation with the server from start to end."""

    async def hold() -> Answer:
        async with open_client(invocation, keep_records=keep_records) as client:
            return await conversation(client)

    return asyncio.run(hold())


def require_server(invocation: Invocation, named: str | None = None) -> str:
    """Return the server that was named for this verb, or for all of them."""
    server = (named or invocation.server or "").rstrip("/")
    if not server:
        raise UsageError("No server is named. Set RUNYARD_SERVER or --server.")
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UsageError(f"{server} is not a server's address; it begins with https:// or http://.")
    return server


def connect_as_known(context: typer.Context) -> Client:
    """Open the client of the server that was named, with the token that is kept for it."""
    from runyard.cli.credentials import find_token  # noqa: PLC0415 - only for a server

    server = require_server(context.obj)
    return connect(server, token=find_token(server))


def connect(server: str, *, token: str) -> Client:
    """Open the client of a verb that asks a person: it waits without an event loop, so that Ctrl-C
    ends it at once.
    """
    return Client(server, token=token)
