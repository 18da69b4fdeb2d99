"""The bytes to and from a job's agent: a non-blocking socket on the event loop, without a thread
and without a buffer between the socket and the reader.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice

# Beyond this a writer should wait: one socket buffer.
_QUEUED_BYTES_MAX = 256 * 1024
_BUFFER_BYTES = 1024 * 1024
# In one system call.
_PARTS_MAX = 64


class SocketStream:
    """Our end of the pair whose other end the job gets. `explain_end` may raise when the agent is
    gone for a reason that somebody should hear.
    """

    def __init__(self, explain_end: Callable[[], Awaitable[None]]) -> None:
        self._socket, self._theirs = socket.socketpair()
        # As much as the system allows: files go to the agent through here.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._socket.setblocking(False)
        self._explain_end = explain_end
        self._loop = asyncio.get_running_loop()
        self._queued: deque[memoryview] = deque()
        self._queued_bytes = 0
        self._is_writing = False
        self._is_broken = False
        self._drained: asyncio.Future[None] | None = None
        self._arrived: asyncio.Future[None] | None = None
        self._watcher: Callable[[], None] | None = None
        # Stays so between reads: to begin and to end it costs more than most reads do.
        self._is_listening = False

    @property
    def job_end(self) -> int:
        """The descriptor to hand to the job."""
        return self._theirs.fileno()

    def drop_job_end(self) -> None:
        """Close our copy of the job's end, so that the end of the job is the end of the stream."""
        self._theirs.close()

    def watch(self, ended: Callable[[], None] | None) -> None:
        """Call `ended` once when there is something to read, which nobody does meanwhile."""
        self._watcher = ended
        if ended is not None:
            self._listen()

    async def read(self, size_max: int) -> bytes:
        while True:
            try:
                data = self._socket.recv(size_max)
            except BlockingIOError:
                await self._wait_readable()
                continue
            except OSError:
                data = b""
            if not data:
                await self._explain_end()
            return data

    def write(self, data: bytes | memoryview) -> None:
        if self._is_broken or self._socket.fileno() < 0 or not data:
            return
        self._queued.append(memoryview(data))
        self._queued_bytes += len(data)
        if not self._is_writing:
            self._send()
            if self._queued:
                self._is_writing = True
                self._loop.add_writer(self._socket, self._write_more)

    async def drain(self) -> None:
        while self._queued_bytes > _QUEUED_BYTES_MAX and not self._is_broken:
            if self._drained is None:
                self._drained = self._loop.create_future()
            await self._drained
        if self._is_broken:
            raise ConnectionError("The agent is gone.")

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        if self._is_writing:
            self._loop.remove_writer(self._socket)
        self._watcher = None
        if self._is_listening:
            self._loop.remove_reader(self._socket)
        if self._arrived is not None:
            _resolve(self._arrived)
        self._is_broken = True
        self._wake_writers()
        self._socket.close()
        self._theirs.close()

    async def _wait_readable(self) -> None:
        arrived = self._arrived = self._loop.create_future()
        self._listen()
        try:
            await arrived
        finally:
            self._arrived = None

    def _listen(self) -> None:
        if not self._is_listening:
            self._is_listening = True
            self._loop.add_reader(self._socket, self._note_readable)

    def _note_readable(self) -> None:
        if self._watcher is not None:
            watcher, self._watcher = self._watcher, None
            watcher()
        elif self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)
        elif self._is_listening:
            # Otherwise this would be called again and again until somebody reads.
            self._is_listening = False
            self._loop.remove_reader(self._socket)

    def _send(self) -> None:
        """Send what the socket takes."""
        try:
            sent = self._socket.sendmsg(islice(self._queued, _PARTS_MAX))
        except BlockingIOError:
            return
        except OSError:
            self._is_broken = True
            self._queued.clear()
            self._queued_bytes = 0
            return
        self._queued_bytes -= sent
        while sent:
            first = self._queued[0]
            if len(first) > sent:
                self._queued[0] = first[sent:]
                return
            sent -= len(first)
            self._queued.popleft()

    def _write_more(self) -> None:
        self._send()
        if not self._queued:
            self._is_writing = False
            self._loop.remove_writer(self._socket)
        if self._is_broken or self._queued_bytes <= _QUEUED_BYTES_MAX:
            self._wake_writers()

    def _wake_writers(self) -> None:
        if self._drained is not None:
            _resolve(self._drained)
            self._drained = None


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
