"""A minimal D-Bus client: enough to ask systemd for a scope, and nothing that waits for ever.

Blocking, because it is used once, before anything else runs. Everything read from the socket is
bounded and checked. Format: https://dbus.freedesktop.org/doc/dbus-specification.html
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MESSAGE_BYTES_MAX = 1 << 20
_DEPTH_MAX = 16
_LINE_BYTES_MAX = 4096
_UNCLAIMED_MAX = 256
_HEADER_BYTES = 16

# Type code: (struct format, size, which is also the alignment).
_NUMBERS = {
    "y": ("B", 1),
    "b": ("I", 4),
    "n": ("h", 2),
    "q": ("H", 2),
    "i": ("i", 4),
    "u": ("I", 4),
    "x": ("q", 8),
    "t": ("Q", 8),
    "d": ("d", 8),
}
_ALIGNMENTS = {code: size for code, (_, size) in _NUMBERS.items()} | {
    "s": 4,
    "o": 4,
    "g": 1,
    "v": 1,
    "a": 4,
    "(": 8,
    "{": 8,
}
_CLOSING = {"(": ")", "{": "}"}

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4

# Number and type of each header field, by the name it has in Message.
_FIELDS = {
    "path": (1, "o"),
    "interface": (2, "s"),
    "member": (3, "s"),
    "error": (4, "s"),
    "reply_serial": (5, "u"),
    "destination": (6, "s"),
    "sender": (7, "s"),
    "signature": (8, "g"),
}
_NAMES = {number: name for name, (number, _) in _FIELDS.items()}


class DBusError(Exception):
    """The other side refused, spoke nonsense, or went away."""


@dataclass(frozen=True, slots=True)
class Variant:
    signature: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    kind: int
    serial: int = 0
    path: str | None = None
    interface: str | None = None
    member: str | None = None
    error: str | None = None
    reply_serial: int | None = None
    destination: str | None = None
    sender: str | None = None
    signature: str = ""
    body: tuple[Any, ...] = ()


class Connection:
    """An authenticated connection to a message bus, or directly to a service."""

    def __init__(self, address: Path, *, seconds_max: float) -> None:
        """Connect to the socket `address`; all that follows must be done within `seconds_max`."""
        self._ends_at = time.monotonic() + seconds_max
        self._serial = 0
        self._received = bytearray()
        self._unclaimed: list[Message] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._limit_time()
            self._socket.connect(str(address))
            self._authenticate()
        except BaseException:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def send(self, message: Message) -> int:
        """Send `message` under the next serial number, and return that."""
        self._serial += 1
        self._limit_time()
        self._socket.sendall(encode(replace(message, serial=self._serial)))
        return self._serial

    def call(self, message: Message) -> tuple[Any, ...]:
        """Send a method call and return the body of its reply; DBusError if it is an error."""
        serial = self.send(message)
        reply = self.wait(
            lambda other: other.kind in {RETURN, ERROR} and other.reply_serial == serial
        )
        if reply.kind == ERROR:
            text = reply.body[0] if reply.body and isinstance(reply.body[0], str) else ""
            raise DBusError(f"{message.member}: {text or 'refused'} ({reply.error})")
        return reply.body

    def wait(self, is_wanted: Callable[[Message], bool]) -> Message:
        """Return the first message that is wanted; keep the others for later calls."""
        for message in self._unclaimed:
            if is_wanted(message):
                self._unclaimed.remove(message)
                return message
        while not is_wanted(message := self._receive()):
            self._unclaimed.append(message)
            if len(self._unclaimed) > _UNCLAIMED_MAX:
                raise DBusError("too many messages that nobody asked for")
        return message

    def _authenticate(self) -> None:
        """Show who we are by the socket's credentials; the name is our uid in hexadecimal."""
        name = str(os.geteuid()).encode().hex()
        self._socket.sendall(f"\0AUTH EXTERNAL {name}\r\n".encode())
        while b"\r\n" not in self._received:
            self._fill(_LINE_BYTES_MAX)
        line, _, rest = bytes(self._received).partition(b"\r\n")
        if not line.startswith(b"OK "):
            raise DBusError(f"authentication refused: {line[:80].decode(errors='replace')}")
        self._received = bytearray(rest)
        self._socket.sendall(b"BEGIN\r\n")

    def _receive(self) -> Message:
        while len(self._received) < _HEADER_BYTES:
            self._fill(MESSAGE_BYTES_MAX)
        size = message_size(bytes(self._received[:_HEADER_BYTES]))
        while len(self._received) < size:
            self._fill(MESSAGE_BYTES_MAX)
        data = bytes(self._received[:size])
        del self._received[:size]
        return decode(data)

    def _fill(self, size_max: int) -> None:
        self._limit_time()
        piece = self._socket.recv(4096)
        if not piece:
            raise DBusError("the connection was closed")
        self._received += piece
        if len(self._received) > size_max + 4096:
            raise DBusError(f"more than {size_max} bytes at once")

    def _limit_time(self) -> None:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self._socket.settimeout(left)


