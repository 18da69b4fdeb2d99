"""Bytes to frames and back, as agent/PROTOCOL.md describes them. Nothing here does I/O.

The agent lives beside hostile code, so every byte from it is checked; whatever does not add up is a
ProtocolError and costs the sandbox.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from runyard.domain.errors import ProtocolError

VERSION = 1
PAYLOAD_BYTES_MAX = 1 << 20
DATA_BYTES_MAX = 65_536
STDIN_WINDOW_BYTES = 262_144
MESSAGE_CHARACTERS_MAX = 500
FLAG_MORE = 1

_HEADER = struct.Struct("<IBBH")
_FIELD = struct.Struct("<HI")
_NUMBER = struct.Struct("<Q")
_OPTIONAL_TAG = 0x8000


class FrameType(IntEnum):
    HELLO = 1
    PUT_FILE = 2
    PUT_CHUNK = 3
    PUT_DONE = 4
    EXEC = 5
    STDIN = 6
    STDIN_EOF = 7
    RESIZE = 8
    SIGNAL = 9
    KILL = 10
    GET_FILES = 11
    WARM = 12
    HELLO_REPLY = 65
    PUT_REPLY = 66
    STDOUT = 67
    STDERR = 68
    STDIN_TAKEN = 69
    EXITED = 70
    FILE = 71
    FILE_CHUNK = 72
    FILES_DONE = 73
    ERROR = 74
    WARMED = 75


class ErrorCode(IntEnum):
    MALFORMED = 1
    TOO_LARGE = 2
    VERSION = 3
    BAD_PATH = 4
    NO_SPACE = 5
    STORAGE = 6
    INTERNAL = 7


_FROM_AGENT = {int(kind): kind for kind in FrameType if kind >= FrameType.HELLO_REPLY}
_MAY_HAVE_MORE = (FrameType.FILE, FrameType.FILE_CHUNK)


@dataclass(frozen=True, slots=True)
class Frame:
    type: FrameType
    payload: bytes
    has_more: bool = False


def encode_frame(kind: FrameType, payload: bytes = b"", *, has_more: bool = False) -> bytes:
    return encode_header(kind, len(payload), has_more=has_more) + payload


def encode_header(kind: FrameType, payload_bytes: int, *, has_more: bool = False) -> bytes:
    return _HEADER.pack(payload_bytes, kind, FLAG_MORE if has_more else 0, 0)


def encode_number(tag: int, number: int) -> bytes:
    return _FIELD.pack(tag, _NUMBER.size) + _NUMBER.pack(number)


def encode_text(tag: int, value: str | bytes) -> bytes:
    encoded = value.encode() if isinstance(value, str) else value
    return encode_field_header(tag, len(encoded)) + encoded


def encode_field_header(tag: int, value_bytes: int) -> bytes:
    return _FIELD.pack(tag, value_bytes)


class Fields:
    """The fields of one payload. Of a repeated one the last counts."""

    __slots__ = ("_values",)

    def __init__(self, payload: bytes, *, known: range) -> None:
        self._values: dict[int, bytes] = {}
        at, end = 0, len(payload)
        while at < end:
            if end - at < _FIELD.size:
                raise ProtocolError("The agent sent half a field.")
            tag, size = _FIELD.unpack_from(payload, at)
            at += _FIELD.size
            if size > end - at:
                raise ProtocolError("The agent sent a field that is longer than its frame.")
            if tag not in known and tag < _OPTIONAL_TAG:
                raise ProtocolError(f"The agent sent the unknown field {tag}.")
            self._values[tag] = payload[at : at + size]
            at += size

    def number(self, tag: int) -> int | None:
        value = self._values.get(tag)
        if value is None:
            return None
        if len(value) != _NUMBER.size:
            raise ProtocolError(f"The agent sent field {tag} with {len(value)} bytes, not 8.")
        return int(_NUMBER.unpack(value)[0])

    def number_required(self, tag: int) -> int:
        number = self.number(tag)
        if number is None:
            raise ProtocolError(f"The agent left out field {tag}.")
        return number

    def content(self, tag: int) -> bytes:
        return self._values.get(tag, b"")

    def text(self, tag: int) -> str | None:
        """Bytes that are not UTF-8 are replaced."""
        value = self._values.get(tag)
        return None if value is None else value.decode("utf-8", "replace")

    def message(self, tag: int) -> str | None:
        """Return text for logs and answers: cut, and without control characters."""
        text = self.text(tag)
        if text is None:
            return None
        shown = text[:MESSAGE_CHARACTERS_MAX]
        return "".join(character if character.isprintable() else " " for character in shown)


class FrameReader:
    """Cuts the agent's stream into frames."""

    __slots__ = ("_at", "_buffer")

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0

    def feed(self, data: bytes) -> None:
        rest = self._buffer[self._at :]
        self._buffer = rest + data if rest else data
        self._at = 0

    def next(self) -> Frame | None:
        """Return the next complete frame, or None until more was fed."""
        start = self._at + _HEADER.size
        if len(self._buffer) < start:
            return None
        size, code, flags, reserved = _HEADER.unpack_from(self._buffer, self._at)
        kind = _FROM_AGENT.get(code)
        if kind is None or reserved or flags & ~FLAG_MORE or (flags and kind not in _MAY_HAVE_MORE):
            raise ProtocolError(f"The agent sent a frame of the unknown type {code} or flags.")
        if size > DATA_BYTES_MAX:
            raise ProtocolError(f"The agent sent a frame of {size} bytes.")
        if len(self._buffer) < start + size:
            return None
        self._at = start + size
        return Frame(kind, self._buffer[start : self._at], flags != 0)
