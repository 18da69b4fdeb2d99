"""The conversation with one agent: files in, one program at a time, files out.

Every request is written at once and its answer is read when it is awaited, in the order of the
requests. So greeting, files and command cost one round trip together: HELLO goes before whatever
is sent first, and requests that are started together (asyncio.gather) travel together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from runyard.agent.frames import (
    DATA_BYTES_MAX,
    STDIN_WINDOW_BYTES,
    VERSION,
    Fields,
    Frame,
    FrameReader,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import (
    Command,
    Exited,
    Hello,
    Output,
    Warmed,
    encode_command,
    encode_files,
    parse_error,
    parse_exited,
    parse_hello,
    parse_output,
    parse_warmed,
)
from runyard.domain.errors import (
    InvalidPathError,
    InvalidRequestError,
    ProtocolError,
    RunyardError,
)
from runyard.domain.files import File, Folder, check_path

__all__ = ["ByteStream", "Channel", "Command", "Exited", "Hello", "Output", "Warmed"]

_READ_BYTES_MAX = 262_144
# To put parts of this size together costs less than to hand them over one by one.
_SMALL_BYTES = 16_384


class ByteStream(Protocol):
    """What an engine's stream offers. One reader and one writer at a time."""

    async def read(self, size_max: int) -> bytes: ...
    def write(self, data: bytes | memoryview) -> None: ...
    async def drain(self) -> None: ...


# A field of GET_FILES.
_TREE = 0x8001


class _Stdin:
    """What of a program's input was sent, and what waits for room in the agent's window."""

    __slots__ = ("has_ended", "is_ending", "pending", "sent", "taken")

    def __init__(self, rest: bytes, *, sent: int, is_ending: bool) -> None:
        self.pending = bytearray(rest)
        self.sent = sent
        self.taken = 0
        self.is_ending = is_ending
        self.has_ended = is_ending and not rest

    def frames(self) -> bytes:
        """Return the frames that may be sent now."""
        parts: list[bytes] = []
        while room := min(
            len(self.pending), DATA_BYTES_MAX, STDIN_WINDOW_BYTES - self.sent + self.taken
        ):
            parts.append(encode_frame(FrameType.STDIN, bytes(self.pending[:room])))
            del self.pending[:room]
            self.sent += room
        if self.is_ending and not self.pending and not self.has_ended:
            self.has_ended = True
            parts.append(encode_frame(FrameType.STDIN_EOF))
        return b"".join(parts)


