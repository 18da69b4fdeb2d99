"""Compiling runs on the source of somebody: it is walled in like running."""

import pytest

from tests.security.attacks import Attacks
from tests.security.belongings import sandboxed_processes
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import load_programs
from tests.security.outside import argv_outside, proof_directory, run_outside

LEAVE_DAEMON = load_programs("compile_time")["leave_daemon"]
LOOK_AROUND = "cat result.txt; ls /tmp /dev/shm; ls /proc | grep -c '^[0-9]'"


class TestCompileTime(Attacks):
    kind = "compile_time"


async def test_process_left_by_a_build_is_dead_before_the_run(laboratory: Laboratory) -> None:
    async with laboratory.sandbox(LEAVE_DAEMON.limits) as session:
        await session.run("/bin/sh", "-c", LEAVE_DAEMON.path.read_text(), env=ENV)
        before = set(sandboxed_processes())
        await session.begin_step(LEAVE_DAEMON.limits)
        after = set(sandboxed_processes())
        seen = await session.run("/bin/sh", "-c", LOOK_AROUND, env=ENV)

    lines = seen.stdout.decode().split()
    assert lines[0] == "built"
    assert "cache" not in lines
    # The shell, ls and grep; not the agent, and nothing of the build.
    assert int(lines[-1]) <= 3
    assert len(before) == len(after) == 1
    assert before.isdisjoint(after)


def test_process_left_by_a_build_would_live_on_outside(values: dict[str, str]) -> None:
    with proof_directory() as directory:
        build = argv_outside(LEAVE_DAEMON, directory, values)
        waiting = "until grep -q tampered result.txt; do :; done; echo ESCAPED"
        script = f"CACHE=. {' '.join(build)}; {waiting}"
        proof = run_outside(
            ("/bin/sh", "-c", script), proof="outside", directory=directory, seconds=2
        )

    assert "ESCAPED" in proof.stdout


@pytest.mark.parametrize("target", ["{host_file}", "/etc/passwd", "/proc/self/exe", "/dev/zero"])
async def test_output_of_a_build_that_is_a_link_is_not_collected(
    laboratory: Laboratory, target: str
) -> None:
    async with laboratory.sandbox(LEAVE_DAEMON.limits) as session:
        wanted = target.format(**laboratory.values)
        await session.run("/bin/sh", "-c", f"ln -s {wanted} program", env=ENV)

        assert not await session.get("program")