def encode(message: Message) -> bytes:
    body = marshal(message.signature, message.body)
    fields = [
        (number, Variant(code, getattr(message, name)))
        for name, (number, code) in _FIELDS.items()
        if getattr(message, name) not in {None, ""}
    ]
    head = marshal(
        "yyyyuua(yv)",
        (ord("l"), message.kind, 0, 1, len(body), message.serial, fields),
    )
    return _padded(head, 8) + body


def decode(data: bytes) -> Message:
    order = _byte_order(data)
    head, end = _read_all("yyyyuua(yv)", data, 0, order)
    start = _aligned(end, 8)
    if any(data[end:start]):
        raise DBusError("padding is not empty")
    fields = {}
    for number, value in head[6]:
        if number in _NAMES:
            name = _NAMES[number]
            if value.signature != _FIELDS[name][1]:
                raise DBusError(f"header field {name} has type {value.signature!r}")
            fields[name] = value.value
    body, end = _read_all(fields.get("signature", ""), data, start, order)
    if end != len(data):
        raise DBusError("a message is longer than its body")
    return Message(kind=head[1], serial=head[5], body=body, **fields)


def message_size(start: bytes) -> int:
    """Return the size of the whole message from its first 16 bytes."""
    body, _, fields = struct.unpack_from(_byte_order(start) + "III", start, 4)
    size = int(_aligned(_HEADER_BYTES + fields, 8) + body)
    if start[3] != 1 or size > MESSAGE_BYTES_MAX:
        raise DBusError(f"a message of version {start[3]} with {size} bytes")
    return size


def marshal(signature: str, values: tuple[Any, ...] | list[Any]) -> bytes:
    """Write `values` little-endian; structures are tuples, dictionaries dicts, variants Variant."""
    types = list(split_signature(signature))
    if len(types) != len(values):
        raise DBusError(f"{len(values)} values for signature {signature!r}")
    out = bytearray()
    for code, value in zip(types, values, strict=True):
        _write(out, code, value)
    return bytes(out)


def unmarshal(signature: str, data: bytes) -> tuple[Any, ...]:
    values, end = _read_all(signature, data, 0, "<")
    if end != len(data):
        raise DBusError(f"{len(data) - end} bytes are left over")
    return values


def split_signature(signature: str) -> Iterator[str]:
    """Yield each complete type of `signature`."""
    position = 0
    while position < len(signature):
        end = _type_end(signature, position, 0)
        yield signature[position:end]
        position = end


def _type_end(signature: str, position: int, depth: int) -> int:
    code = signature[position : position + 1]
    if depth > _DEPTH_MAX or code not in _ALIGNMENTS or not code:
        raise DBusError(f"signature {signature!r} is not understood")
    if code == "a":
        return _type_end(signature, position + 1, depth + 1)
    if code not in _CLOSING:
        return position + 1
    start = position = position + 1
    count = 0
    while signature[position : position + 1] != _CLOSING[code]:
        position, count = _type_end(signature, position, depth + 1), count + 1
    # The key of an entry is a plain value.
    is_entry = code == "{"
    if count == 0 or (is_entry and (count != 2 or signature[start] in "v(a{")):
        raise DBusError(f"signature {signature!r} has an empty structure or a bad entry")
    return position + 1