class Channel:
    """Speaks to the agent at the other end of `stream`. After a ProtocolError, or a command whose
    iterator was left before Exited, only destroying the sandbox is left.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._reader = FrameReader()
        # Answers come in the order of the requests; a lock is fair, so waiters keep that order.
        self._turn = asyncio.Lock()
        self._has_sent_hello = False
        self._hello: Hello | None = None
        self._fault: str | None = None
        self._stdin: _Stdin | None = None

    async def open(self) -> Hello:
        """Greet the agent, unless something else did already, and return what it said."""
        self._stream.write(self._greeting())
        async with self._answer():
            if self._hello is None:
                self._hello = parse_hello(await self._receive_any())
            return self._hello

    async def put_files(self, files: Sequence[File | Folder]) -> None:
        """Store files below the work folder.

        Raises InvalidPathError for a name the agent refuses, TooLargeError if they do not fit and
        EngineError if they cannot be written. A command sent together with them is refused too.
        """
        self._send(self._greeting(), *encode_files(files), encode_frame(FrameType.PUT_DONE))
        async with self._answer():
            frame = await self._receive()
            if frame.type is not FrameType.PUT_REPLY:
                raise ProtocolError(f"The agent answered files with {frame.type.name}.")
            stored = Fields(frame.payload, known=range(1, 2)).number_required(1)
            if stored != len(files):
                raise ProtocolError(f"The agent stored {stored} of {len(files)} files.")

    async def warm(self, command: Command) -> Warmed:
        """Start `command` ahead and let it stand at its first touch of the work folder.

        It has `command.limits.wall_seconds` to get there. An `exec` with the same argv, env and
        cwd, without a terminal and without merge_stderr, lets it go on; any other one ends it.
        """
        self._send(self._greeting(), encode_command(command, FrameType.WARM))
        async with self._answer():
            return parse_warmed(await self._receive())

    async def exec(
        self, command: Command, *, files: Sequence[File | Folder] = ()
    ) -> AsyncGenerator[Output | Exited, None]:
        """Store `files`, run `command` and yield what it writes; the last item is Exited.

        Everything of the step is dead by then. Raises like put_files, and ProtocolError if the
        stream ends first.
        """
        if self._stdin is not None:
            raise InvalidRequestError("This sandbox runs one command at a time.")
        kept_bytes_max = command.limits.output_bytes
        left = {FrameType.STDOUT: kept_bytes_max, FrameType.STDERR: kept_bytes_max}
        self._stdin = _start_stdin(command)
        try:
            self._send(
                self._greeting(),
                *encode_files(files),
                encode_command(command),
                self._stdin.frames(),
            )
            async with self._answer():
                while (frame := await self._receive()).type is not FrameType.EXITED:
                    if frame.type in left:
                        left[frame.type] -= len(frame.payload)
                        yield parse_output(frame, left=left[frame.type])
                    elif frame.type is FrameType.STDIN_TAKEN:
                        self._note_taken(frame)
                    else:
                        raise ProtocolError(f"The agent answered EXEC with {frame.type.name}.")
                exited = parse_exited(frame)
        finally:
            self._stdin = None
        yield exited

    def write_stdin(self, data: bytes) -> None:
        """Queue input for the running program; ignored when it has just ended."""
        if self._stdin is not None and not self._stdin.is_ending:
            self._stdin.pending += data
            self._push_stdin()

    @property
    def stdin_backlog_bytes(self) -> int:
        """What was written and waits, because the program does not read."""
        return 0 if self._stdin is None else len(self._stdin.pending)

    def close_stdin(self) -> None:
        if self._stdin is not None:
            self._stdin.is_ending = True
            self._push_stdin()

    def resize(self, rows: int, columns: int) -> None:
        payload = encode_number(1, rows) + encode_number(2, columns)
        self._tell(FrameType.RESIZE, payload)

    def signal(self, number: int) -> None:
        """Signal the program's group, or the foreground group of its terminal."""
        self._tell(FrameType.SIGNAL, encode_number(1, number))

    def kill(self) -> None:
        """End the running step: its iterator yields Exited with signal 9."""
        self._tell(FrameType.KILL)

    async def get_files(
        self, globs: Sequence[str], *, count_max: int, bytes_max: int
    ) -> list[File]:
        """Return the regular files that match, in the order of their paths, as far as the caps
        allow. Files whose names are not UTF-8 are left out.
        """
        return (await self.collect(globs, count_max=count_max, bytes_max=bytes_max))[0]

    async def collect(
        self, globs: Sequence[str], *, count_max: int, bytes_max: int
    ) -> tuple[list[File], bool]:
        """Return what `get_files` does, and whether that is all that matches."""
        payload = b"".join(encode_text(1, glob) for glob in globs)
        return await self._collect(payload, count_max=count_max, bytes_max=bytes_max)

    async def collect_tree(
        self, folder: str, *, count_max: int, bytes_max: int
    ) -> tuple[list[File], bool]:
        """Return all regular files in a folder, hidden ones too, as far as the caps allow, and
        whether those are all that are there. A folder that is missing is not all there.
        """
        payload = encode_text(_TREE, folder)
        return await self._collect(payload, count_max=count_max, bytes_max=bytes_max)

    async def _collect(
        self, payload: bytes, *, count_max: int, bytes_max: int
    ) -> tuple[list[File], bool]:
        payload += encode_number(2, count_max) + encode_number(3, bytes_max)
        self._send(self._greeting(), encode_frame(FrameType.GET_FILES, payload))
        files: list[File] = []
        count = 0
        async with self._answer():
            while (frame := await self._receive()).type is not FrameType.FILES_DONE:
                count += 1
                file, size = await self._receive_file(frame, bytes_max=bytes_max)
                bytes_max -= size
                if count > count_max:
                    raise ProtocolError("The agent sent more files than it was asked for.")
                if file is not None:
                    files.append(file)
        is_partial = Fields(frame.payload, known=range(1, 4)).number(3) == 1
        return files, len(files) == count and not is_partial

    async def _receive_file(self, frame: Frame, *, bytes_max: int) -> tuple[File | None, int]:
        if frame.type is not FrameType.FILE:
            raise ProtocolError(f"The agent answered GET_FILES with {frame.type.name}.")
        fields = Fields(frame.payload, known=range(1, 4))
        chunks = [fields.content(3)]
        size = len(chunks[0])
        while frame.has_more and size <= bytes_max:
            frame = await self._receive()
            if frame.type is not FrameType.FILE_CHUNK:
                raise ProtocolError(f"The agent put {frame.type.name} into a file.")
            if frame.has_more and not frame.payload:
                raise ProtocolError("The agent put nothing into a file.")
            chunks.append(frame.payload)
            size += len(frame.payload)
        if size > bytes_max:
            raise ProtocolError("The agent sent larger files than it was asked for.")
        try:
            path = check_path(fields.content(1).decode())
        except UnicodeDecodeError:
            return None, size
        except InvalidPathError as error:
            raise ProtocolError("The agent sent a file with a forbidden name.") from error
        return File(path, b"".join(chunks), executable=fields.number(2) == 1), size

    def _greeting(self) -> bytes:
        if self._has_sent_hello:
            return b""
        self._has_sent_hello = True
        versions = encode_number(1, VERSION) + encode_number(2, VERSION)
        return encode_frame(FrameType.HELLO, versions)

    def _send(self, *parts: bytes | memoryview) -> None:
        """Write the parts in few pieces; large ones as they are."""
        small: list[bytes | memoryview] = []
        for part in parts:
            if len(part) < _SMALL_BYTES:
                small.append(part)
            else:
                self._stream.write(b"".join(small))
                self._stream.write(part)
                small = []
        self._stream.write(b"".join(small))

    def _tell(self, kind: FrameType, payload: bytes = b"") -> None:
        if self._stdin is not None:
            self._stream.write(encode_frame(kind, payload))

    def _push_stdin(self) -> None:
        frames = self._stdin.frames() if self._stdin is not None else b""
        if frames:
            self._stream.write(frames)

    def _note_taken(self, frame: Frame) -> None:
        taken = Fields(frame.payload, known=range(1, 2)).number_required(1)
        if self._stdin is None or not self._stdin.taken < taken <= self._stdin.sent:
            raise ProtocolError("The agent took no input, or more than it was given.")
        self._stdin.taken = taken
        self._push_stdin()

    @asynccontextmanager
    async def _answer(self) -> AsyncIterator[None]:
        """Wait for the turn to read. An answer that was not read to its end spoils the channel;
        a refusal is an answer.
        """
        try:
            async with self._turn:
                if self._fault is not None:
                    raise ProtocolError(self._fault)  # noqa: TRY301
                yield
        except ProtocolError as error:
            self._fault = self._fault or error.message
            raise
        except RunyardError:
            raise
        except BaseException:
            self._fault = self._fault or "An earlier answer of the agent was not read to its end."
            raise

    async def _receive(self) -> Frame:
        """Return the next frame of an answer; raise what an ERROR says."""
        if self._hello is None:
            self._hello = parse_hello(await self._receive_any())
        return await self._receive_any()

    async def _receive_any(self) -> Frame:
        while (frame := self._reader.next()) is None:
            try:
                data = await self._stream.read(_READ_BYTES_MAX)
            except ConnectionError as error:
                raise ProtocolError("The sandbox's agent is gone.") from error
            if not data:
                raise ProtocolError("The sandbox's agent ended in the middle of a conversation.")
            self._reader.feed(data)
        if frame.type is FrameType.ERROR:
            raise parse_error(frame)
        return frame


def _start_stdin(command: Command) -> _Stdin:
    rest = command.stdin[DATA_BYTES_MAX:]
    return _Stdin(rest, sent=len(command.stdin) - len(rest), is_ending=not command.keep_stdin_open)
