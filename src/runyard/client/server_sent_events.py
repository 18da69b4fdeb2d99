"""Reads a stream of server-sent events; no I/O, so that the sync and the async client share it."""

from __future__ import annotations

from runyard.client.errors import UnexpectedAnswerError
from runyard.client.models import Event
from runyard.client.wire import parse_event

# More than the largest event of a server: 64 KiB of output as base64, with room.
EVENT_BYTES_MAX = 1024 * 1024


class EventReader:
    """Fed with bytes as they come, returns the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, str] = {}

    def feed(self, data: bytes) -> list[Event]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > EVENT_BYTES_MAX:
            raise UnexpectedAnswerError(
                f"An event of the stream has more than {EVENT_BYTES_MAX} bytes."
            )
        read = (self._read_line(line.decode().removesuffix("\r")) for line in lines)
        return [event for event in read if event is not None]

    def _read_line(self, line: str) -> Event | None:
        if not line:
            fields, self._fields = self._fields, {}
            if "data" not in fields:
                return None
            return parse_event(
                sequence=fields.get("id", ""), kind=fields.get("event", ""), data=fields["data"]
            )
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and "data" in self._fields:
            value = f"{self._fields['data']}\n{value}"
        # A line that begins with a colon is a comment: the server's heartbeat.
        if name:
            self._fields[name] = value
        return None
