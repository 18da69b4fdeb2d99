"""No program reads or writes what is the host's, and the host follows nothing out of a sandbox."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from runyard.domain.errors import RunyardError
from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.testing.engine_conformance.session import Session
from tests.security.attacks import Attacks
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs
from tests.security.outside import argv_outside, proof_directory, run_outside

PROGRAMS = load_programs("filesystem")
ARTIFACTS, SWAPPER = PROGRAMS["artifacts"], PROGRAMS["swapper"]
EVERYTHING = ("*", "**/*", "*/*", "many/*")
# Regular files with names that may be given; everything else stays inside.
COLLECTABLE = {"plain.txt", "hard.txt", "-o", ARTIFACTS.name}
LEADING_OUT = ("link-host", "link-passwd", "link-directory/host-file", "link-environ")


class TestFilesystem(Attacks):
    kind = "filesystem"


async def collect(session: Session, *globs: str, bytes_max: int = 8 * MIB) -> dict[str, bytes]:
    async with asyncio.timeout(10):
        files = await session.channel.get_files(globs, count_max=100, bytes_max=bytes_max)
    return {file.path: file.content for file in files}


async def test_collecting_follows_no_artifact(laboratory: Laboratory, secret: str) -> None:
    async with laboratory.sandbox(ARTIFACTS.limits) as session:
        inside = await laboratory.run_in(session, ARTIFACTS)
        found = await collect(session, "*")
        deeper = await collect(session, *EVERYTHING)

    assert inside.exited.exit_code == 0, inside
    assert COLLECTABLE - {ARTIFACTS.name} <= set(found)
    assert not {name for name in found if "link" in name or "loop" in name}
    assert not set(found) & {"fifo", "socket", "unreadable", "sparse", "new\nline"}
    for content in (*found.values(), *deeper.values()):
        assert secret.encode() not in content
        assert b"root:" not in content
    assert len(deeper) <= 100


@pytest.mark.parametrize("name", LEADING_OUT)
async def test_artifact_asked_for_by_name_is_not_followed(
    laboratory: Laboratory, name: str
) -> None:
    async with laboratory.sandbox(ARTIFACTS.limits) as session:
        await laboratory.run_in(session, ARTIFACTS)
        try:
            found = await collect(session, name)
        except RunyardError:
            found = {}

    assert not found


def test_careless_collector_would_follow_artifacts(values: dict[str, str], secret: str) -> None:
    with proof_directory() as directory:
        run_outside(
            argv_outside(ARTIFACTS, directory, values), proof="outside", directory=directory
        )

        assert secret in (directory / "link-host").read_text()
        assert "root:" in (directory / "link-passwd").read_text()
        assert secret in (directory / "link-directory" / "host-file").read_text()
        assert (directory / "fifo").is_fifo()
        assert (directory / "sparse").stat().st_size >= ARTIFACTS.limits.disk_bytes
        assert len(list((directory / "many").iterdir())) == 1500


async def test_collecting_is_bounded_in_bytes_and_files(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(ARTIFACTS.limits) as session:
        program = "for i in 1 2 3 4 5 6 7 8 9; do head -c 900000 /dev/zero > big$i; done"
        await session.run("/bin/sh", "-c", program, env=ENV)
        few = await session.channel.get_files(["big*"], count_max=2, bytes_max=8 * MIB)
        small = await session.channel.get_files(["big*"], count_max=9, bytes_max=1_000_000)

    assert len(few) == 2
    assert sum(len(file.content) for file in small) <= 1_000_000


async def test_files_that_change_while_they_are_collected(
    laboratory: Laboratory, secret: str
) -> None:
    """A program of the step is dead before its files are looked at."""
    async with laboratory.sandbox(SWAPPER.limits) as session:
        await laboratory.put(session, SWAPPER)
        running = session.launch(
            *laboratory.argv(SWAPPER), env=ENV, limits=SWAPPER.limits, keep_stdin_open=True
        )
        await running.read_until(b"ready\n")
        collecting = [asyncio.ensure_future(collect(session, "swap")) for _ in range(20)]
        session.channel.close_stdin()
        await running.finish()
        found = await asyncio.gather(*collecting)

    for files in found:
        assert secret.encode() not in b"".join(files.values())
        assert set(files.values()) <= {b"plain\n"}


@pytest.mark.parametrize("target", ["/tmp", "/etc", "/proc/1", "..", "/dev/shm", "real"])
async def test_files_put_in_follow_no_link(laboratory: Laboratory, target: str) -> None:
    async with laboratory.sandbox(SWAPPER.limits) as session:
        program = f"mkdir real; ln -s {target} folder; ln -s {target}/planted file"
        await session.run("/bin/sh", "-c", program, env=ENV)
        with pytest.raises(RunyardError):
            await session.channel.put_files([File("folder/planted", b"x")])
        with suppress(RunyardError):
            await session.channel.put_files([File("file", b"x")])
        with suppress(RunyardError):
            await session.run("/bin/true", env=ENV)  # A failed file spoils the command after it.
        seen = await session.run(
            "/bin/sh", "-c", f"cat {target}/planted; ls real /tmp /dev/shm", env=ENV
        )

    assert b"planted" not in seen.stdout
    assert b"x" not in seen.stdout.splitlines()


def test_careless_writer_would_follow_links(values: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "folder").symlink_to(tmp_path / "elsewhere")

    (tmp_path / "work" / "folder" / "planted").write_text("x")

    assert (tmp_path / "elsewhere" / "planted").read_text() == "x"
