"""Prepared files are there whole and right, or not at all."""

import gzip
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runyard.domain.errors import EngineError, TooLargeError
from runyard.domain.files import File
from runyard.domain.runtime import Command, Mount, Runtime
from runyard.services import prepared
from runyard.services.catalogue_entry import Preparation
from runyard.services.prepared import PreparedFiles
from runyard.services.toolchains import Candidate

RUNTIME = Runtime(
    id="demo",
    language="Demo",
    name="Demo",
    version="1.2",
    entry="main.demo",
    compile=Command(argv=("compile",)),
    run=Command(argv=("run",)),
)
PREPARATION = Preparation(
    target="/opt/prepared",
    files=(File("make.sh", b""),),
    commands=(Command(argv=("sh", "make.sh")),),
    outputs=("**/*",),
    sources="sources",
    compile=Command(argv=("fast", "compile")),
)
CANDIDATE = Candidate(
    runtime=RUNTIME,
    version_runtime=RUNTIME,
    version_stdin=b"",
    version_pattern="",
    fingerprint="f",
    preparation=PREPARATION,
)


@pytest.fixture
def files(tmp_path: Path) -> PreparedFiles:
    (tmp_path / "prepared").mkdir()
    return PreparedFiles(tmp_path / "prepared", is_alone=True)


async def made(*batches: Sequence[File]) -> AsyncIterator[Sequence[File]]:
    for batch in batches:
        yield batch


async def keep(files: PreparedFiles, *batches: Sequence[File]) -> Path:
    """Store the files and return where they are shown from."""
    await files.keep(CANDIDATE, RUNTIME, made(*batches))
    runtime = files.use(CANDIDATE, RUNTIME)
    assert runtime is not None
    return Path(runtime.mounts[-1].source)


async def test_files_of_all_commands_are_shown_unpacked_and_readable(files: PreparedFiles) -> None:
    one = File("a/b.gch.gz", gzip.compress(b"x" * 3_000_000))

    place = await keep(files, [one], [File("compile.sh", b"exec"), File("sources", b"")])

    assert (place / "a/b.gch").read_bytes() == b"x" * 3_000_000
    assert (place / "compile.sh").read_bytes() == b"exec"
    assert not (place / "sources").exists()
    # Whoever runs in a sandbox is nobody in particular here.
    assert {path.stat().st_mode & 0o055 for path in (place, place / "a")} == {0o055}
    assert (place / "a/b.gch").stat().st_mode & 0o044 == 0o044


async def test_runtime_is_the_same_but_for_its_mount_and_commands(files: PreparedFiles) -> None:
    own = Mount(source="/home/demo", target="/opt/demo")
    plain = replace(RUNTIME, mounts=(own,))
    await files.keep(CANDIDATE, plain, made([File("x", b"")]))

    runtime = files.use(CANDIDATE, plain)

    assert runtime is not None
    assert runtime.mounts[0] == own
    assert runtime.mounts[1].target == "/opt/prepared"
    assert replace(runtime, mounts=(own,), compile=plain.compile) == plain
    assert runtime.compile == PREPARATION.compile


async def test_nothing_is_used_before_it_is_made(files: PreparedFiles) -> None:
    assert files.use(CANDIDATE, RUNTIME) is None


@pytest.mark.parametrize(
    "other",
    [
        (replace(CANDIDATE, fingerprint="g"), RUNTIME),
        (CANDIDATE, replace(RUNTIME, version="1.3")),
        (CANDIDATE, replace(RUNTIME, id="dem")),
    ],
)
async def test_another_toolchain_version_or_runtime_has_none(
    files: PreparedFiles, other: tuple[Candidate, Runtime]
) -> None:
    await keep(files, [File("x", b"")])

    assert files.use(*other) is None


@pytest.mark.parametrize("change", ["content", "time", "gone"])
async def test_a_changed_source_makes_them_wrong(
    files: PreparedFiles, tmp_path: Path, change: str
) -> None:
    header = tmp_path / "header.h"
    header.write_text("int x;")
    await keep(files, [File("sources", f"{header}\n".encode())])

    if change == "content":
        times = header.stat()
        header.write_text("int xy;")
        os.utime(header, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "time":
        os.utime(header, ns=(1, 1))
    else:
        header.unlink()

    assert files.use(CANDIDATE, RUNTIME) is None


async def test_a_source_below_a_mount_is_looked_at_on_the_host(
    files: PreparedFiles, tmp_path: Path
) -> None:
    (tmp_path / "lib").write_text("1")
    runtime = replace(RUNTIME, mounts=(Mount(source=str(tmp_path), target="/opt/demo"),))
    await files.keep(CANDIDATE, runtime, made([File("sources", b"/opt/demo/lib")]))
    assert files.use(CANDIDATE, runtime) is not None

    (tmp_path / "lib").write_text("22")

    assert files.use(CANDIDATE, runtime) is None


async def test_new_files_do_not_touch_those_that_sandboxes_show(
    files: PreparedFiles, tmp_path: Path
) -> None:
    source = tmp_path / "header.h"
    source.write_text("1")
    listed = File("sources", str(source).encode())
    old = await keep(files, [File("x", b"old"), listed])
    source.write_text("22")

    new = await keep(files, [File("x", b"new"), listed])

    assert (old / "x").read_bytes() == b"old"
    assert (new / "x").read_bytes() == b"new"


async def test_a_failure_in_the_middle_leaves_nothing(files: PreparedFiles, tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[Sequence[File]]:
        yield [File("x", b"1")]
        raise EngineError("no sandbox")

    with pytest.raises(EngineError):
        await files.keep(CANDIDATE, RUNTIME, failing())

    assert list((tmp_path / "prepared").iterdir()) == []
    assert files.use(CANDIDATE, RUNTIME) is None


async def test_what_unpacks_to_too_much_is_refused(
    files: PreparedFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "BYTES_MAX", 1_000_000)
    bomb = File("x.gz", gzip.compress(bytes(1_000_001)))

    with pytest.raises(TooLargeError):
        await files.keep(CANDIDATE, RUNTIME, made([bomb]))

    assert list((tmp_path / "prepared").iterdir()) == []


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"/no/such/file": [1, 2]}'])
async def test_a_damaged_folder_is_not_used(files: PreparedFiles, manifest: str) -> None:
    place = await keep(files, [File("x", b"")])

    (place / ".manifest.json").write_text(manifest)

    assert files.use(CANDIDATE, RUNTIME) is None


async def test_stale_ones_are_removed_and_the_present_one_stays(
    files: PreparedFiles, tmp_path: Path
) -> None:
    place = await keep(files, [File("x", b"")])
    for name in ("demo-0123456789abcdef.zzz", ".new-abc", "gone-0123456789abcdef.zzz"):
        (tmp_path / "prepared" / name).mkdir()

    PreparedFiles(tmp_path / "prepared", is_alone=False).remove_stale([(CANDIDATE, RUNTIME)])
    before = len(list((tmp_path / "prepared").iterdir()))
    files.remove_stale([(CANDIDATE, RUNTIME)])

    assert before == 4
    assert list((tmp_path / "prepared").iterdir()) == [place]


async def test_removed_ones_are_gone(files: PreparedFiles) -> None:
    place = await keep(files, [File("x", b"")])

    files.remove(CANDIDATE, RUNTIME)

    assert not place.exists()
