"""The kernel offers a sandbox little, and no right over anything, as seen from both sides."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.attacks import Attacks
from tests.security.belongings import leaves_nothing, sandboxed_processes, status_of
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import INSIDE_LIMITS

NO_CAPABILITIES = "0000000000000000"
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
TREE = "sh -c 'echo deep; exec sleep 60' & echo wide; cat"


class TestKernelSurface(Attacks):
    kind = "kernel_surface"


async def statuses(laboratory: Laboratory) -> list[dict[str, str]]:
    """Return what the host sees of each process in a sandbox that runs several."""
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        running = session.launch("/bin/sh", "-c", TREE, env=ENV, keep_stdin_open=True)
        await running.read_until(b"wide")
        await running.read_until(b"deep")
        seen = [status_of(pid) for pid in sandboxed_processes()]
        session.channel.close_stdin()
        await running.finish()
    return [status for status in seen if status]


async def test_sandboxed_processes_seen_from_outside_have_no_rights(
    laboratory: Laboratory,
) -> None:
    seen = await statuses(laboratory)

    # The agent, the shell and what it started.
    assert len(seen) >= 3
    for status in seen:
        assert status["NoNewPrivs"] == "1", status
        assert status["Seccomp"] == "2", status
        assert {status[name] for name in CAPABILITY_SETS} == {NO_CAPABILITIES}, status
        assert "0" not in status["Groups"].split()


async def test_no_sandboxed_process_is_a_user_of_the_host(laboratory: Laboratory) -> None:
    seen = await statuses(laboratory)

    for status in seen:
        ids = {int(word) for word in (status["Uid"] + " " + status["Gid"]).split()}
        if os.geteuid() == 0:
            assert len(ids) == 1
            # Above every uid that a system or a user of this host has.
            assert min(ids) >= 1 << 28, status
        else:
            assert {int(word) for word in status["Uid"].split()} == {os.getuid()}


async def test_two_sandboxes_are_two_users(laboratory: Laboratory) -> None:
    if os.geteuid() != 0:
        pytest.skip("an ordinary user has only one uid to give")
    async with (
        leaves_nothing(laboratory.engine),
        laboratory.sandbox_alone(INSIDE_LIMITS) as first,
        laboratory.sandbox_alone(INSIDE_LIMITS) as second,
    ):
        running = [
            session.launch("/bin/sh", "-c", "echo up; cat", env=ENV, keep_stdin_open=True)
            for session in (first, second)
        ]
        for each in running:
            await each.read_until(b"up")
        users = {status_of(pid)["Uid"].split()[0] for pid in sandboxed_processes()}
        for session in (first, second):
            session.channel.close_stdin()
        for each in running:
            await each.finish()

    assert len(users) == 2


@pytest.fixture
def core_catcher() -> Iterator[Path]:
    """Have the kernel pipe the cores of this host to a program, which keeps one."""
    if "RUNYARD_DISPOSABLE_HOST" not in os.environ or os.geteuid() != 0:
        pytest.skip("changes how the kernel of this host writes cores")
    pattern, caught = Path("/proc/sys/kernel/core_pattern"), Path("/tmp/runyard-core-caught")
    before = pattern.read_text()
    pattern.write_text(f"|/bin/dd of={caught}")
    yield caught
    pattern.write_text(before)
    caught.unlink(missing_ok=True)


async def test_crash_feeds_no_program_of_the_host(
    laboratory: Laboratory, core_catcher: Path
) -> None:
    """A limit of 0 does not stop a core that is piped to a program; 1 does."""
    async with laboratory.sandbox(INSIDE_LIMITS) as session:
        await session.run("/bin/sh", "-c", "kill -ABRT $$", env=ENV)
    assert not core_catcher.exists()

    await asyncio.to_thread(
        subprocess.run, ["/bin/sh", "-c", "ulimit -c 0; kill -ABRT $$"], check=False, timeout=10
    )
    assert core_catcher.exists(), "the attack is not real"
