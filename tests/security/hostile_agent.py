"""An agent that was taken over: what it might say to the server, as bytes."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Iterable, Iterator

from runyard.agent.frames import FrameType, encode_frame, encode_number, encode_text

# What one lie may cost the server before it has to notice.
HEARD_BYTES_MAX = 4 << 20
READS_MAX = 20_000


class HostileStream:
    """Says what it is given, a chunk at a time, and counts how long it is listened to."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = b""
        self.heard_bytes = 0
        self.read_count = 0

    async def read(self, size_max: int) -> bytes:
        self.read_count += 1
        self._left = self._left or next(self._chunks, b"")
        data, self._left = self._left[:size_max], self._left[size_max:]
        self.heard_bytes += len(data)
        assert self.heard_bytes <= HEARD_BYTES_MAX, "the server listens without end"
        assert self.read_count <= READS_MAX, "the server listens without end"
        return data

    def write(self, data: bytes | memoryview) -> None:
        pass

    async def drain(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


HELLO = encode_frame(FrameType.HELLO_REPLY, encode_number(1, 1) + encode_text(2, "agent 1"))
ENDED = encode_frame(
    FrameType.EXITED,
    b"".join(encode_number(tag, 0) for tag in (1, 4, 7, 8)),
)
PUT = encode_frame(FrameType.PUT_REPLY, encode_number(1, 0))


def header(length: int, kind: int, flags: int = 0, reserved: int = 0) -> bytes:
    return struct.pack("<IBBH", length, kind, flags, reserved)


def error(code: int, message: bytes) -> bytes:
    return encode_frame(FrameType.ERROR, encode_number(1, code) + encode_text(2, message))


def file_frame(path: bytes, content: bytes = b"x", *, has_more: bool = False) -> bytes:
    payload = encode_text(1, path) + encode_number(2, 0) + encode_text(3, content)
    return encode_frame(FrameType.FILE, payload, has_more=has_more)


def for_ever(frame: bytes) -> Iterator[bytes]:
    return itertools.repeat(frame * 64)


# To whatever is asked: nothing of this may be taken for an answer.
NONSENSE = {
    "nothing": [],
    "half a header": [b"\x00\x00"],
    "half a frame": [header(100, FrameType.HELLO_REPLY) + b"x"],
    "huge frame": [HELLO, header(0xFFFFFFFF, FrameType.STDOUT)],
    "frame above the limit": [HELLO, header(65_537, FrameType.STDOUT) + b"x" * 65_537],
    "unknown type": [HELLO, header(0, 99)],
    "type of the server": [HELLO, header(0, FrameType.EXEC)],
    "unknown flags": [HELLO, header(0, FrameType.STDOUT, flags=6)],
    "more of what has no more": [HELLO, header(1, FrameType.STDOUT, flags=1) + b"x"],
    "reserved bits": [HELLO, header(0, FrameType.STDOUT, reserved=1)],
    "second greeting": [HELLO, HELLO, HELLO],
    "no greeting": [ENDED],
    "version of the future": [encode_frame(FrameType.HELLO_REPLY, encode_number(1, 99))],
    "greeting without version": [encode_frame(FrameType.HELLO_REPLY)],
    "field beyond the frame": [encode_frame(FrameType.HELLO_REPLY, struct.pack("<HI", 1, 9999))],
    "number of three bytes": [
        encode_frame(FrameType.HELLO_REPLY, struct.pack("<HI", 1, 3) + b"abc")
    ],
    "greetings for ever": for_ever(HELLO),
    "long error": [HELLO, error(7, b"x" * 60_000)],
    "error in bytes": [HELLO, error(7, b"\xff\xfe")],
    "error of no kind": [HELLO, error(10**9, b"x")],
    "noise": [random.Random(seed).randbytes(4096) for seed in range(8)],
}  # fmt: skip

# To EXEC.
FALSE_ENDINGS = {
    "output after output": [HELLO, *(encode_frame(FrameType.STDOUT, b"x" * 65_536),) * 40],
    "empty output for ever": itertools.chain([HELLO], for_ever(encode_frame(FrameType.STDOUT))),
    "input taken for ever": itertools.chain(
        [HELLO], for_ever(encode_frame(FrameType.STDIN_TAKEN, encode_number(1, 0)))
    ),
    "more input than given": [
        HELLO, encode_frame(FrameType.STDIN_TAKEN, encode_number(1, 10**9)),
    ],
    "file for a command": [HELLO, file_frame(b"a")],
    "two endings in one": [
        HELLO, encode_frame(FrameType.EXITED, b"".join(encode_number(n, 1) for n in range(1, 10))),
    ],
    "no ending in it": [HELLO, encode_frame(FrameType.EXITED)],
    "unknown limit": [
        HELLO,
        encode_frame(
            FrameType.EXITED, b"".join(encode_number(n, 77) for n in (1, 3, 4, 7, 8))
        ),
    ],
    "impossible signal": [
        HELLO,
        encode_frame(
            FrameType.EXITED, b"".join(encode_number(n, 2**63) for n in (2, 4, 7, 8))
        ),
    ],
}  # fmt: skip

# To GET_FILES.
FALSE_FILES = {
    "parent": [HELLO, file_frame(b"../escape")],
    "absolute": [HELLO, file_frame(b"/etc/cron.d/escape")],
    "hidden parent": [HELLO, file_frame(b"a/../../escape")],
    "control": [HELLO, file_frame(b"a\nb")],
    "nul": [HELLO, file_frame(b"a\x00b")],
    "empty name": [HELLO, file_frame(b"")],
    "long name": [HELLO, file_frame(b"x" * 5000)],
    "too many": [HELLO, *(file_frame(b"f%d" % number) for number in range(100))],
    "too many in bytes": [HELLO, *(file_frame(b"\xff%d" % number) for number in range(100))],
    "too large": itertools.chain(
        [HELLO, file_frame(b"a", has_more=True)],
        for_ever(encode_frame(FrameType.FILE_CHUNK, b"x" * 60_000, has_more=True)),
    ),
    "empty chunks for ever": itertools.chain(
        [HELLO, file_frame(b"a", has_more=True)],
        for_ever(encode_frame(FrameType.FILE_CHUNK, b"", has_more=True)),
    ),
    "chunk without a file": [HELLO, encode_frame(FrameType.FILE_CHUNK, b"x")],
    "file without an end": [HELLO, file_frame(b"a", has_more=True)],
}
