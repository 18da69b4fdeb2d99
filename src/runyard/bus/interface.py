"""The port for live events. The store is the truth: losing the bus loses no execution."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

from runyard.domain.events import Event, EventKind


class Bus(Protocol):
    def publish(self, execution_id: str, kind: EventKind, data: dict[str, Any]) -> None:
        """Append one event to the execution's numbered sequence; never blocks. Bounded: beyond
        the bound the oldest output events of that execution are dropped and followers see a gap
        in the numbers.
        """
        ...

    def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield the events with a sequence above `after`, past ones first, until and including
        FINISHED. For an execution the bus does not know it waits; callers look in the store.
        """
        ...

    def close(self, execution_id: str) -> None:
        """Forget a finished execution's events after its followers had a grace period."""
        ...

    def send_control(self, execution_id: str, message: dict[str, Any]) -> None:
        """Hand a control message (cancel, stdin, eof, resize, signal) to whoever runs it."""
        ...

    def controls(self, execution_id: str) -> AsyncIterator[dict[str, Any]]:
        """Yield control messages; early ones are kept until the first reader comes."""
        ...

    def wake(self) -> None:
        """Tell workers that something was queued."""
        ...

    async def wait_for_work(self, seconds_max: float) -> None:
        """Return at the next wake, or after `seconds_max`."""
        ...

    async def aclose(self) -> None: ...
