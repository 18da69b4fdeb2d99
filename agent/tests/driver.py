"""The agent as a process, and the few verbs with which the tests speak to it."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runyard.agent.frames import Fields, Frame, FrameReader, FrameType, encode_frame, encode_number
from runyard.agent.messages import (
    Command,
    Exited,
    encode_command,
    encode_files,
    parse_exited,
)
from runyard.domain.errors import ProtocolError
from runyard.domain.files import File, Folder
from runyard.domain.limits import MIB, Limits

DEADLINE_SECONDS = 60.0
PYTHON = "/usr/bin/python3"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
LIMITS = Limits(wall_seconds=30.0, cpu_seconds=30.0, memory_bytes=512 * MIB, output_bytes=MIB)
HELLO = encode_frame(FrameType.HELLO, encode_number(1, 1) + encode_number(2, 1))


@dataclass
class Ended:
    """What a command wrote, in order of arrival, and how it ended."""

    exited: Exited
    frames: list[Frame] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def stdout(self) -> bytes:
        return b"".join(frame.payload for frame in self.frames if frame.type is FrameType.STDOUT)

    @property
    def stderr(self) -> bytes:
        return b"".join(frame.payload for frame in self.frames if frame.type is FrameType.STDERR)


class AgentProcess:
    """One agent at the other end of a socket. `prefix` starts it by another program."""

    def __init__(
        self,
        binary: Path,
        work: Path,
        *,
        prefix: Sequence[str] = (),
        options: Sequence[str] = (),
        stderr: Path,
    ) -> None:
        self._socket, theirs = socket.socketpair()
        self.stderr = stderr
        with theirs, stderr.open("wb") as errors:
            self.process = subprocess.Popen(
                [*prefix, str(binary), "serve", "--work", str(work), *options],
                stdin=theirs,
                stdout=theirs,
                stderr=errors,
                start_new_session=True,
            )
        self._reader = FrameReader()
        self.work = work
        self.read_bytes_max = 262_144

    def greet(self) -> AgentProcess:
        self.send(HELLO)
        assert self.receive().type is FrameType.HELLO_REPLY
        return self

    def send(self, *frames: bytes) -> None:
        self._socket.sendall(b"".join(frames))

    def receive(self) -> Frame:
        """Return the next frame; fail if there is none in time."""
        until = time.monotonic() + DEADLINE_SECONDS
        while (frame := self._reader.next()) is None:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                raise TimeoutError("The agent does not answer.")
            data = self._socket.recv(self.read_bytes_max)
            if not data:
                raise EOFError(self.stderr.read_text())
            self._reader.feed(data)
        return frame

    def receive_error(self) -> tuple[int, bool]:
        """Return code and whether it is fatal of the ERROR that must come now."""
        frame = self.receive()
        assert frame.type is FrameType.ERROR, frame
        fields = Fields(frame.payload, known=range(1, 4))
        assert fields.text(2)
        return fields.number_required(1), fields.number(3) == 1

    def receive_end(self) -> None:
        """Check that the stream ends now."""
        try:
            frame = self.receive()
        except (EOFError, ConnectionResetError):
            return
        raise AssertionError(f"The agent goes on with {frame}.")

    def put(self, *files: File | Folder) -> None:
        self.send(*encode_files(files), encode_frame(FrameType.PUT_DONE))
        frame = self.receive()
        assert frame.type is FrameType.PUT_REPLY, frame

    def start(
        self, *argv: str, stdin: bytes = b"", limits: Limits = LIMITS, **rest: object
    ) -> None:
        env = rest.pop("env", ENV)
        command = Command(argv=argv, env=env, stdin=stdin, limits=limits, **rest)  # type: ignore[arg-type]
        self.send(encode_command(command))

    def finish(self) -> Ended:
        """Read up to EXITED."""
        frames = []
        while (frame := self.receive()).type is not FrameType.EXITED:
            if frame.type is FrameType.ERROR:
                raise ProtocolError(repr(frame))
            frames.append(frame)
        return Ended(parse_exited(frame), frames)

    def run(self, *argv: str, **rest: object) -> Ended:
        begun = time.monotonic()
        self.start(*argv, **rest)  # type: ignore[arg-type]
        ended = self.finish()
        ended.seconds = time.monotonic() - begun
        return ended

    def receive_until(self, text: bytes) -> bytes:
        """Read stdout until it contains `text`."""
        got = b""
        while text not in got:
            frame = self.receive()
            assert frame.type is not FrameType.EXITED, (got, parse_exited(frame))
            if frame.type is FrameType.STDOUT:
                got += frame.payload
        return got

    @property
    def pid(self) -> int:
        """The agent itself, which is a child of the program that made its namespace."""
        name = Path(f"/proc/{self.process.pid}/comm").read_text().strip()
        return children(self.process.pid)[0] if name == "unshare" else self.process.pid

    def programs(self) -> list[int]:
        """The processes below the agent, by their pids outside."""
        found = children(self.pid)
        for pid in found:
            found += children(pid)
        return found

    def shut(self) -> None:
        """End the stream to the agent, but go on reading."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> int:
        """End the conversation and return the exit code."""
        self._socket.close()
        code = self.process.wait(DEADLINE_SECONDS)
        errors = self.stderr.read_text()
        assert "Sanitizer" not in errors, errors
        assert "runtime error" not in errors, errors
        return code


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_gone(pid: int) -> None:
    """Wait until a process has ended."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([ended], [], [], DEADLINE_SECONDS)[0], f"{pid} lives on"
    finally:
        os.close(ended)


def is_root() -> bool:
    return os.geteuid() == 0
