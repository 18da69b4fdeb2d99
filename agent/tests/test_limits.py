"""Every limit under, at and over it, with the weak means of /proc and with a cgroup."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.tests.driver import LIMITS, PYTHON, AgentProcess, is_root
from runyard.agent.frames import FrameType, encode_frame
from runyard.domain.execution import LimitHit
from runyard.domain.limits import MIB

Start = Callable[..., AgentProcess]
Compile = Callable[[str], str]

SPIN = "import time, sys\nwhile time.process_time() < float(sys.argv[1]): pass\nprint('done')"
HOLD = "import sys; block = b'x' * (int(sys.argv[1]) << 20); print('done', flush=True); {end}"
CPUACCT = Path("/sys/fs/cgroup/cpuacct")
MEMORY = Path("/sys/fs/cgroup/memory")


def own_group(controller: str) -> Path:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return Path("/sys/fs/cgroup") / controller / path.lstrip("/")
    raise AssertionError(controller)


def has_cgroup_v1() -> bool:
    return is_root() and (CPUACCT / "cpuacct.usage").exists() and (MEMORY / "tasks").exists()


def spent(agent: AgentProcess, *argv: str, **limits: float) -> tuple[bytes, LimitHit | None, float]:
    ended = agent.run(*argv, limits=replace(LIMITS, **limits))
    return ended.stdout, ended.exited.limit_hit, ended.exited.usage.cpu_seconds or 0.0


def test_program_within_the_wall_limit_is_left_alone(agent: AgentProcess) -> None:
    exited = agent.run("sleep", "0.2", limits=replace(LIMITS, wall_seconds=20.0)).exited

    assert exited.limit_hit is None
    assert 0.2 <= exited.usage.wall_seconds < 20


@pytest.mark.parametrize("terminal", [None, (20, 80)])
def test_program_beyond_the_wall_limit_is_ended(
    agent: AgentProcess, terminal: tuple[int, int] | None
) -> None:
    limits = replace(LIMITS, wall_seconds=0.3)

    ended = agent.run("sh", "-c", "echo so far; sleep 1000", limits=limits, terminal=terminal)

    assert ended.exited.limit_hit is LimitHit.WALL
    assert ended.exited.signal == 9
    assert ended.stdout.strip() == b"so far"
    assert 0.3 <= ended.exited.usage.wall_seconds < 5


def test_smallest_wall_limit_ends_a_program(agent: AgentProcess) -> None:
    exited = agent.run("sleep", "1000", limits=replace(LIMITS, wall_seconds=1e-9)).exited

    assert exited.limit_hit is LimitHit.WALL


def test_program_within_the_cpu_limit_is_left_alone(agent: AgentProcess) -> None:
    stdout, hit, cpu_seconds = spent(agent, PYTHON, "-c", SPIN, "0.2", cpu_seconds=10.0)

    assert (stdout, hit) == (b"done\n", None)
    assert 0.15 < cpu_seconds < 10


def test_program_beyond_the_cpu_limit_is_ended(agent: AgentProcess) -> None:
    stdout, hit, cpu_seconds = spent(agent, PYTHON, "-c", SPIN, "1000", cpu_seconds=0.3)

    assert (stdout, hit) == (b"", LimitHit.CPU)
    assert 0.25 < cpu_seconds < 1.5


def test_cpu_time_of_many_processes_is_added_up(agent: AgentProcess) -> None:
    script = f"for i in 1 2 3; do {PYTHON} -c '{SPIN}' 1000 & done; wait"

    _, hit, cpu_seconds = spent(agent, "sh", "-c", script, cpu_seconds=0.6)

    assert hit is LimitHit.CPU
    assert 0.5 < cpu_seconds < 3


def test_cpu_time_of_children_nobody_waits_for_is_found_while_they_run(
    agent: AgentProcess, compile_program: Compile
) -> None:
    _, hit, _ = spent(agent, compile_program("evade"), "1000", cpu_seconds=0.3)

    assert hit is LimitHit.CPU


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_output_up_to_the_limit_is_kept(agent: AgentProcess, size: int) -> None:
    limits = replace(LIMITS, output_bytes=1000)

    ended = agent.run(
        "sh", "-c", f"head -c {size} /dev/zero; head -c {size} /dev/zero >&2", limits=limits
    )

    assert (len(ended.stdout), len(ended.stderr)) == (size, size)
    assert ended.exited.limit_hit is None
    assert not ended.exited.stdout_truncated
    assert not ended.exited.stderr_truncated


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("limit", [0, 1, 1000, 65_535, 65_536, 65_537, 300_000])
def test_output_beyond_the_limit_ends_the_step_and_its_first_part_is_kept(
    agent: AgentProcess, stream: str, limit: int
) -> None:
    redirect = ">&2" if stream == "stderr" else ""
    script = f"head -c {limit + 1} /dev/zero {redirect}; exec sleep 1000"

    ended = agent.run("sh", "-c", script, limits=replace(LIMITS, output_bytes=limit))

    assert len(getattr(ended, stream)) == limit
    assert ended.exited.limit_hit is LimitHit.OUTPUT
    assert getattr(ended.exited, f"{stream}_truncated")


def test_flood_of_output_ends_soon(agent: AgentProcess) -> None:
    ended = agent.run("sh", "-c", "yes | cat; sleep 1000")

    assert ended.exited.limit_hit is LimitHit.OUTPUT
    assert len(ended.stdout) == LIMITS.output_bytes
    assert ended.seconds < 5


def test_flood_that_ends_by_itself_is_still_beyond_the_limit(agent: AgentProcess) -> None:
    ended = agent.run("head", "-c", "1500", "/dev/zero", limits=replace(LIMITS, output_bytes=1000))

    assert ended.exited.limit_hit is LimitHit.OUTPUT
    assert len(ended.stdout) == 1000


def test_memory_within_the_limit_is_left_alone_and_its_peak_is_told(agent: AgentProcess) -> None:
    hold = HOLD.format(end="input()")
    agent.start(PYTHON, "-c", hold, "64", keep_stdin_open=True)
    agent.receive_until(b"done")
    agent.send(encode_frame(FrameType.STDIN, b"\n"))

    exited = agent.finish().exited

    assert exited.limit_hit is None
    assert 64 * MIB < (exited.usage.memory_peak_bytes or 0) < 512 * MIB


def test_memory_beyond_the_limit_is_ended_without_a_cgroup(agent: AgentProcess) -> None:
    hold = HOLD.format(end="input()")
    limits = replace(LIMITS, memory_bytes=64 * MIB)

    exited = agent.run(PYTHON, "-c", hold, "200", limits=limits, keep_stdin_open=True).exited

    assert exited.limit_hit is LimitHit.MEMORY
    assert exited.signal == 9


@pytest.fixture
def metered(start_agent: Start, variant: str) -> Iterator[AgentProcess]:
    """An agent in a v1 cgroup of 64 MiB, measured by it."""
    if not has_cgroup_v1():
        pytest.skip("there are no v1 cgroups to make groups in")
    name = f"runyard-test-{os.getpid()}-{variant}"
    folders = [own_group("cpuacct") / name, own_group("memory") / name]
    for folder in folders:
        folder.mkdir()
    cpu, memory = folders
    memory_max = 96 * MIB if variant == "sanitized" else 64 * MIB
    (memory / "memory.limit_in_bytes").write_text(str(memory_max))
    enter = 'echo 0 > "$0/cgroup.procs" && echo 0 > "$1/cgroup.procs" && shift && exec "$@"'
    try:
        agent = start_agent(
            prefix=("sh", "-c", enter, *map(str, folders)),
            options=("--cgroup-cpu", str(cpu), "--cgroup-memory", str(memory)),
        )
        agent.greet()
        yield agent
        agent.close()
    finally:
        for folder in folders:
            folder.rmdir()


def test_cgroup_measures_what_children_hide(
    metered: AgentProcess, compile_program: Compile
) -> None:
    _, hit, cpu_seconds = spent(metered, compile_program("evade"), "0.5", cpu_seconds=20.0)

    assert hit is None
    assert 0.45 < cpu_seconds < 5


def test_cgroup_ends_what_children_burn(metered: AgentProcess, compile_program: Compile) -> None:
    _, hit, cpu_seconds = spent(metered, compile_program("evade"), "1000", cpu_seconds=0.3)

    assert hit is LimitHit.CPU
    assert 0.3 <= cpu_seconds < 1.5


def test_each_step_has_its_own_cpu_time(metered: AgentProcess) -> None:
    spent(metered, PYTHON, "-c", SPIN, "0.5")

    _, _, cpu_seconds = spent(metered, "true")

    assert cpu_seconds < 0.3


def test_oom_kill_is_the_memory_limit(metered: AgentProcess) -> None:
    exited = metered.run(PYTHON, "-c", HOLD.format(end="input()"), "200").exited

    assert exited.limit_hit is LimitHit.MEMORY
    assert exited.signal == 9
    assert (exited.usage.memory_peak_bytes or 0) > 32 * MIB
    assert metered.run("true").exited.exit_code == 0


def test_oom_kill_of_a_child_ends_the_step(metered: AgentProcess) -> None:
    script = '"$0" -c "$1" 200; echo survived; exec sleep 1000'

    ended = metered.run("sh", "-c", script, PYTHON, HOLD.format(end="pass"))

    assert ended.exited.limit_hit is LimitHit.MEMORY
    assert ended.exited.usage.wall_seconds < 20


def test_agent_survives_what_kills_its_program(metered: AgentProcess) -> None:
    for _ in range(3):
        assert metered.run(PYTHON, "-c", HOLD.format(end="pass"), "200").exited.signal == 9
