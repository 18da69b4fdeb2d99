"""What was spent is measured where a program cannot hide it, and its end is what it was."""

import os
import subprocess
import sys

import pytest

from runyard.domain.limits import MIB
from runyard.engines.interface import Capabilities
from tests.security.attacks import Endings
from tests.security.laboratory import ENV, Laboratory
from tests.security.manifest import Program, load_programs
from tests.security.outside import argv_outside, proof_directory

PROGRAMS = load_programs("accounting")
BURNERS = [PROGRAMS[name] for name in ("plain", "ignored", "orphan", "threads", "kernel", "vanish")]
# What these spend is not in what their parent is told of its child.
EVADERS = [PROGRAMS[name] for name in ("ignored", "orphan", "vanish")]
SPENT_SECONDS = 0.5
MEASURE = """
import json, os, sys
child = os.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
status, usage = os.wait4(child, 0)[1:]
print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
"""


class TestAccounting(Endings):
    kind = "accounting"


@pytest.mark.parametrize("program", BURNERS, ids=lambda program: program.name)
async def test_cpu_time_is_counted(laboratory: Laboratory, program: Program) -> None:
    inside = await laboratory.run(program)

    spent = inside.exited.usage.cpu_seconds
    assert inside.exited.exit_code == 0, inside
    assert spent is not None
    assert SPENT_SECONDS * 0.95 <= spent <= SPENT_SECONDS * 1.5


@pytest.mark.parametrize("program", EVADERS, ids=lambda program: program.name)
def test_cpu_time_told_to_a_parent_is_evaded(program: Program, values: dict[str, str]) -> None:
    assert measured_by_wait(program, values)[0] < SPENT_SECONDS * 0.5


async def test_peak_of_a_dead_child_is_counted(
    laboratory: Laboratory, capabilities: Capabilities
) -> None:
    if not capabilities.limits["memory_bytes"].by.startswith("cgroup"):
        pytest.skip("declared: no cgroup measures memory here")
    inside = await laboratory.run(PROGRAMS["dead_child"])

    peak = inside.exited.usage.memory_peak_bytes
    assert peak is not None
    assert 40 * MIB <= peak <= 56 * MIB


def test_peak_told_to_a_parent_is_evaded(values: dict[str, str]) -> None:
    assert measured_by_wait(PROGRAMS["dead_child"], values)[1] < 40 * MIB


async def test_peak_of_one_program_is_not_that_of_the_next(
    laboratory: Laboratory, capabilities: Capabilities
) -> None:
    if not capabilities.limits["memory_bytes"].by.startswith("cgroup"):
        pytest.skip("declared: no cgroup measures memory here")
    limits = PROGRAMS["plain"].limits
    async with laboratory.sandbox(limits) as session:
        grow = "x = bytearray(40 << 20)"
        large = await session.run("/usr/bin/python3", "-c", grow, env=ENV, limits=limits)
        await session.begin_step(limits)
        small = await session.run("/bin/true", env=ENV, limits=limits)

    assert (large.exited.usage.memory_peak_bytes or 0) >= 40 * MIB
    assert (small.exited.usage.memory_peak_bytes or 0) <= 8 * MIB


def measured_by_wait(program: Program, values: dict[str, str]) -> tuple[float, int]:
    """Return the CPU time and peak that wait4 tells the parent of `program`."""
    with proof_directory() as directory:
        argv = argv_outside(program, directory, values)
        measured = subprocess.run(
            [sys.executable, "-I", "-c", MEASURE, *argv],
            cwd=directory,
            env=dict(os.environ),
            check=True,
            capture_output=True,
            timeout=20,
        )
    seconds, peak = measured.stdout.split()
    return float(seconds), int(peak)
