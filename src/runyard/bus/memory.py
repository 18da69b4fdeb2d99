"""The bus within one process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Generator
from typing import Any
from weakref import WeakValueDictionary

from runyard.domain.errors import BusyError
from runyard.domain.events import Event, EventKind

# What one execution's output events may occupy; each counts a fixed cost beside its text.
OUTPUT_BYTES_MAX = 1024 * 1024
_EVENT_BYTES = 512
# Messages that nobody has read yet, of one execution.
CONTROL_BYTES_MAX = 2 * 1024 * 1024
_CONTROL_BYTES = 128
# Executions with unread messages. Some may never be read: a message can cross a finish.
_CONTROLS_MAX = 10_000


class MemoryBus:
    def __init__(self) -> None:
        self._published: dict[str, _Stream] = {}
        # Followed before anything was published; gone with the last follower.
        self._awaited: WeakValueDictionary[str, _Stream] = WeakValueDictionary()
        self._controls: OrderedDict[str, _Controls] = OrderedDict()
        self._work = asyncio.Event()

    def publish(self, execution_id: str, kind: EventKind, data: dict[str, Any]) -> None:
        self._open(execution_id).append(kind, data)

    def skip_to(self, execution_id: str, sequence: int) -> None:
        self._open(execution_id).skip_to(sequence)

    async def history(self, execution_id: str) -> list[Event]:
        stream = self._published.get(execution_id)
        return list(stream.events.values()) if stream else []

    def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        # The stream is looked up now and not when the first event is asked for: whoever follows
        # and then looks into the store misses nothing in between.
        return self._find(execution_id).follow(after)

    def finished(self, execution_id: str) -> Awaitable[None]:
        return _End(self._find(execution_id))

    def is_watched(self, execution_id: str) -> bool:
        stream = self._published.get(execution_id)
        return stream is not None and stream.watchers > 0

    def close(self, execution_id: str) -> None:
        # Present followers hold the stream and read on to its end.
        self._published.pop(execution_id, None)
        self._controls.pop(execution_id, None)

    def send_control(self, execution_id: str, message: dict[str, Any]) -> None:
        self._open_controls(execution_id).append(message)

    def controls(self, execution_id: str) -> AsyncIterator[dict[str, Any]]:
        return self._open_controls(execution_id).read()

    def wake(self) -> None:
        self._work.set()

    async def wait_for_work(self, seconds_max: float) -> None:
        try:
            async with asyncio.timeout(seconds_max):
                await self._work.wait()
        except TimeoutError:
            return
        self._work.clear()

    async def aclose(self) -> None:
        self._published.clear()
        self._controls.clear()

    def _find(self, execution_id: str) -> _Stream:
        stream = self._published.get(execution_id) or self._awaited.get(execution_id)
        if stream is None:
            stream = self._awaited[execution_id] = _Stream()
        return stream

    def _open(self, execution_id: str) -> _Stream:
        stream = self._published.get(execution_id)
        if stream is None:
            stream = self._awaited.pop(execution_id, None) or _Stream()
            self._published[execution_id] = stream
        return stream

    def _open_controls(self, execution_id: str) -> _Controls:
        controls = self._controls.get(execution_id)
        if controls is None:
            controls = self._controls[execution_id] = _Controls()
            if len(self._controls) > _CONTROLS_MAX:
                self._controls.popitem(last=False)
        return controls


class _Stream:
    """The numbered events of one execution."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}
        self.watchers = 0
        self._last = 0
        self._outputs: deque[int] = deque()
        self._output_bytes = 0
        self._changed = asyncio.Event()
        self.finished = asyncio.Event()

    def append(self, kind: EventKind, data: dict[str, Any]) -> None:
        self._last += 1
        self.events[self._last] = Event(self._last, kind, data)
        if kind is EventKind.OUTPUT:
            self._outputs.append(self._last)
            self._output_bytes += _size(self.events[self._last])
            while self._output_bytes > OUTPUT_BYTES_MAX and len(self._outputs) > 1:
                self._output_bytes -= _size(self.events.pop(self._outputs.popleft()))
        self._changed.set()
        self._changed = asyncio.Event()
        if kind is EventKind.FINISHED:
            self.finished.set()

    def skip_to(self, sequence: int) -> None:
        self._last = max(self._last, sequence)

    async def follow(self, after: int) -> AsyncIterator[Event]:
        position = after
        self.watchers += 1
        try:
            while True:
                changed = self._changed
                for sequence in [number for number in self.events if number > position]:
                    position = sequence
                    event = self.events.get(sequence)
                    if event is not None:
                        yield event
                        if event.kind is EventKind.FINISHED:
                            return
                await changed.wait()
        finally:
            self.watchers -= 1


class _End:
    """Holds the stream until it is awaited, so that nothing else is opened in its place."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def __await__(self) -> Generator[Any, None, None]:
        yield from self._stream.finished.wait().__await__()


class _Controls:
    """Messages to whoever runs one execution."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()

    def append(self, message: dict[str, Any]) -> None:
        size = _control_size(message)
        if self._bytes + size > CONTROL_BYTES_MAX and message.get("kind") != "cancel":
            raise BusyError(
                f"More than {CONTROL_BYTES_MAX} bytes wait for the program; it reads too slowly."
            )
        self._messages.append(message)
        self._bytes += size
        self._arrived.set()

    async def read(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            while self._messages:
                message = self._messages.popleft()
                self._bytes -= _control_size(message)
                yield message
            self._arrived.clear()
            await self._arrived.wait()


def _size(event: Event) -> int:
    return _EVENT_BYTES + len(event.data.get("text", ""))


def _control_size(message: dict[str, Any]) -> int:
    return _CONTROL_BYTES + len(message.get("data", ""))
