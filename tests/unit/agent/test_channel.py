"""The conversation, against an agent that says what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.agent.frames import (
    DATA_BYTES_MAX,
    STDIN_WINDOW_BYTES,
    ErrorCode,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.domain.errors import (
    EngineError,
    InvalidPathError,
    InvalidRequestError,
    ProtocolError,
    RunyardError,
    TooLargeError,
)
from runyard.domain.execution import LimitHit
from runyard.domain.files import File
from tests.unit.agent.scripted import (
    EXITED,
    FILE,
    HELLO_REPLY,
    PUT_REPLY,
    ScriptedStream,
    command,
    error,
    files_done,
    finished,
    output,
    taken,
)


async def collect(channel: Channel, wanted: Command) -> list[Output | Exited]:
    return [item async for item in channel.exec(wanted)]


async def test_open_returns_what_the_agent_says_and_greets_once() -> None:
    stream = ScriptedStream(HELLO_REPLY)
    channel = Channel(stream)

    hello = await channel.open()

    assert (hello.version, hello.agent, hello.is_init, hello.has_meter) == (1, "test", True, False)
    assert await channel.open() == hello
    assert stream.kinds() == ["HELLO"]


async def test_first_command_greets_by_itself_in_the_same_write() -> None:
    stream = ScriptedStream(HELLO_REPLY + EXITED)
    channel = Channel(stream)

    items = [item async for item in channel.exec(command(), files=[FILE])]

    assert len(items) == 1
    assert len(stream.written) == 1
    assert stream.kinds() == ["HELLO", "PUT_FILE", "EXEC"]
    assert (await channel.open()).agent == "test"


async def test_requests_started_together_travel_before_any_answer() -> None:
    stream = ScriptedStream()
    channel = Channel(stream)
    together = asyncio.gather(
        channel.open(),
        channel.put_files([FILE]),
        collect(channel, command()),
        channel.get_files(["*"], count_max=1, bytes_max=1),
    )
    await stream.wait_written(4)

    stream.add(HELLO_REPLY + PUT_REPLY + EXITED + files_done())

    hello, none, items, files = await together
    assert hello.version == 1
    assert none is None
    assert isinstance(items[-1], Exited)
    assert files == []


async def test_output_and_the_end_are_parsed() -> None:
    end = encode_frame(
        FrameType.EXITED,
        b"".join(
            [
                *(encode_number(2, 9), encode_number(3, 4), encode_number(4, 1_500_000_000)),
                *(encode_number(5, 250_000_000), encode_number(6, 4096), encode_number(7, 3)),
                *(encode_number(8, 4), encode_number(9, 2), encode_text(10, "why")),
            ]
        ),
    )
    stream = finished(output(b"out"), output(b"err!", FrameType.STDERR) + end)

    items = await collect(Channel(stream), command())

    assert items[:2] == [Output("stdout", b"out"), Output("stderr", b"err!")]
    exited = items[2]
    assert isinstance(exited, Exited)
    assert (exited.exit_code, exited.signal, exited.limit_hit) == (None, 9, LimitHit.OUTPUT)
    assert (exited.stdout_truncated, exited.stderr_truncated) == (False, True)
    assert exited.message == "why"
    usage = exited.usage
    assert (usage.wall_seconds, usage.cpu_seconds, usage.memory_peak_bytes) == (1.5, 0.25, 4096)
    assert (usage.stdout_bytes, usage.stderr_bytes) == (3, 4)


async def test_what_the_agent_cannot_measure_is_none() -> None:
    exited = (await collect(Channel(finished(EXITED)), command()))[-1]

    assert isinstance(exited, Exited)
    assert exited.usage.cpu_seconds is None
    assert exited.usage.memory_peak_bytes is None


@pytest.mark.parametrize(
    "pieces",
    [
        (output(b"x" * 101),),
        (output(b"x" * 60), output(b"x" * 41)),
        (output(b"x" * 60, FrameType.STDERR), output(b"x" * 41, FrameType.STDERR)),
        (PUT_REPLY,),
        (taken(1),),
        (encode_frame(FrameType.EXITED, encode_number(4, 1)),),
        (encode_frame(FrameType.EXITED, encode_number(1, 0)),),
        (encode_frame(FrameType.EXITED, encode_number(1, 0) + encode_number(2, 9)),),
        (encode_frame(FrameType.EXITED, encode_number(1, 0) + encode_number(3, 9)),),
        (b"\0" * 8,),
        (output(b"only half")[:-1],),
        (),
    ],
)
async def test_answer_that_makes_no_sense_spoils_the_channel(pieces: Iterable[bytes]) -> None:
    channel = Channel(finished(*pieces))

    with pytest.raises(ProtocolError):
        await collect(channel, command())
    with pytest.raises(ProtocolError):
        await channel.get_files(["*"], count_max=1, bytes_max=1)


async def test_output_of_exactly_the_limit_is_accepted() -> None:
    items = await collect(Channel(finished(output(b"x" * 100) + EXITED)), command())

    assert items[0] == Output("stdout", b"x" * 100)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.BAD_PATH, InvalidPathError),
        (ErrorCode.NO_SPACE, TooLargeError),
        (ErrorCode.STORAGE, EngineError),
    ],
)
async def test_refusal_is_raised_and_the_channel_goes_on(
    code: ErrorCode, kind: type[RunyardError]
) -> None:
    stream = ScriptedStream(HELLO_REPLY + error(code) + error(code) + EXITED)
    channel = Channel(stream)

    with pytest.raises(kind, match="words"):
        await channel.put_files([FILE])
    with pytest.raises(kind, match="words"):
        await collect(channel, command())

    assert isinstance((await collect(channel, command()))[-1], Exited)


@pytest.mark.parametrize("answer", [error(ErrorCode.MALFORMED), error(4, is_fatal=True), error(99)])
async def test_other_errors_are_protocol_errors(answer: bytes) -> None:
    channel = Channel(finished(answer))

    with pytest.raises(ProtocolError, match="gave up: words"):
        await channel.put_files([FILE])


async def test_count_of_stored_files_must_agree() -> None:
    channel = Channel(finished(PUT_REPLY))

    with pytest.raises(ProtocolError, match="stored 1 of 2"):
        await channel.put_files([FILE, File("b", b"")])


@pytest.mark.parametrize(
    "hello",
    [EXITED, encode_frame(FrameType.HELLO_REPLY, encode_number(1, 2)), error(ErrorCode.VERSION)],
)
async def test_other_greeting_is_a_protocol_error(hello: bytes) -> None:
    with pytest.raises(ProtocolError):
        await Channel(ScriptedStream(hello)).open()


async def test_large_file_travels_in_chunks() -> None:
    stream = ScriptedStream(HELLO_REPLY + PUT_REPLY)

    await Channel(stream).put_files([File("a", b"x" * 600_000)])

    assert stream.kinds() == ["HELLO", "PUT_FILE", "PUT_CHUNK", "PUT_CHUNK", "PUT_DONE"]
    assert all(len(piece) < 700_000 for piece in stream.written)


async def test_large_stdin_follows_the_command_within_the_window() -> None:
    stream = ScriptedStream(HELLO_REPLY)
    channel = Channel(stream)
    size = STDIN_WINDOW_BYTES + 10
    running = asyncio.create_task(collect(channel, command(stdin=b"x" * size)))
    await stream.wait_written(1)
    assert stream.kinds() == ["HELLO", "EXEC", "STDIN", "STDIN", "STDIN"]

    stream.add(taken(DATA_BYTES_MAX))
    stream.add(EXITED)

    await running
    assert stream.kinds()[5:] == ["STDIN", "STDIN_EOF"]
    assert sum(len(piece) for piece in stream.written) > size


async def test_input_while_running_is_sent_until_it_is_closed() -> None:
    stream = ScriptedStream(HELLO_REPLY, output(b"up"))
    channel = Channel(stream)
    running = channel.exec(command(keep_stdin_open=True))
    await anext(running)

    channel.write_stdin(b"one")
    channel.close_stdin()
    channel.close_stdin()
    channel.write_stdin(b"too late")

    assert stream.kinds()[2:] == ["STDIN", "STDIN_EOF"]
    stream.add(EXITED)
    assert isinstance(await anext(running), Exited)


async def test_signals_reach_a_running_program_only() -> None:
    stream = ScriptedStream(HELLO_REPLY, output(b"up"))
    channel = Channel(stream)
    channel.kill()
    channel.write_stdin(b"nobody")
    channel.close_stdin()
    assert stream.written == []
    running = channel.exec(command())
    await anext(running)

    channel.resize(30, 100)
    channel.signal(15)
    channel.kill()

    assert stream.kinds()[2:] == ["RESIZE", "SIGNAL", "KILL"]
    stream.add(EXITED)
    await anext(running)
    channel.kill()
    assert len(stream.kinds()) == 5


async def test_second_command_at_the_same_time_is_refused() -> None:
    stream = ScriptedStream(HELLO_REPLY, output(b"up"))
    channel = Channel(stream)
    running = channel.exec(command())
    await anext(running)

    with pytest.raises(InvalidRequestError):
        await collect(channel, command())

    stream.add(EXITED)
    assert isinstance(await anext(running), Exited)


async def test_command_that_was_left_spoils_the_channel() -> None:
    channel = Channel(ScriptedStream(HELLO_REPLY, output(b"up")))
    running = channel.exec(command())
    await anext(running)

    await running.aclose()

    with pytest.raises(ProtocolError, match="not read to its end"):
        await channel.get_files(["*"], count_max=1, bytes_max=1)


async def test_cancelled_wait_spoils_the_channel() -> None:
    channel = Channel(ScriptedStream(HELLO_REPLY))
    waiting = asyncio.create_task(channel.put_files([FILE]))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    with pytest.raises(ProtocolError, match="not read to its end"):
        await channel.put_files([FILE])


async def test_lost_connection_is_a_protocol_error() -> None:
    class LostStream(ScriptedStream):
        async def read(self, size_max: int) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ProtocolError, match="is gone"):
        await Channel(LostStream()).open()
