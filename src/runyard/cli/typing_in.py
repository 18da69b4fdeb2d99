"""Passes this process's stdin on to the program, as it comes."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path

from runyard.client.async_client import AsyncClient
from runyard.client.errors import ConflictError, NotFoundError, ServerError

CHUNK_BYTES = 48 * 1024
# What a request may carry; more of it is passed on while the program runs.
WHOLE_BYTES_MAX = 1024 * 1024
RETRY_SECONDS = 0.05


def read_whole_stdin() -> bytes | None:
    """Return all input if it is there already: a file of moderate size, or nothing at all.

    None means that it comes over time, or is too much for one request.
    """
    if sys.stdin is None or sys.stdin.closed:
        return b""
    try:
        status = os.fstat(sys.stdin.fileno())
    except OSError:
        return b""
    if stat.S_ISREG(status.st_mode):
        rest = status.st_size - os.lseek(sys.stdin.fileno(), 0, os.SEEK_CUR)
        return sys.stdin.buffer.read() if rest <= WHOLE_BYTES_MAX else None
    if stat.S_ISCHR(status.st_mode) and not sys.stdin.isatty():
        # /dev/null has nothing to give; reading /dev/zero would never end.
        return b"" if status.st_rdev == Path(os.devnull).stat().st_rdev else None
    return None


async def forward_stdin(client: AsyncClient, execution_id: str) -> None:
    """Pass input on until it ends, or until nobody wants it any more."""
    descriptor = sys.stdin.fileno()
    try:
        while data := await read_some(descriptor):
            await _write(client, execution_id, data)
        await _write(client, execution_id, b"", eof=True)
    except (ConflictError, NotFoundError):
        # The program has ended without reading everything, as it may.
        return


async def read_some(descriptor: int) -> bytes:
    """Wait for input without a thread: one that sits in a read would keep the process alive."""
    loop = asyncio.get_running_loop()
    if not _can_be_watched(descriptor):
        return await asyncio.to_thread(os.read, descriptor, CHUNK_BYTES)
    ready: asyncio.Future[None] = loop.create_future()

    def mark() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, mark)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, CHUNK_BYTES)


def _can_be_watched(descriptor: int) -> bool:
    """Say whether epoll takes it; it refuses regular files, which are always readable."""
    return not stat.S_ISREG(os.fstat(descriptor).st_mode)


async def _write(client: AsyncClient, execution_id: str, data: bytes, *, eof: bool = False) -> None:
    while True:
        try:
            await client.write_stdin(execution_id, data, eof=eof)
        except ServerError as error:
            # The program reads more slowly than input comes.
            if not error.retry:
                raise
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
