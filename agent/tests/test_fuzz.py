"""Bytes that no server would send: the sanitizers must stay silent and the agent must end."""

from __future__ import annotations

import runpy
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from agent.tests.driver import HELLO
from agent.tests.mutation import mutations, seeds
from runyard.agent.frames import FrameReader
from runyard.domain.errors import ProtocolError

BUILD = Path(__file__).resolve().parent.parent / "build.py"
READER_INPUTS = 20_000
AGENT_INPUTS = 150


@pytest.fixture(scope="session")
def reader() -> Path:
    """The frame reader alone, under the sanitizers."""
    if shutil.which("gcc") is None:
        pytest.skip("the sanitizer build needs gcc")
    path: Path = runpy.run_path(str(BUILD))["build_fuzz"]()
    return path


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_frame_reader_survives_mutated_conversations(reader: Path, seed: int) -> None:
    inputs = b"".join(
        struct.pack("<I", len(data)) + data for data in mutations(seed, READER_INPUTS)
    )

    finished = subprocess.run(
        [reader, "-"], input=inputs, capture_output=True, check=False, timeout=110
    )

    assert finished.returncode == 0, finished.stderr.decode()


def answer(sanitized: Path, work: Path, request: bytes) -> tuple[bytes, int]:
    """Return what the agent says to `request` and its exit code."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        agent = subprocess.Popen(
            [sanitized, "serve", "--work", work],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        ours.settimeout(60)
        ours.sendall(request)
        ours.shutdown(socket.SHUT_WR)
        got = b""
        while data := ours.recv(1 << 16):
            got += data
        _, errors = agent.communicate(timeout=60)
    assert b"Sanitizer" not in errors, (request, errors.decode())
    assert b"runtime error" not in errors, (request, errors.decode())
    return got, agent.returncode


@pytest.mark.parametrize("seed", [1, 2])
def test_agent_survives_mutated_conversations(sanitized: Path, tmp_path: Path, seed: int) -> None:
    for request in mutations(seed, AGENT_INPUTS):
        got, code = answer(sanitized, tmp_path, HELLO + request)

        reader = FrameReader()
        reader.feed(got)
        while reader.next() is not None:
            pass
        assert code in {0, 1}, request


def test_python_reader_only_ever_raises_protocol_errors() -> None:
    for data in [*seeds(), *mutations(7, 3000)]:
        reader = FrameReader()
        reader.feed(data)
        try:
            while reader.next() is not None:
                pass
        except ProtocolError:
            pass
