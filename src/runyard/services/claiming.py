"""Whether executions may be claimed here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ClaimGate:
    """Held while executions are claimed, so that `close` can wait for a claim that is under way:
    none happens after it has returned.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.is_open = True

    @asynccontextmanager
    async def pass_through(self) -> AsyncIterator[bool]:
        """Yield whether to claim."""
        async with self._lock:
            yield self.is_open

    async def close(self) -> None:
        self.is_open = False
        async with self._lock:
            pass

    def open(self) -> None:
        self.is_open = True