def _write(out: bytearray, code: str, value: Any) -> None:
    kind = code[0]
    _pad(out, _ALIGNMENTS[kind])
    if kind in _NUMBERS:
        out += struct.pack("<" + _NUMBERS[kind][0], value)
    elif kind in "sog":
        text = value.encode()
        if b"\0" in text:
            raise DBusError("a string contains NUL")
        out += struct.pack("<B" if kind == "g" else "<I", len(text)) + text + b"\0"
    elif kind == "v":
        _write(out, "g", value.signature)
        _write(out, value.signature, value.value)
    elif kind == "a":
        _write_array(out, code[1:], value.items() if isinstance(value, dict) else value)
    else:
        for part, item in zip(split_signature(code[1:-1]), value, strict=True):
            _write(out, part, item)


def _write_array(out: bytearray, code: str, items: Any) -> None:
    place = len(out)
    out += bytes(4)
    # The padding before the first element does not count as part of the array.
    _pad(out, _ALIGNMENTS[code[0]])
    start = len(out)
    for item in items:
        _write(out, code, item)
    struct.pack_into("<I", out, place, len(out) - start)


def _read_all(
    signature: str, data: bytes, position: int, order: str
) -> tuple[tuple[Any, ...], int]:
    values = []
    for code in split_signature(signature):
        value, position = _read(code, data, position, order, 0)
        values.append(value)
    return tuple(values), position


def _read(code: str, data: bytes, position: int, order: str, depth: int) -> tuple[Any, int]:
    kind = code[0]
    start = _aligned(position, _ALIGNMENTS[kind])
    if depth > _DEPTH_MAX or any(data[position:start]):
        raise DBusError("nesting is too deep or padding is not empty")
    if kind in _NUMBERS:
        return _read_number(kind, data, start, order)
    if kind in "sog":
        return _read_text(kind, data, start, order)
    if kind == "v":
        inner, start = _read_text("g", data, start, order)
        if len(list(split_signature(inner))) != 1:
            raise DBusError(f"a variant of type {inner!r}")
        value, end = _read(inner, data, start, order, depth + 1)
        return Variant(inner, value), end
    if kind == "a":
        return _read_array(code[1:], data, start, order, depth)
    values = []
    for part in split_signature(code[1:-1]):
        value, start = _read(part, data, start, order, depth + 1)
        values.append(value)
    return tuple(values), start


def _read_number(kind: str, data: bytes, start: int, order: str) -> tuple[Any, int]:
    form, size = _NUMBERS[kind]
    if start + size > len(data):
        raise DBusError("a message ends in the middle of a value")
    value = struct.unpack_from(order + form, data, start)[0]
    return (bool(value) if kind == "b" else value), start + size


def _read_text(kind: str, data: bytes, start: int, order: str) -> tuple[str, int]:
    length, start = _read_number("y" if kind == "g" else "u", data, start, order)
    end = start + length
    if data[end : end + 1] != b"\0":
        raise DBusError("a string has no end")
    try:
        return data[start:end].decode(), end + 1
    except UnicodeDecodeError as error:
        raise DBusError("a string is not UTF-8") from error


def _read_array(code: str, data: bytes, start: int, order: str, depth: int) -> tuple[Any, int]:
    length, start = _read_number("u", data, start, order)
    position = _aligned(start, _ALIGNMENTS[code[0]])
    end = position + length
    if end > len(data):
        raise DBusError("an array is longer than its message")
    items = []
    while position < end:
        item, position = _read(code, data, position, order, depth + 1)
        items.append(item)
    if position != end:
        raise DBusError("an array ends in the middle of an element")
    return (dict(items) if code[0] == "{" else items), end


def _byte_order(data: bytes) -> str:
    orders = {b"l": "<", b"B": ">"}
    if data[:1] not in orders:
        raise DBusError("a message has no byte order")
    return orders[data[:1]]


def _aligned(position: int, alignment: int) -> int:
    return -(-position // alignment) * alignment


def _pad(out: bytearray, alignment: int) -> None:
    out += bytes(_aligned(len(out), alignment) - len(out))


def _padded(data: bytes, alignment: int) -> bytes:
    return data + bytes(_aligned(len(data), alignment) - len(data))
