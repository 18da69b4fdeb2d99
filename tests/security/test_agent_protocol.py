"""The agent withstands its program, and the server an agent that did not."""

import asyncio
from contextlib import suppress

import pytest

from runyard.agent.channel import Channel, Command, Output
from runyard.domain.errors import EngineError, RunyardError
from runyard.domain.files import File
from runyard.domain.limits import KIB, Limits
from tests.security.attacks import Attacks
from tests.security.hostile_agent import (
    FALSE_ENDINGS,
    FALSE_FILES,
    NONSENSE,
    HostileStream,
    header,
)
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import INSIDE_LIMITS, load_programs

LIMITS = Limits(output_bytes=64 * KIB)
COMMAND = Command(argv=("true",), env={}, limits=LIMITS)
KILL_ALL = load_programs("agent_protocol")["kill_all"]
GARBAGE = {
    "noise": bytes(range(256)) * 64,
    "huge frame": header(0xFFFFFFFF, 5),
    "frame above the limit": header(1_048_577, 2),
    "unknown type": header(0, 250),
    "exec without fields": header(0, 5),
    "fields that do not add up": header(8, 5) + b"\x01\x00\xff\xff\xff\xff\x00\x00",
    "chunk without a file": header(4, 3) + b"abcd",
    "reserved bits": header(0, 4, reserved=7),
}


class TestAgentProtocol(Attacks):
    kind = "agent_protocol"


async def converse(name: str, stream: HostileStream) -> list[object]:
    """Ask everything there is to ask, until the first complaint."""
    channel = Channel(stream)
    if name in FALSE_FILES:
        return [*await channel.get_files(["*"], count_max=10, bytes_max=100_000)]
    if name in FALSE_ENDINGS:
        return [item async for item in channel.exec(COMMAND)]
    await channel.open()
    await channel.put_files([File("a", b"x")])
    return [item async for item in channel.exec(COMMAND)]


@pytest.mark.parametrize("name", [*NONSENSE, *FALSE_ENDINGS, *FALSE_FILES])
async def test_server_believes_no_hostile_agent(name: str) -> None:
    stream = HostileStream((NONSENSE | FALSE_ENDINGS | FALSE_FILES)[name])

    async with asyncio.timeout(10):
        with pytest.raises(EngineError) as caught:
            await converse(name, stream)

    assert len(caught.value.message) < 5000


async def test_hostile_agent_cannot_give_more_output_than_the_limit() -> None:
    stream = HostileStream(FALSE_ENDINGS["output after output"])
    received = 0
    with suppress(EngineError):
        async for item in Channel(stream).exec(COMMAND):
            received += len(item.data) if isinstance(item, Output) else 0

    assert received <= LIMITS.output_bytes


@pytest.mark.parametrize("name", GARBAGE)
async def test_agent_that_hears_garbage_ends_and_leaves_nothing(
    laboratory: Laboratory, name: str
) -> None:
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        assert (await session.run("/bin/echo", "up", env=ENV)).text == "up"
        session.sandbox.stream.write(GARBAGE[name])
        with pytest.raises(RunyardError):
            await session.run("/bin/true", env=ENV)


async def test_stream_cut_in_the_middle_of_a_frame_leaves_nothing(
    laboratory: Laboratory,
) -> None:
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        session.sandbox.stream.write(header(1000, 2) + b"half of a file")
        await session.sandbox.stream.drain()
        await session.sandbox.stream.aclose()


async def test_agent_answers_after_an_attack_on_all_processes(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        for _ in range(3):
            inside = await laboratory.run_in(session, KILL_ALL)
            assert inside.exited.exit_code == 3
        assert (await session.run("/bin/echo", "here", env=ENV)).text == "here"
