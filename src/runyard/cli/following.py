"""Shows a running execution: its output as it comes, byte by byte, and how it ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import BinaryIO

from runyard.cli.output import say
from runyard.client.models import Event
from runyard.client.wire import parse_output


class OutputClosedError(Exception):
    """Nobody reads stdout any more."""


class Screen:
    """Writes output events to stdout and stderr. What a compiler prints goes to stderr, so that
    stdout holds the program's own output only.
    """

    def __init__(self, stdout: BinaryIO | None = None, stderr: BinaryIO | None = None) -> None:
        self._stdout = stdout or sys.stdout.buffer
        self._stderr = stderr or sys.stderr.buffer
        self._step = "run"
        self._sequence = 0

    async def show(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            await self.show_event(event)

    async def show_event(self, event: Event) -> None:
        missed = event.sequence - self._sequence - 1
        # Each attempt counts from a number of its own and begins with its state.
        if missed > 0 and event.kind != "state":
            say(f"{missed} events came too fast and were dropped")
        self._sequence = event.sequence
        if event.kind == "step_started":
            self._step = event.data["kind"]
        elif event.kind == "output":
            is_stdout = event.data["stream"] == "stdout" and self._step != "compile"
            await write(self._stdout if is_stdout else self._stderr, parse_output(event))


async def write(stream: BinaryIO, data: bytes) -> None:
    """Write without holding up the loop: a pipe whose reader rests would stop the heartbeat of
    everything in this process.
    """
    try:
        await asyncio.to_thread(_write, stream, data)
    except BrokenPipeError as error:
        raise OutputClosedError from error


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
    stream.flush()
