"""Programs that are started ahead and go on when they are asked for."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.tests.driver import ENV, LIMITS, PYTHON, AgentProcess, wait_gone
from runyard.agent.frames import FrameType
from runyard.agent.messages import Command, Warmed, encode_command, parse_warmed
from runyard.domain.files import File
from runyard.domain.limits import Limits
from runyard.domain.runtime import Start

SHOW = b"""
import os, sys, threading
print(sys.argv, __name__, __file__, os.getcwd(), sorted(os.environ), sys.stdin.read())
print(open("data.txt").read(), threading.active_count(), file=sys.stderr)
sys.exit(7)
"""


def warm(
    agent: AgentProcess,
    *argv: str,
    limits: Limits = LIMITS,
    env: dict[str, str] = ENV,
    cwd: str = "",
) -> Warmed:
    command = Command(argv=argv, env=env, limits=limits, cwd=cwd)
    agent.send(encode_command(command, FrameType.WARM))
    return parse_warmed(agent.receive())


def waiting_in(agent: AgentProcess) -> list[int]:
    """Return the programs whose current folder is the agent's work folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            folder, command = (entry / "cwd").readlink(), (entry / "comm").read_text()
        except OSError:
            continue
        if folder == agent.work and not command.startswith("runyard"):
            found.append(int(entry.name))
    return found


def test_program_goes_on_with_files_that_came_later(agent: AgentProcess) -> None:
    assert warm(agent, PYTHON, "main.py") == Warmed(is_waiting=True, message=None)
    agent.put(File("main.py", SHOW), File("data.txt", b"later"))

    warmed = agent.run(PYTHON, "main.py", stdin=b"input")
    cold = agent.run(PYTHON, "main.py", stdin=b"input")

    assert (warmed.exited.started, cold.exited.started) == (Start.WAITING, Start.COLD)
    assert warmed.exited.exit_code == 7
    assert (warmed.stdout, warmed.stderr) == (cold.stdout, cold.stderr)


@pytest.mark.parametrize(
    ("program", "name", "source"),
    [
        ("node", "main.js", b"console.log(process.argv.slice(2), require.main === module)"),
        ("bash", "main.sh", b'echo "$0 $# $BASH_SOURCE"; cat missing'),
        ("perl", "main.pl", b'print "$0 @ARGV ", __FILE__, "\\n"; die "end"'),
    ],
)
def test_other_interpreters_wait_too(
    agent: AgentProcess, program: str, name: str, source: bytes
) -> None:
    if shutil.which(program, path=ENV["PATH"]) is None:
        pytest.skip(f"no {program} here")
    assert warm(agent, program, name).is_waiting
    agent.put(File(name, source))

    warmed, cold = agent.run(program, name), agent.run(program, name)

    assert (warmed.exited.started, cold.exited.started) == (Start.WAITING, Start.COLD)
    assert warmed.exited.exit_code == cold.exited.exit_code
    assert (warmed.stdout, warmed.stderr) == (cold.stdout, cold.stderr)
    assert warmed.stdout


def test_folders_are_touched_by_being_listed(agent: AgentProcess) -> None:
    assert warm(agent, "ls").is_waiting
    agent.put(File("late", b""))

    assert agent.run("ls").stdout == b"late\n"


PLAIN = Command(argv=(PYTHON, "main.py"), env=ENV, limits=LIMITS)


@pytest.mark.parametrize(
    "command",
    [
        replace(PLAIN, argv=(PYTHON, "main.py", "more")),
        replace(PLAIN, env={**ENV, "MORE": "1"}),
        replace(PLAIN, cwd="folder"),
        replace(PLAIN, merge_stderr=True),
        replace(PLAIN, terminal=(24, 80)),
    ],
)
def test_another_command_starts_cold(agent: AgentProcess, command: Command) -> None:
    agent.put(File("folder/main.py", b"print(1)"))
    assert warm(agent, PYTHON, "main.py").is_waiting
    agent.put(File("main.py", b"print(1)"))

    agent.send(encode_command(command))
    ended = agent.finish()

    assert ended.exited.started is Start.COLD
    assert ended.stdout.split() == [b"1"]


def test_what_waits_is_ended_with_another_command(agent: AgentProcess) -> None:
    assert warm(agent, "sh", "-c", "sleep 1000 & read line < here").is_waiting

    pids = waiting_in(agent)

    ended = agent.run("sh", "-c", "true")

    assert ended.exited.exit_code == 0
    assert len(pids) == 2
    for pid in pids:
        wait_gone(pid)


