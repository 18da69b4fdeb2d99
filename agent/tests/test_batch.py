"""Batch mode: requests from a file, answers as lines of base64."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from agent.tests.driver import HELLO, LIMITS, PYTHON
from runyard.agent.frames import (
    Frame,
    FrameReader,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import Command, encode_command, encode_files, parse_exited
from runyard.domain.files import File

LINE_CHARACTERS_MAX = 12 * 1024


@pytest.fixture(params=["binary", "sanitized"])
def program(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


def run(program: Path, folder: Path, request: bytes, *, by_file: bool) -> tuple[list[Frame], int]:
    work = folder / "work"
    work.mkdir()
    name = folder / "request"
    name.write_bytes(request)
    finished = subprocess.run(
        [program, "batch", "--work", work, *([name] if by_file else [])],
        input=None if by_file else request,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"Sanitizer" not in finished.stderr, finished.stderr
    reader = FrameReader()
    for line in finished.stdout.splitlines(keepends=True):
        assert len(line) < LINE_CHARACTERS_MAX
        reader.feed(base64.b64decode(line, validate=False))
    frames = []
    while frame := reader.next():
        frames.append(frame)
    return frames, finished.returncode


@pytest.mark.parametrize("by_file", [True, False])
def test_batch_serves_a_whole_execution(program: Path, tmp_path: Path, *, by_file: bool) -> None:
    request = b"".join(
        [
            HELLO,
            *encode_files([File("in/data", b"x" * 600_000)]),
            encode_command(Command(argv=("cp", "in/data", "copy"), env={}, limits=LIMITS)),
            encode_command(Command(argv=("sh", "-c", "exit 3"), env={}, limits=LIMITS)),
            encode_frame(
                FrameType.GET_FILES,
                encode_text(1, "copy") + encode_number(2, 1) + encode_number(3, 1 << 20),
            ),
        ]
    )

    frames, code = run(program, tmp_path, request, by_file=by_file)

    kinds = [frame.type for frame in frames]
    assert kinds[:3] == [FrameType.HELLO_REPLY, FrameType.EXITED, FrameType.EXITED]
    assert [parse_exited(frame).exit_code for frame in frames[1:3]] == [0, 3]
    assert frames[-1].type is FrameType.FILES_DONE
    assert sum(len(frame.payload) for frame in frames) > 600_000
    assert code == 0


def test_batch_feeds_stdin_beyond_the_window(program: Path, tmp_path: Path) -> None:
    data = os.urandom(1_000_000)
    command = Command(argv=("cat",), env={}, limits=LIMITS, keep_stdin_open=True)
    chunks = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
    request = [HELLO, encode_command(command)]
    request += [encode_frame(FrameType.STDIN, chunk) for chunk in chunks]
    request += [encode_frame(FrameType.STDIN_EOF)]

    frames, code = run(program, tmp_path, b"".join(request), by_file=True)

    assert b"".join(frame.payload for frame in frames if frame.type is FrameType.STDOUT) == data
    assert parse_exited(frames[-1]).exit_code == 0
    assert code == 0


def test_batch_passes_over_input_that_nobody_reads(program: Path, tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 0.2: pass"
    command = Command(argv=(PYTHON, "-c", spin), env={}, limits=LIMITS, keep_stdin_open=True)
    chunk = encode_frame(FrameType.STDIN, b"x" * 65_536)

    frames, code = run(
        program, tmp_path, HELLO + encode_command(command) + chunk * 20, by_file=False
    )

    assert parse_exited(frames[-1]).exit_code == 0
    assert code == 0


def test_batch_with_a_malformed_request_says_so(program: Path, tmp_path: Path) -> None:
    frames, code = run(program, tmp_path, HELLO + b"\0" * 8, by_file=True)

    assert [frame.type for frame in frames] == [FrameType.HELLO_REPLY, FrameType.ERROR]
    assert code == 1


def test_request_file_that_is_missing_is_told(binary: Path, tmp_path: Path) -> None:
    finished = subprocess.run(
        [binary, "batch", tmp_path / "missing"], capture_output=True, check=False, timeout=60
    )

    assert finished.returncode == 125
    assert b"missing" in finished.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["serve", "--nonsense"], ["batch", "a", "b"]]
)
def test_wrong_arguments_are_told(binary: Path, arguments: list[str]) -> None:
    finished = subprocess.run([binary, *arguments], capture_output=True, check=False, timeout=60)

    assert finished.returncode == 125
    assert b"usage: runyard-agent" in finished.stderr


def test_version_is_told(binary: Path) -> None:
    assert subprocess.check_output([binary, "--version"]).startswith(b"runyard-agent ")
