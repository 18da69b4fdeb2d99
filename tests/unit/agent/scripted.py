"""An agent that says what the test wants."""

from __future__ import annotations

import asyncio
import struct
from collections import deque

from runyard.agent.channel import Command
from runyard.agent.frames import FrameType, encode_frame, encode_number, encode_text
from runyard.domain.files import File
from runyard.domain.limits import Limits

HELLO_REPLY = encode_frame(
    FrameType.HELLO_REPLY,
    encode_number(1, 1) + encode_text(2, "test") + encode_number(3, 1) + encode_number(4, 0),
)
PUT_REPLY = encode_frame(FrameType.PUT_REPLY, encode_number(1, 1))
EXITED = encode_frame(FrameType.EXITED, encode_number(1, 0) + encode_number(4, 10**9))
FILE = File("a", b"content")


def output(data: bytes, kind: FrameType = FrameType.STDOUT) -> bytes:
    return encode_frame(kind, data)


def error(code: int, *, is_fatal: bool = False) -> bytes:
    fields = encode_number(1, code) + encode_text(2, "words") + encode_number(3, int(is_fatal))
    return encode_frame(FrameType.ERROR, fields)


def taken(count: int) -> bytes:
    return encode_frame(FrameType.STDIN_TAKEN, encode_number(1, count))


def files_done(count: int = 0, *, is_partial: bool = False) -> bytes:
    fields = encode_number(1, count) + encode_number(3, int(is_partial))
    return encode_frame(FrameType.FILES_DONE, fields)


def file(path: str | bytes, content: bytes, *, has_more: bool = False) -> bytes:
    fields = encode_text(1, path) + encode_number(2, 1) + encode_text(3, content)
    return encode_frame(FrameType.FILE, fields, has_more=has_more)


def command(**rest: object) -> Command:
    fields = {"argv": ("true",), "env": {}, "limits": Limits(output_bytes=100)} | rest
    return Command(**fields)  # type: ignore[arg-type]


class ScriptedStream:
    """Gives the pieces that were laid in, then waits; keeps what was written."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = deque(pieces)
        self._arrived = asyncio.Event()
        self._wrote = asyncio.Event()
        self.written: list[bytes] = []
        self.ends = False

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._arrived.set()

    async def read(self, size_max: int) -> bytes:
        while not self._pieces:
            if self.ends:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        piece = self._pieces.popleft()
        assert len(piece) <= size_max
        return piece

    def write(self, data: bytes | memoryview) -> None:
        self.written.append(data)
        self._wrote.set()

    async def wait_written(self, count: int) -> None:
        while len(self.written) < count:
            self._wrote.clear()
            await self._wrote.wait()

    async def drain(self) -> None:
        raise AssertionError("Nothing here needs to wait.")

    def kinds(self) -> list[str]:
        """The names of the frames that were written."""
        data, names = b"".join(self.written), []
        while data:
            size, kind = struct.unpack_from("<IB", data)
            names.append(FrameType(kind).name)
            data = data[8 + size :]
        return names


def finished(*pieces: bytes) -> ScriptedStream:
    """A stream that ends behind `pieces`."""
    stream = ScriptedStream(HELLO_REPLY, *pieces)
    stream.ends = True
    return stream