@pytest.mark.parametrize("argv", [("true",), ("nothing-like-this",), ("sh", "-c", "kill -9 $$")])
def test_program_that_ends_before_it_touches_anything(
    agent: AgentProcess, argv: tuple[str, ...]
) -> None:
    warmed = warm(agent, *argv)

    assert not warmed.is_waiting
    assert warmed.message
    assert agent.run("echo", "1").stdout == b"1\n"


def test_program_that_does_not_get_there_in_time(agent: AgentProcess) -> None:
    warmed = warm(agent, "sleep", "1000", limits=replace(LIMITS, wall_seconds=0.2))

    assert not warmed.is_waiting
    assert agent.run("echo", "1").stdout == b"1\n"


def test_a_folder_that_is_missing(agent: AgentProcess) -> None:
    assert not warm(agent, PYTHON, "main.py", cwd="missing").is_waiting
    assert agent.run("echo", "1").stdout == b"1\n"


def test_the_last_one_counts(agent: AgentProcess) -> None:
    assert warm(agent, PYTHON, "first.py").is_waiting
    assert warm(agent, PYTHON, "second.py").is_waiting
    agent.put(File("second.py", b"print(2)"))

    ended = agent.run(PYTHON, "second.py")

    assert (ended.stdout, ended.exited.started) == (b"2\n", Start.WAITING)


def test_threads_and_children_are_let_go(agent: AgentProcess) -> None:
    """Whatever it started before its first touch runs on untraced. Without -I Python would look for
    modules in the folder first.
    """
    prelude = (
        "import os, subprocess, threading, time\n"
        "child = subprocess.Popen(['sleep', '1000'])\n"
        "beat = threading.Event()\n"
        "threading.Thread(target=beat.wait, daemon=True).start()\n"
        "exec(open('main.py').read())\n"
    )
    assert warm(agent, PYTHON, "-I", "-c", prelude).is_waiting
    agent.put(
        File(
            "main.py",
            b"import glob\ntasks = glob.glob('/proc/self/task/*/status')\n"
            b"tasks.append(f'/proc/{child.pid}/status')\n"
            b"print({line for task in tasks for line in open(task) if 'TracerPid' in line})\n"
            b"child.kill()\n",
        )
    )

    ended = agent.run(PYTHON, "-I", "-c", prelude)

    assert ended.stdout == b"{'TracerPid:\\t0\\n'}\n"
    assert ended.exited.started is Start.WAITING


def test_program_with_more_threads_than_can_be_let_go_is_not_held(agent: AgentProcess) -> None:
    prelude = (
        "import threading\n"
        "end = threading.Event()\n"
        "for _ in range(400): threading.Thread(target=end.wait, daemon=True).start()\n"
        "exec(open('main.py').read())\n"
    )
    assert not warm(agent, PYTHON, "-I", "-c", prelude).is_waiting
    agent.put(File("main.py", b"print(threading.active_count())"))

    ended = agent.run(PYTHON, "-I", "-c", prelude)

    assert (ended.stdout, ended.exited.started) == (b"401\n", Start.COLD)


def test_threads_that_are_just_starting_are_let_go(
    agent: AgentProcess, compile_program: Callable[[str], str]
) -> None:
    program = compile_program("threads")
    for _ in range(30):
        assert warm(agent, program).is_waiting

        ended = agent.run(program, limits=replace(LIMITS, wall_seconds=5.0))

        assert (ended.stdout, ended.exited.started) == (b"all ended\n", Start.WAITING)


def test_limits_count_from_the_go(agent: AgentProcess) -> None:
    assert warm(agent, PYTHON, "main.py").is_waiting
    agent.put(File("main.py", b"while True: pass"))

    ended = agent.run(PYTHON, "main.py", limits=replace(LIMITS, cpu_seconds=0.3))

    assert ended.exited.limit_hit is not None
    assert ended.exited.usage.cpu_seconds is not None
    assert 0.25 < ended.exited.usage.cpu_seconds < 1.0


def test_nothing_is_left_when_the_server_goes(agent: AgentProcess) -> None:
    assert warm(agent, "sh", "-c", "sleep 1000 & read line < here").is_waiting

    pids = waiting_in(agent)

    agent.close()

    assert len(pids) == 2
    for pid in pids:
        wait_gone(pid)


def test_what_waits_may_die(agent: AgentProcess) -> None:
    assert warm(agent, PYTHON, "main.py").is_waiting
    agent.put(File("main.py", b"print(1)"))
    for pid in waiting_in(agent):
        os.kill(pid, signal.SIGKILL)

    ended = agent.run(PYTHON, "main.py")

    assert (ended.stdout, ended.exited.started) == (b"1\n", Start.COLD)
