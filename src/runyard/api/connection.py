"""One client's connection, bounded before any request exists: uvicorn's parser keeps a head of any
size, and waits for one for ever. Its head and body of an answer become one packet.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runyard.domain.limits import KIB, MIB

HEAD_BYTES_MAX: Final = 64 * KIB
HEADER_COUNT_MAX: Final = 100
# From the first byte, or from connecting, until the head is complete.
HEAD_SECONDS_MAX: Final = 20.0
# Between two pieces of a body.
BODY_PAUSE_SECONDS_MAX: Final = 30.0
# Read and dropped behind a refusal, so that a client that is still sending can read the answer.
DROPPED_BYTES_MAX: Final = 16 * MIB
# Leaves room for files and sandboxes below the usual 1,024 descriptors of a process.
CONNECTION_COUNT_MAX: Final = 512


class BoundedConnection(HttpToolsProtocol):
    """Adds bounds only; a request that is complete may take as long as it wants."""

    _patience: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head_bytes = 0
    _dropped_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", _JoinedWrites(transport, self.loop)))
        if len(self.connections) > CONNECTION_COUNT_MAX:
            self._refuse(b"503 Service Unavailable")
            return
        self._wait(HEAD_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        was_in_head = self._is_in_head
        super().data_received(data)
        if not self._is_in_head:
            return
        # Where a head began within this piece, earlier bytes belong to something else.
        self._head_bytes += len(data) if was_in_head else 0
        if self._head_bytes > HEAD_BYTES_MAX or len(self.headers) > HEADER_COUNT_MAX:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._head_bytes, self._dropped_bytes = True, 0, 0
        self._wait(HEAD_SECONDS_MAX)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()
        self._wait(BODY_PAUSE_SECONDS_MAX)

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._wait(BODY_PAUSE_SECONDS_MAX)
        if self.cycle is not None and self.cycle.response_complete:
            self._dropped_bytes += len(body)
            if self._dropped_bytes > DROPPED_BYTES_MAX:
                self.transport.close()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._wait(None)

    def handle_websocket_upgrade(self) -> None:
        self._wait(None)
        super().handle_websocket_upgrade()

    def _wait(self, seconds: float | None) -> None:
        """Let go of the client after `seconds` without progress; None stops the clock."""
        if self._patience is not None:
            self._patience.cancel()
        self._patience = None if seconds is None else self.loop.call_later(seconds, self._let_go)

    def _let_go(self) -> None:
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout")

    def _refuse(self, status: bytes) -> None:
        self._wait(None)
        self._is_in_head = False
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
        self.transport.close()


class _JoinedWrites:
    """A transport that sends what is written within one turn of the loop at its end, together: to
    send, and to wake the client with half an answer, costs more than everything else in an answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._parts.clear()
        self._transport.abort()

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if parts and not self._transport.is_closing():
            self._transport.writelines(parts)
