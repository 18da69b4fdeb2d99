"""Joins this terminal to the program's: keys go there raw, the program's screen comes here."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from runyard.cli.following import Screen
from runyard.cli.output import UsageError
from runyard.cli.typing_in import read_some
from runyard.client.async_client import AsyncClient
from runyard.client.terminal import Terminal


def terminal_size() -> tuple[int, int]:
    """Return rows and columns of this terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("--tty needs a terminal on stdin and stdout.")
    size = os.get_terminal_size(sys.stdout.fileno())
    return max(size.lines, 1), max(size.columns, 1)


async def join_terminal(client: AsyncClient, execution_id: str) -> None:
    loop = asyncio.get_running_loop()
    screen = Screen()
    async with client.terminal(execution_id) as terminal:
        typing = asyncio.create_task(_pass_keys(terminal))
        resizing: set[asyncio.Task[None]] = set()

        def resize() -> None:
            task = asyncio.create_task(terminal.resize(*terminal_size()))
            resizing.add(task)
            task.add_done_callback(resizing.discard)

        loop.add_signal_handler(signal.SIGWINCH, resize)
        try:
            with _raw(sys.stdin.fileno()):
                async for event in terminal:
                    await screen.show_event(event)
                    if event.kind == "finished":
                        break
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
            typing.cancel()
            await asyncio.gather(typing, *resizing, return_exceptions=True)


async def _pass_keys(terminal: Terminal) -> None:
    while data := await read_some(sys.stdin.fileno()):
        await terminal.write(data)
    await terminal.close_stdin()


@contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    """Ctrl-C is a key for the program while this holds."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSANOW)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
