"""The port for live events. The store is the truth: losing the bus loses no execution."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Protocol

from runyard.domain.events import Event, EventKind


class Bus(Protocol):
    def publish(self, execution_id: str, kind: EventKind, data: dict[str, Any]) -> None:
        """Append one event to the execution's numbered sequence; never blocks. Bounded: beyond
        the bound the oldest output events of that execution are dropped and followers see a gap
        in the numbers.
        """
        ...

    def skip_to(self, execution_id: str, sequence: int) -> None:
        """Give the next event a number above `sequence`; for a further attempt, whose former
        events this bus may have lost.
        """
        ...

    async def history(self, execution_id: str) -> list[Event]:
        """Return what a follower would see at once."""
        ...

    def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Yield the events with a sequence above `after`, past ones first, until and including
        FINISHED. For an execution the bus does not know it waits; callers look in the store
        after this call, and miss nothing.
        """
        ...

    def finished(self, execution_id: str) -> Awaitable[None]:
        """Return what is done once FINISHED was published; like `follow`, for who needs no more."""
        ...

    def is_watched(self, execution_id: str) -> bool:
        """Whether somebody may be following now. A bus that does not know says yes."""
        ...

    def close(self, execution_id: str) -> None:
        """Forget a finished execution's events after its followers had a grace period."""
        ...

    def send_control(self, execution_id: str, message: dict[str, Any]) -> None:
        """Hand a control message to whoever runs it; JSON-compatible, its "kind" one of cancel,
        stdin ("data" in base64), eof, resize ("rows", "columns"), signal ("number"). Raises
        BusyError when too much is unread.
        """
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
