"""Passes a client's messages on to the program that runs: input, terminal size, signals, cancel.

Input has a way of its own, so that a cancel or a signal overtakes what the program does not read.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from runyard.agent.channel import Channel
from runyard.bus.interface import Bus

# Beyond this no more input is taken from the bus, which refuses more in its turn.
_BACKLOG_BYTES_MAX = 256 * 1024
_BACKLOG_LOOK_SECONDS = 0.02
# Signals and sizes that wait for the program to start; the newest count.
_EARLY_MAX = 64


def input_topic(execution_id: str) -> str:
    """Return the id under which the bus carries an execution's stdin."""
    return f"{execution_id}/stdin"


class Steering:
    """Messages that come before the program runs wait for it; a cancel never waits.

    `exchange` is awaited before input reaches the program and says whether it still may.
    """

    def __init__(
        self,
        bus: Bus,
        execution_id: str,
        *,
        cancel: Callable[[], None],
        supersede: Callable[[], None],
        exchange: Callable[[], Awaitable[bool]],
    ) -> None:
        self._bus = bus
        self._execution_id = execution_id
        self._cancel = cancel
        self._supersede = supersede
        self._exchange = exchange
        self._channel: Channel | None = None
        self._is_attached = asyncio.Event()
        self._early: deque[dict[str, Any]] = deque(maxlen=_EARLY_MAX)

    def attach(self, channel: Channel) -> None:
        """Begin to steer the program that `channel` runs."""
        self._channel = channel
        self._is_attached.set()
        while self._early:
            self._apply(self._early.popleft())

    def detach(self) -> None:
        self._channel = None

    async def steer(self) -> None:
        """Pass on all but input, until cancelled."""
        async for message in self._bus.controls(self._execution_id):
            if message["kind"] == "cancel":
                self._cancel()
            elif message["kind"] == "supersede":
                self._supersede()
            elif self._is_attached.is_set():
                self._apply(message)
            else:
                self._early.append(message)

    async def feed(self) -> None:
        """Pass on input, until cancelled."""
        async for message in self._bus.controls(input_topic(self._execution_id)):
            await self._is_attached.wait()
            if not await self._exchange():
                return
            self._apply(message)
            while self._is_backed_up():  # noqa: ASYNC110  The channel does not announce room.
                await asyncio.sleep(_BACKLOG_LOOK_SECONDS)

    def _is_backed_up(self) -> bool:
        channel = self._channel
        return channel is not None and channel.stdin_backlog_bytes > _BACKLOG_BYTES_MAX

    def _apply(self, message: dict[str, Any]) -> None:
        if self._channel is None:
            return
        match message["kind"]:
            case "stdin":
                self._channel.write_stdin(base64.b64decode(message["data"]))
            case "eof":
                self._channel.close_stdin()
            case "resize":
                self._channel.resize(message["rows"], message["columns"])
            case "signal":
                self._channel.signal(message["number"])
            case _:
                pass
