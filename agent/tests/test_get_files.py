"""Files that go out: patterns, caps, and folders made to trap the walk."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from agent.tests.driver import PYTHON, AgentProcess
from runyard.agent.frames import (
    ErrorCode,
    Fields,
    FrameType,
    encode_frame,
    encode_number,
    encode_text,
)
from runyard.agent.messages import encode_files
from runyard.domain.files import File, Folder
from runyard.domain.limits import MIB

TREE_FIELD = IS_FOLDER_FIELD = 0x8001
TREE = ("a.txt", "b.txt", "c.log", ".hidden", "out/a.txt", "out/deep/er/x.txt", "out/.git/y.txt")

PATTERNS = [
    (["*.txt"], ["a.txt", "b.txt"]),
    (["a.txt", "*.txt"], ["a.txt", "b.txt"]),
    (["*"], ["a.txt", "b.txt", "c.log"]),
    ([".*"], [".hidden"]),
    (["?.txt"], ["a.txt", "b.txt"]),
    (["[ac].*"], ["a.txt", "c.log"]),
    (["[!ac].*"], ["b.txt"]),
    (["[a-b].txt"], ["a.txt", "b.txt"]),
    (["**"], ["a.txt", "b.txt", "c.log", "out/a.txt", "out/deep/er/x.txt"]),
    (["**/*.txt"], ["a.txt", "b.txt", "out/a.txt", "out/deep/er/x.txt"]),
    (["out/**"], ["out/a.txt", "out/deep/er/x.txt"]),
    (["out/*"], ["out/a.txt"]),
    (["out/**/x.txt"], ["out/deep/er/x.txt"]),
    (["**/er/*"], ["out/deep/er/x.txt"]),
    (["out/.git/*"], ["out/.git/y.txt"]),
    (["out"], []),
    (["nothing*"], []),
    (["[a.txt"], []),
    ([], []),
]


def get(
    agent: AgentProcess,
    globs: Sequence[str],
    *,
    tree: str | None = None,
    count_max: int = 100,
    bytes_max: int = 10 * MIB,
) -> tuple[list[File], bool]:
    """Return the files and whether something was left out."""
    payload = b"".join(encode_text(1, glob) for glob in globs)
    payload += b"" if tree is None else encode_text(TREE_FIELD, tree)
    payload += encode_number(2, count_max) + encode_number(3, bytes_max)
    agent.send(encode_frame(FrameType.GET_FILES, payload))
    files = []
    while (frame := agent.receive()).type is not FrameType.FILES_DONE:
        assert frame.type is FrameType.FILE, frame
        fields = Fields(frame.payload, known=range(1, 4))
        content = fields.content(3)
        while frame.has_more:
            frame = agent.receive()
            assert frame.type is FrameType.FILE_CHUNK
            content += frame.payload
        path = fields.content(1).decode()
        files.append(File(path, content, executable=fields.number(2) == 1))
    done = Fields(frame.payload, known=range(1, 4))
    assert done.number(1) == len(files)
    assert done.number(2) == sum(len(file.content) for file in files)
    return files, done.number(3) == 1


@pytest.mark.parametrize(("globs", "expected"), PATTERNS, ids=[str(row[0]) for row in PATTERNS])
def test_pattern_chooses_files(agent: AgentProcess, globs: list[str], expected: list[str]) -> None:
    agent.put(*(File(path, path.encode()) for path in TREE))

    files, is_partial = get(agent, globs)

    assert [file.path for file in files] == expected
    assert all(file.content == file.path.encode() for file in files)
    assert not is_partial


def test_content_and_mode_come_back_as_they_went_in(agent: AgentProcess) -> None:
    sent = [
        File("a", b""),
        File("b", os.urandom(49_152)),
        File("c", os.urandom(49_153), executable=True),
        File("d", os.urandom(2 * MIB + 1)),
    ]
    agent.put(*sent)

    files, is_partial = get(agent, ["*"])

    assert files == sent
    assert not is_partial


@pytest.mark.parametrize("glob", ["/etc/*", "../*", "a/../b", "", "x" * 600, "*/" * 40 + "x"])
def test_forbidden_pattern_is_refused(agent: AgentProcess, glob: str) -> None:
    agent.send(encode_frame(FrameType.GET_FILES, encode_text(1, "a") + encode_text(1, glob)))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)
    assert get(agent, ["*"]) == ([], False)


@pytest.mark.parametrize(
    ("count_max", "is_partial"), [(4, False), (3, False), (2, True), (0, True)]
)
def test_first_files_in_order_are_kept_under_the_count_cap(
    agent: AgentProcess, *, count_max: int, is_partial: bool
) -> None:
    agent.put(*(File(name, b"") for name in "cab"))

    files, was_partial = get(agent, ["*"], count_max=count_max)

    assert [file.path for file in files] == ["a", "b", "c"][:count_max]
    assert was_partial == is_partial


@pytest.mark.parametrize(("bytes_max", "names"), [(31, "abc"), (30, "abc"), (29, "ab"), (9, "")])
def test_file_beyond_the_bytes_cap_is_left_out_whole(
    agent: AgentProcess, bytes_max: int, names: str
) -> None:
    agent.put(*(File(name, b"0123456789") for name in "abc"))

    files, is_partial = get(agent, ["*"], bytes_max=bytes_max)

    assert "".join(file.path for file in files) == names
    assert is_partial == (len(names) < 3)


def test_only_regular_files_are_given_and_nothing_is_followed(
    agent: AgentProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = agent.work.parent / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    os.mkfifo(agent.work / "pipe")
    (agent.work / "folder").mkdir()
    (agent.work / "link").symlink_to(secret / "key")
    (agent.work / "tree").symlink_to(secret)
    (agent.work / "device").symlink_to("/dev/zero")
    # The address of a socket has room for 107 bytes only.
    monkeypatch.chdir(agent.work)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    (agent.work / "plain").write_bytes(b"plain")

    files, _ = get(agent, ["*", "**", "tree/key"])

    assert files == [File("plain", b"plain")]


def test_sparse_file_of_a_terabyte_is_left_out(agent: AgentProcess) -> None:
    with (agent.work / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    agent.put(File("small", b"x"))

    files, is_partial = get(agent, ["*"])

    assert files == [File("small", b"x")]
    assert is_partial


def test_tree_of_five_thousand_folders_ends_the_walk_and_not_the_agent(agent: AgentProcess) -> None:
    deep = "import os\nfor _ in range(5000):\n os.mkdir('d'); os.chdir('d')\n open('f','w').close()"
    assert agent.run(PYTHON, "-c", deep).exited.exit_code == 0

    files, is_partial = get(agent, ["**/f"])

    assert 10 <= len(files) <= 64
    assert is_partial
    # What the test's own removal of folders cannot reach either.
    assert agent.run("rm", "-rf", "d").exited.exit_code == 0


def test_hundred_thousand_files_are_walked_in_bounded_time(
    start_agent: Callable[..., AgentProcess],
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # Disks take minutes for it.
        agent = start_agent(work=Path(folder)).greet()
        for number in range(100_000):
            os.close(os.open(f"{folder}/{number:06}", os.O_CREAT | os.O_WRONLY))
        begun = time.monotonic()

        files, is_partial = get(agent, ["**"], count_max=5)

        assert time.monotonic() - begun < 10
        assert is_partial
        assert len(files) == 5


def test_pattern_of_many_stars_is_not_slow(agent: AgentProcess) -> None:
    agent.put(File("a" * 200, b"x"))
    begun = time.monotonic()

    files, _ = get(agent, ["*a" * 90 + "b", "**/" * 30 + "x"])

    assert files == []
    assert time.monotonic() - begun < 10


def test_files_asked_for_behind_a_command_come_after_its_end(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "printf made > new")
    agent.send(
        encode_frame(
            FrameType.GET_FILES, encode_text(1, "*") + encode_number(2, 9) + encode_number(3, 9)
        )
    )

    assert agent.finish().exited.exit_code == 0
    assert agent.receive().type is FrameType.FILE
    assert agent.receive().type is FrameType.FILES_DONE


def test_name_with_a_control_character_is_left_out(agent: AgentProcess) -> None:
    (agent.work / "a\nb").write_bytes(b"")

    assert get(agent, ["*"]) == ([], True)


def test_tree_is_given_with_all_that_is_hidden_in_it(agent: AgentProcess) -> None:
    agent.put(*(File(path, path.encode()) for path in TREE))

    files, is_partial = get(agent, ["*.log"], tree="out")

    assert [file.path for file in files] == ["out/.git/y.txt", "out/a.txt", "out/deep/er/x.txt"]
    assert not is_partial


def test_tree_has_no_links_and_no_pipes(agent: AgentProcess) -> None:
    agent.put(File("d/x", b"x"))
    (agent.work / "d/link").symlink_to("/etc/passwd")
    (agent.work / "d/folder").symlink_to("/etc")
    os.mkfifo(agent.work / "d/pipe")

    files, is_partial = get(agent, [], tree="d")

    assert [file.path for file in files] == ["d/x"]
    assert not is_partial


@pytest.mark.parametrize("kind", ["nothing", "file", "link", "link on the way"])
def test_tree_that_is_no_folder_is_not_an_empty_one(agent: AgentProcess, kind: str) -> None:
    agent.put(File("real/d/x", b"x"))
    match kind:
        case "file":
            agent.put(File("d", b""))
        case "link":
            (agent.work / "d").symlink_to("real/d")
        case "link on the way":
            (agent.work / "way").symlink_to("real")

    files, is_partial = get(agent, [], tree="way/d" if kind == "link on the way" else "d")

    assert files == []
    assert is_partial


@pytest.mark.parametrize("tree", ["..", "/etc", "", "a\tb", "x" * 513])
def test_tree_elsewhere_is_refused(agent: AgentProcess, tree: str) -> None:
    payload = encode_text(TREE_FIELD, tree) + encode_number(2, 1) + encode_number(3, 1)
    agent.send(encode_frame(FrameType.GET_FILES, payload))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)


def test_folder_is_made_and_found_empty(agent: AgentProcess) -> None:
    agent.put(Folder("d/e"), Folder("d/e"), File("d/e/x", b"x"))
    (agent.work / "d/e/x").unlink()

    assert get(agent, [], tree="d/e") == ([], False)


@pytest.mark.parametrize("stands_there", ["file", "link"])
def test_folder_takes_the_place_of_nothing(agent: AgentProcess, stands_there: str) -> None:
    if stands_there == "file":
        agent.put(File("d", b"x"))
    else:
        (agent.work / "d").symlink_to("/tmp")

    agent.send(*encode_files([Folder("d")]), encode_frame(FrameType.PUT_DONE))

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)


def test_folder_with_content_is_malformed(agent: AgentProcess) -> None:
    payload = encode_text(1, "d") + encode_text(3, "x") + encode_number(IS_FOLDER_FIELD, 1)
    agent.send(encode_frame(FrameType.PUT_FILE, payload))

    assert agent.receive_error() == (ErrorCode.MALFORMED, True)
    agent.receive_end()
