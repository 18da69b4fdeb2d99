"""Files that go in: names, contents, and what already stands there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

import pytest

from agent.tests.driver import AgentProcess, is_root
from runyard.agent.frames import (
    ErrorCode,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import encode_files
from runyard.domain.files import File

Start = Callable[..., AgentProcess]

REFUSED = {
    "empty": b"",
    "absolute": b"/etc/passwd",
    "parent": b"../a",
    "parent inside": b"a/../../b",
    "parent at the end": b"a/..",
    "here": b"./a",
    "empty part": b"a//b",
    "slash at the end": b"a/",
    "newline": b"a\nb",
    "escape": b"a\x1bb",
    "delete": b"a\x7f",
    "NUL": b"a\0b",
    "part of 201 bytes": b"x" * 201,
    "513 bytes": b"/".join([b"x" * 100] * 5) + b"/" + b"x" * 8,
    "10 000 bytes": b"x/" * 5000,
}


def put_path(path: bytes) -> bytes:
    return encode_frame(FrameType.PUT_FILE, encode_text(1, path) + encode_text(3, b"content"))


def test_file_is_stored_with_its_content_and_mode(agent: AgentProcess) -> None:
    agent.put(File("a", b"one"), File("b/c/d", b"\0\xff", executable=True), File("empty", b""))

    assert (agent.work / "a").read_bytes() == b"one"
    assert (agent.work / "b/c/d").read_bytes() == b"\0\xff"
    assert (agent.work / "empty").read_bytes() == b""
    assert stat.S_IMODE((agent.work / "a").stat().st_mode) == 0o644
    assert stat.S_IMODE((agent.work / "b/c/d").stat().st_mode) == 0o755


def test_file_larger_than_a_frame_arrives_in_chunks(agent: AgentProcess) -> None:
    content = os.urandom(3 * 1024 * 1024 + 17)

    agent.put(File("large", content))

    assert (agent.work / "large").read_bytes() == content


@pytest.mark.parametrize("name", REFUSED)
def test_forbidden_name_is_refused_and_nothing_is_written(agent: AgentProcess, name: str) -> None:
    agent.send(put_path(REFUSED[name]), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    assert not list(agent.work.iterdir())


def test_names_of_the_largest_allowed_size_are_stored(agent: AgentProcess) -> None:
    part = "x" * 200
    path = f"{part}/{part}/{'y' * 110}"
    assert len(path) == 512

    agent.put(File(path, b"deep"))

    assert (agent.work / path).read_bytes() == b"deep"


def test_symbolic_link_on_the_way_is_refused(agent: AgentProcess) -> None:
    outside = agent.work.parent / "outside"
    outside.mkdir()
    (agent.work / "link").symlink_to(outside)

    agent.send(put_path(b"link/file"), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    assert not list(outside.iterdir())


def test_symbolic_link_to_a_folder_inside_is_refused_too(agent: AgentProcess) -> None:
    (agent.work / "folder").mkdir()
    (agent.work / "link").symlink_to("folder")

    agent.send(put_path(b"link/new/file"), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    assert not list((agent.work / "folder").iterdir())


def test_symbolic_link_at_the_end_is_replaced_and_not_followed(agent: AgentProcess) -> None:
    target = agent.work.parent / "target"
    target.write_bytes(b"untouched")
    (agent.work / "link").symlink_to(target)

    agent.put(File("link", b"new"))

    assert target.read_bytes() == b"untouched"
    assert not (agent.work / "link").is_symlink()


def test_pipe_at_the_end_is_replaced_without_waiting_for_a_reader(agent: AgentProcess) -> None:
    os.mkfifo(agent.work / "pipe")

    agent.put(File("pipe", b"new"))

    assert (agent.work / "pipe").read_bytes() == b"new"


def test_hard_link_is_cut_and_the_other_name_keeps_its_content(agent: AgentProcess) -> None:
    other = agent.work.parent / "other"
    other.write_bytes(b"untouched")
    (agent.work / "name").hardlink_to(other)

    agent.put(File("name", b"new"))

    assert other.read_bytes() == b"untouched"


def test_program_that_was_executed_can_be_replaced(agent: AgentProcess) -> None:
    for code in (3, 4):
        agent.put(File("run", f"#!/bin/sh\nexit {code}\n".encode(), executable=True))

        assert agent.run("./run").exited.exit_code == code


@pytest.mark.parametrize(
    ("first", "second"), [("a", "a/b"), ("a/b", "a")], ids=["file as folder", "folder as file"]
)
def test_file_and_folder_of_one_name_are_refused(
    agent: AgentProcess, first: str, second: str
) -> None:
    agent.put(File(first, b""))

    agent.send(put_path(second.encode()), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)


def test_refused_file_spoils_the_command_sent_with_it(agent: AgentProcess) -> None:
    agent.send(put_path(b"../a"), put_path(b"b"))
    agent.start("sh", "-c", "touch ran")

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    assert agent.run("true").exited.exit_code == 0
    assert not list(agent.work.iterdir())


def test_refused_file_with_chunks_is_passed_over_to_its_end(agent: AgentProcess) -> None:
    agent.send(
        encode_frame(FrameType.PUT_FILE, encode_text(1, "/a"), has_more=True),
        encode_frame(FrameType.PUT_CHUNK, b"x", has_more=True),
        encode_frame(FrameType.PUT_CHUNK, b"x"),
        encode_frame(FrameType.PUT_DONE),
    )

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    agent.put(File("b", b"after it"))


def test_first_failure_is_the_one_reported(agent: AgentProcess) -> None:
    agent.send(put_path(b"../first"), put_path(b"second/"), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    agent.send(encode_frame(FrameType.GET_FILES, encode_text(1, "*") + encode_number(2, 9)))
    assert agent.receive().type is FrameType.FILES_DONE


@pytest.mark.skipif(not is_root(), reason="a small file system needs root")
def test_full_disk_is_reported(start_agent: Start) -> None:
    small = 'mount -t tmpfs -o size=65536,nr_inodes=20 none . && exec "$@"'
    prefix = ("unshare", "--mount", "sh", "-c", f'cd "$4" && {small}', "sh")
    agent = start_agent(prefix=prefix).greet()

    agent.send(*encode_files([File("large", b"x" * 300_000)]), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.NO_SPACE, False)


def test_work_folder_that_is_gone_is_a_failure_of_the_storage(agent: AgentProcess) -> None:
    agent.work.rmdir()

    agent.send(put_path(b"new"), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.STORAGE, False)
