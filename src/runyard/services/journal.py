"""Tells followers what happens in one attempt, in order, and nothing too early.

Output becomes visible only after the store knows that something was exchanged: from then on the
attempt is never repeated. Output is held for a moment and joined, so that a program that prints
line by line makes few events, and one that ends soon costs the store no extra write, because its
finish records the exchange as well. The first output is not held where somebody watches, and held
for longer where nobody does.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from runyard.bus.interface import Bus
from runyard.domain.events import Event, EventKind, last_sequence

_HOLD_SECONDS = 0.008
# Below what a person who begins to watch notices, above what a short program takes from its output
# to its end beside others.
_UNWATCHED_HOLD_SECONDS = 0.05
_CHUNK_BYTES_MAX = 64 * 1024


class Notes(Protocol):
    """Where a step reports to."""

    def note(self, kind: EventKind, fields: dict[str, Any]) -> None: ...

    def output(self, stream: str, data: bytes) -> None: ...


class SilentNotes:
    """For runs that nobody follows."""

    def note(self, kind: EventKind, fields: dict[str, Any]) -> None: ...

    def output(self, stream: str, data: bytes) -> None: ...


class Journal:
    """`record_exchange` makes the store's mark; it returns False if the lease was lost, and then
    nothing that was held is ever published.
    """

    def __init__(
        self, bus: Bus, execution_id: str, *, record_exchange: Callable[[], Awaitable[bool]]
    ) -> None:
        self._bus = bus
        self._execution_id = execution_id
        self._record_exchange = record_exchange
        self._held: list[tuple[EventKind, dict[str, Any]] | _Output] = []
        self._is_exchanged = False
        self._exchange = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[bool] | None = None
        self._text = _TextStreams()

    def note(self, kind: EventKind, fields: dict[str, Any]) -> None:
        if self._held:
            self._held.append((kind, fields))
        else:
            self._publish_rests(kind)
            self._bus.publish(self._execution_id, kind, fields)

    def output(self, stream: str, data: bytes) -> None:
        last = self._held[-1] if self._held else None
        if isinstance(last, _Output) and last.fits(stream, data):
            last.data += data
        else:
            self._held.append(_Output(stream, data))
        if self._timer is None and self._opening is None and self._is_wanted_now():
            self._release()
        elif self._timer is None:
            hold = _HOLD_SECONDS if self._is_exchanged else _UNWATCHED_HOLD_SECONDS
            self._timer = asyncio.get_running_loop().call_later(hold, self._release)

    async def exchange(self) -> bool:
        """Record that something is about to pass between the program and a client."""
        async with self._exchange:
            if not self._is_exchanged:
                self._is_exchanged = await self._record_exchange()
            if self._is_exchanged:
                self._publish_held()
            return self._is_exchanged

    async def close(self, last: dict[str, Any], *, attempt: int) -> tuple[Event, ...]:
        """Return the whole log, FINISHED with the fields `last` at its end, for the store.

        What it adds to what was published is published by `publish_rest`, after the store has it.
        """
        self._stop_timer()
        if self._opening is not None:
            await self._opening
        self._held = [
            *self._render_held(),
            *self._text.rests(),
            (EventKind.FINISHED, last),
        ]
        past = await self._bus.history(self._execution_id)
        number = past[-1].sequence if past else last_sequence(attempt - 1)
        rest = [
            Event(number + offset, *entry)
            for offset, entry in enumerate(self._held, start=1)
            if not isinstance(entry, _Output)
        ]
        return (*past, *rest)

    def publish_rest(self) -> None:
        self._publish_held()

    def discard(self) -> None:
        """Forget what was held; a further attempt tells its own story."""
        self._stop_timer()
        self._held.clear()

    def _is_wanted_now(self) -> bool:
        return not self._is_exchanged and self._bus.is_watched(self._execution_id)

    def _release(self) -> None:
        self._timer = None
        if self._is_exchanged:
            self._publish_held()
        elif self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self.exchange())

    def _publish_held(self) -> None:
        self._stop_timer()
        entries = self._render_held()
        self._held = []
        for kind, fields in entries:
            self._bus.publish(self._execution_id, kind, fields)

    def _publish_rests(self, kind: EventKind) -> None:
        if kind is EventKind.STEP_FINISHED:
            for rest in self._text.rests():
                self._bus.publish(self._execution_id, *rest)

    def _render_held(self) -> list[tuple[EventKind, dict[str, Any]]]:
        entries: list[tuple[EventKind, dict[str, Any]]] = []
        for entry in self._held:
            if isinstance(entry, _Output):
                entries += self._text.render(entry.stream, bytes(entry.data))
                continue
            if entry[0] is EventKind.STEP_FINISHED:
                entries += self._text.rests()
            entries.append(entry)
        return entries

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Output:
    def __init__(self, stream: str, data: bytes) -> None:
        self.stream = stream
        self.data = bytearray(data)

    def fits(self, stream: str, data: bytes) -> bool:
        return self.stream == stream and len(self.data) + len(data) <= _CHUNK_BYTES_MAX


class _TextStreams:
    """Cuts bytes into text where characters end; bytes that are no text travel as base64."""

    def __init__(self) -> None:
        self._cut: dict[str, bytes] = {}

    def render(self, stream: str, data: bytes) -> list[tuple[EventKind, dict[str, Any]]]:
        joined = self._cut.pop(stream, b"") + data
        try:
            text = joined.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data" or error.end != len(joined):
                return [_binary(stream, joined)]
            self._cut[stream] = joined[error.start :]
            text = joined[: error.start].decode()
        return [_text(stream, text)] if text else []

    def rests(self) -> list[tuple[EventKind, dict[str, Any]]]:
        """Return what was cut off and never completed."""
        rests = [_binary(stream, data) for stream, data in self._cut.items()]
        self._cut.clear()
        return rests


def _text(stream: str, text: str) -> tuple[EventKind, dict[str, Any]]:
    return EventKind.OUTPUT, {"stream": stream, "encoding": "utf-8", "text": text}


def _binary(stream: str, data: bytes) -> tuple[EventKind, dict[str, Any]]:
    text = base64.b64encode(data).decode("ascii")
    return EventKind.OUTPUT, {"stream": stream, "encoding": "base64", "text": text}
