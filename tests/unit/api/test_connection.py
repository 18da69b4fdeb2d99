"""What one turn of the loop writes to a client is one packet."""

import asyncio

from runyard.api.connection import _JoinedWrites


class Wire(asyncio.Transport):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.packets: list[bytes] = []
        self.closed = False

    def writelines(self, parts: object) -> None:
        assert isinstance(parts, list)
        self.packets.append(b"".join(parts))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def open_joined() -> tuple[Wire, _JoinedWrites]:
    wire = Wire()
    return wire, _JoinedWrites(wire, asyncio.get_running_loop())


async def turn() -> None:
    await asyncio.sleep(0)  # tidy: one turn of the loop.


async def test_head_and_body_are_one_packet_and_the_next_is_another() -> None:
    wire, joined = open_joined()

    joined.write(b"head ")
    joined.write(b"body")
    assert wire.packets == []
    await turn()
    joined.write(b"next")
    await turn()

    assert wire.packets == [b"head body", b"next"]


async def test_what_was_written_is_sent_before_the_connection_is_closed() -> None:
    wire, joined = open_joined()

    joined.write(b"farewell")
    joined.close()
    await turn()

    assert (wire.packets, wire.closed) == ([b"farewell"], True)


async def test_nothing_is_sent_behind_the_end() -> None:
    wire, joined = open_joined()

    joined.write(b"lost")
    joined.abort()
    joined.write(b"late")
    await turn()

    assert (wire.packets, wire.closed) == ([], True)
    assert joined.is_closing()
