"""Programs that do what they can not to end, or to reach the agent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.tests.driver import LIMITS, PYTHON, AgentProcess, is_root, wait_gone
from runyard.agent.frames import FrameType, encode_frame
from runyard.domain.execution import LimitHit

Compile = Callable[[str], str]
KILL = encode_frame(FrameType.KILL)
SHORT = replace(LIMITS, wall_seconds=1.0)

STUBBORN = {
    "ignores every signal": (
        "import signal, time\n"
        "for n in range(1, 65):\n"
        " try: signal.signal(n, signal.SIG_IGN)\n"
        " except (OSError, ValueError): pass\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(100)"
    ),
    "blocks every signal": (
        "import signal, time\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(100)"
    ),
    "stops itself": "import os; print('up', flush=True); os.kill(os.getpid(), 19)",
    "stops its group": "import os; print('up', flush=True); os.kill(0, 19)",
    "closes its streams": (
        "import os, time; print('up', flush=True)\n"
        "for fd in 0, 1, 2: os.close(fd)\n"
        "while True: time.sleep(100)"
    ),
    "leaves its session": (
        "import os, time; print('up', flush=True)\n"
        "if os.fork():\n"
        " while True: time.sleep(100)\n"
        "os.setsid()\n"
        "while True: time.sleep(100)"
    ),
    "piles up zombies": (
        "import os, time\n"
        "for _ in range(200):\n"
        " if os.fork() == 0: os._exit(0)\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(100)"
    ),
}


def assert_nothing_is_left(agent: AgentProcess, pids: list[int]) -> None:
    for pid in pids:
        wait_gone(pid)
    assert agent.programs() == []
    assert agent.run("echo", "next").stdout == b"next\n"


@pytest.mark.parametrize("name", STUBBORN)
def test_stubborn_program_is_killed(agent: AgentProcess, name: str) -> None:
    agent.start(PYTHON, "-c", STUBBORN[name])
    agent.receive_until(b"up")
    pids = agent.programs()
    assert pids

    agent.send(KILL)

    assert agent.finish().exited.signal == 9
    assert_nothing_is_left(agent, pids)


@pytest.mark.parametrize("name", STUBBORN)
def test_stubborn_program_meets_the_wall_limit(agent: AgentProcess, name: str) -> None:
    exited = agent.run(PYTHON, "-c", STUBBORN[name], limits=SHORT).exited

    assert exited.limit_hit is LimitHit.WALL
    assert exited.usage.wall_seconds < 5
    assert_nothing_is_left(agent, [])


def test_daemon_of_two_forks_ends_with_the_step(
    agent: AgentProcess, compile_program: Compile
) -> None:
    ended = agent.run(compile_program("daemon"))

    assert ended.exited.exit_code == 7
    assert_nothing_is_left(agent, [])


def test_program_that_ends_leaves_no_busy_children(agent: AgentProcess) -> None:
    script = "for i in $(seq 30); do (while :; do :; done) & done; exit 3"

    ended = agent.run("sh", "-c", script)

    assert ended.exited.exit_code == 3
    assert_nothing_is_left(agent, [])


def test_chains_of_forks_are_caught(agent: AgentProcess, compile_program: Compile) -> None:
    agent.start(compile_program("chain"), "4")
    agent.receive_until(b"up")

    agent.send(KILL)

    assert agent.finish().exited.signal == 9
    assert_nothing_is_left(agent, [])


def test_program_killed_by_its_own_group_ends_with_that_signal(agent: AgentProcess) -> None:
    exited = agent.run("sh", "-c", "sleep 1000 & kill -9 0").exited

    assert (exited.signal, exited.limit_hit) == (9, None)
    assert_nothing_is_left(agent, [])


@pytest.mark.parametrize("variant", ["init"], indirect=True)
@pytest.mark.parametrize("target", ["-1", "1", "$PPID"])
@pytest.mark.parametrize("number", [1, 2, 9, 15, 17, 19])
def test_agent_that_is_pid_one_cannot_be_signalled(
    agent: AgentProcess, target: str, number: int
) -> None:
    exited = agent.run("sh", "-c", f"kill -{number} {target}; exit 5").exited

    assert exited.exit_code == 5 or exited.signal == number or exited.limit_hit is LimitHit.WALL
    assert_nothing_is_left(agent, [])


def test_signals_that_can_be_blocked_do_not_reach_a_subreaper(agent: AgentProcess) -> None:
    numbers = "1 2 3 10 12 13 14 15 17 20 21 22"

    exited = agent.run("sh", "-c", f"for n in {numbers}; do kill -$n $PPID; done; exit 5").exited

    assert exited.exit_code == 5
    assert_nothing_is_left(agent, [])


@pytest.fixture
def ordinary(start_agent: Callable[..., AgentProcess]) -> Iterator[AgentProcess]:
    """An agent, and therefore programs, of an ordinary user."""
    if not is_root():
        yield start_agent().greet()
        return
    user = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # Others may not enter pytest's.
        Path(folder).chmod(0o777)
        yield start_agent(prefix=user, work=Path(folder)).greet()


@pytest.mark.parametrize("path", ["fd/0", "fd/1", "environ", "mem", "maps", "cwd/.", "exe"])
def test_agent_is_closed_to_programs_of_its_own_user(ordinary: AgentProcess, path: str) -> None:
    program = (
        "import os, sys\n"
        "try: os.open(f'/proc/{os.getppid()}/' + sys.argv[1], os.O_RDONLY)\n"
        "except PermissionError: print('closed')"
    )

    assert ordinary.run(PYTHON, "-c", program, path).stdout == b"closed\n"


def test_agent_cannot_be_traced_by_programs_of_its_own_user(ordinary: AgentProcess) -> None:
    attach = 16
    program = (
        f"import ctypes, os\nprint(ctypes.CDLL(None).ptrace({attach}, os.getppid(), None, None))"
    )

    assert ordinary.run(PYTHON, "-c", program).stdout == b"-1\n"


def test_oom_killer_prefers_programs_of_an_ordinary_user_too(ordinary: AgentProcess) -> None:
    assert ordinary.run("cat", "/proc/self/oom_score_adj").stdout == b"1000\n"


def test_output_of_a_daemon_after_the_end_does_not_flood_the_step(agent: AgentProcess) -> None:
    ended = agent.run("sh", "-c", "yes & exit 4", limits=replace(LIMITS, output_bytes=1000))

    assert ended.exited.exit_code == 4 or ended.exited.limit_hit is LimitHit.OUTPUT
    assert len(ended.stdout) <= 1000
    assert_nothing_is_left(agent, [])


def test_pipe_of_the_largest_size_is_read_to_its_end(agent: AgentProcess) -> None:
    program = (
        "import fcntl, os\n"
        "size = fcntl.fcntl(1, 1031, 1 << 20)\n"  # F_SETPIPE_SZ
        "os.set_blocking(1, False)\n"
        "os.write(1, b'x' * size)"
    )
    limits = replace(LIMITS, output_bytes=4 << 20)

    ended = agent.run(PYTHON, "-c", program, limits=limits)

    assert ended.exited.exit_code == 0
    assert len(ended.stdout) >= 65_536


def test_terminal_that_a_daemon_keeps_open_ends_with_the_step(
    agent: AgentProcess, compile_program: Compile
) -> None:
    ended = agent.run(compile_program("daemon"), terminal=(20, 80))

    assert ended.exited.exit_code == 7
    assert_nothing_is_left(agent, [])
