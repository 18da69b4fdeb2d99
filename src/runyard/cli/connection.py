"""The client a verb talks through: a server's, or one inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from runyard.cli.local import Invocation
from runyard.cli.output import UsageError
from runyard.client.async_client import AsyncClient

# The name under which the server in this process accepts requests.
EMBEDDED_SERVER = "http://127.0.0.1"

Answer = TypeVar("Answer")


@asynccontextmanager
async def open_client(
    invocation: Invocation, *, keep_records: bool = False
) -> AsyncIterator[AsyncClient]:
    """`keep_records` is for who asks after executions of other times, and must see them all."""
    if invocation.server:
        async with AsyncClient(invocation.server) as client:
            yield client
        return
    if invocation.local is None:
        raise UsageError(
            "No server is named and none is installed here. Set RUNYARD_SERVER or --server, "
            "or install the server: pip install 'runyard[server]'."
        )
    async with (
        invocation.local.open_transport(keep_records=keep_records) as transport,
        AsyncClient(EMBEDDED_SERVER, transport=transport) as client,
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
