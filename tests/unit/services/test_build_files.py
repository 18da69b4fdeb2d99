"""What builds left on disk: whole or not at all, private, and bounded."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runyard.services import build_files
from runyard.services.build_files import ENTRY_BYTES_MAX, BuildFiles

KIB = 1024
BLOCK = 4 * KIB


def opened(folder: Path, *, most: int = 1024 * KIB, per_owner: int = 1024 * KIB) -> BuildFiles:
    return BuildFiles(folder, bytes_max=most, bytes_per_owner_max=per_owner)


def read(files: BuildFiles, owner: str, key: str) -> bytes | None:
    found = files.read(owner, key)
    return None if found is None else bytes(found)


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_written_is_read_and_replaced(tmp_path: Path) -> None:
    files = opened(tmp_path / "builds")

    assert read(files, "ann", "k") is None
    assert files.write("ann", "k", [b"one", b"", b"two"])
    assert read(files, "ann", "k") == b"onetwo"
    assert files.write("ann", "k", [b"other"])
    assert read(files, "ann", "k") == b"other"
    assert len(entries(tmp_path)) == 1
    assert files.count() == BLOCK


def test_owners_and_keys_are_apart(tmp_path: Path) -> None:
    files = opened(tmp_path)
    files.write("ann", "k", [b"ann's"])

    assert read(files, "bob", "k") is None
    assert read(files, "ann", "j") is None


def test_only_the_server_reads_the_folder_and_no_name_tells_an_owner(tmp_path: Path) -> None:
    folder = tmp_path / "builds"
    opened(folder).write("../../ann", "k", [b"1"])

    assert (folder.stat().st_mode & 0o777) == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))
    assert not [path for path in tmp_path.rglob("*") if "ann" in path.name]
    assert list(tmp_path.iterdir()) == [folder]


def test_too_large_an_entry_is_refused(tmp_path: Path) -> None:
    files = opened(tmp_path, most=1 << 30, per_owner=1 << 30)

    assert not files.write("ann", "k", [b"x" * ENTRY_BYTES_MAX])
    assert not opened(tmp_path, per_owner=8 * KIB).write("ann", "k", [b"x" * (8 * KIB)])
    assert entries(tmp_path) == []


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    files = opened(tmp_path, per_owner=10 * BLOCK)
    for number in range(10):
        files.write("ann", f"k{number}", [b"x"])
        _age(tmp_path, f"k{number}", seconds=100 - number)
    assert read(files, "ann", "k0") is not None

    files.write("ann", "new", [b"x"])

    kept = {path.name for path in entries(tmp_path)}
    assert {"k0", "new", "k9"} <= kept
    assert "k1" not in kept
    assert files.count() == len(kept) * BLOCK <= 10 * BLOCK


def test_owner_fills_only_his_own_share(tmp_path: Path) -> None:
    files = opened(tmp_path, most=100 * BLOCK, per_owner=5 * BLOCK)
    files.write("bob", "k", [b"bob's"])
    for number in range(50):
        files.write("ann", f"k{number}", [b"x"])

    assert read(files, "bob", "k") == b"bob's"
    assert files.count() <= 6 * BLOCK
    assert read(files, "ann", "k49") == b"x"


def test_all_owners_together_are_bounded(tmp_path: Path) -> None:
    files = opened(tmp_path, most=10 * BLOCK, per_owner=5 * BLOCK)
    for number in range(40):
        files.write(f"owner {number}", "k", [b"x"])
        _age(tmp_path, "k", seconds=1000 - number, owner=f"owner {number}")

    assert files.count() <= 10 * BLOCK
    assert read(files, "owner 39", "k") == b"x"
    assert read(files, "owner 0", "k") is None
    assert len(list(tmp_path.iterdir())) <= 10, "empty folders go too"


def test_bound_counts_what_an_earlier_server_left(tmp_path: Path) -> None:
    first = opened(tmp_path, per_owner=20 * BLOCK)
    for number in range(20):
        first.write("ann", f"k{number}", [b"x"])
    second = opened(tmp_path, per_owner=5 * BLOCK)
    assert second.count() == first.count() > 5 * BLOCK

    second.write("ann", "new", [b"x"])

    assert opened(tmp_path).count() <= 5 * BLOCK
    assert read(second, "ann", "new") == b"x"


def test_several_threads_at_once_leave_whole_entries(tmp_path: Path) -> None:
    files = opened(tmp_path, per_owner=30 * BLOCK)

    def work(number: int) -> None:
        key = f"k{number % 7}"
        files.write("ann", key, [key.encode() * 100])
        assert read(files, "ann", key) in (None, key.encode() * 100)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work, number) for number in range(200)]:
            done.result()

    assert files.count() <= 30 * BLOCK
    assert {path.name for path in entries(tmp_path)} <= {f"k{number}" for number in range(7)}


def test_two_servers_may_share_the_folder(tmp_path: Path) -> None:
    one, other = opened(tmp_path, most=10 * BLOCK), opened(tmp_path, most=10 * BLOCK)
    for number in range(40):
        (one, other)[number % 2].write(f"owner {number % 3}", f"k{number}", [b"x"])

    assert read(one, "owner 0", "k39") == read(other, "owner 0", "k39") == b"x"
    # Each knows of its own additions at once, and of the other's when it removes.
    assert opened(tmp_path).count() <= 20 * BLOCK


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_no_entry(tmp_path: Path, kind: str) -> None:
    files = opened(tmp_path)
    files.write("ann", "k", [b"x"])
    (entry,) = entries(tmp_path)
    entry.rename(tmp_path / "moved")
    if kind == "link":
        entry.symlink_to(tmp_path / "moved")
    elif kind == "folder":
        entry.mkdir()
    else:
        os.mkfifo(entry)

    assert read(files, "ann", "k") is None
    assert (tmp_path / "moved").exists()


def test_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = opened(tmp_path)

    def fail(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build_files.os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        files.write("ann", "k", [b"x"])

    assert entries(tmp_path) == []


def test_server_that_is_killed_while_it_writes_leaves_whole_entries(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from runyard.services.build_files import BuildFiles\n"
        "files = BuildFiles(Path(sys.argv[1]), bytes_max=1 << 30, bytes_per_owner_max=1 << 30)\n"
        "print('writes', flush=True)\n"
        "number = 0\n"
        "while True:\n"
        "    files.write('ann', f'k{number % 5}', [bytes([number % 251]) * 4_000_000])\n"
        "    number += 1\n"
    )
    writes = 0
    for attempt in range(4):
        shutil.rmtree(tmp_path, ignore_errors=True)
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        with process, process.stdout:
            assert process.stdout.readline() == b"writes\n"
            _wait_for_a_write(tmp_path, whole=attempt % 2 == 1)
            process.send_signal(signal.SIGKILL)
        files = opened(tmp_path, most=1 << 30, per_owner=1 << 30)
        for number in range(5):
            content = read(files, "ann", f"k{number}")
            assert content is None or (len(content), len(set(content))) == (4_000_000, 1)
            writes += content is not None
    assert writes

    # What was cut off is no entry, takes room like one, and goes like one.
    files = opened(tmp_path, most=8 * BLOCK, per_owner=8 * BLOCK)
    files.write("ann", "small", [b"x"])
    assert files.count() <= 8 * BLOCK
    assert [path.name for path in entries(tmp_path)] == ["small"]


def _wait_for_a_write(folder: Path, *, whole: bool) -> None:
    """Return while a file is being written: the first one, or one after a whole entry."""
    deadline = time.monotonic() + 30
    while not any("." not in path.name or not whole for path in entries(folder)):
        assert time.monotonic() < deadline


def _age(folder: Path, key: str, *, seconds: int, owner: str = "ann") -> None:
    path = folder / build_files._folder_of(owner) / key
    if path.exists():
        when = time.time() - seconds
        os.utime(path, (when, when))
