"""One program: how it starts, its three streams, its terminal, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.tests.driver import LIMITS, PYTHON, AgentProcess, is_root, wait_gone
from runyard.agent.frames import (
    STDIN_WINDOW_BYTES,
    ErrorCode,
    Fields,
    FrameType,
    encode_frame,
    encode_number,
)
from runyard.domain.execution import LimitHit
from runyard.domain.files import File

Compile = Callable[[str], str]


def stdin(data: bytes) -> bytes:
    return encode_frame(FrameType.STDIN, data)


def signal(number: int) -> bytes:
    return encode_frame(FrameType.SIGNAL, encode_number(1, number))


STDIN_EOF = encode_frame(FrameType.STDIN_EOF)
KILL = encode_frame(FrameType.KILL)


@pytest.mark.parametrize("code", [0, 1, 125, 126, 127, 255])
def test_exit_code_is_reported(agent: AgentProcess, code: int) -> None:
    exited = agent.run("sh", "-c", f"exit {code}").exited

    assert (exited.exit_code, exited.signal, exited.limit_hit) == (code, None, None)
    assert exited.message is None


@pytest.mark.parametrize("number", [1, 2, 9, 11, 15, 34, 64])
def test_signal_is_reported(agent: AgentProcess, number: int) -> None:
    exited = agent.run(PYTHON, "-c", f"import os; os.kill(os.getpid(), {number})").exited

    assert (exited.exit_code, exited.signal, exited.limit_hit) == (None, number, None)


def test_arguments_and_environment_arrive_exactly(agent: AgentProcess) -> None:
    show = "import os, sys; print(ascii(sys.argv[1:]), ascii(dict(os.environ)))"
    words = ("", " ", "a b", "*", "$HOME", "-x", "ä\n")
    env = {"A": "1", "EMPTY": "", "LC_ALL": "C.UTF-8", "LINES": "a\nb=c"}

    ended = agent.run(PYTHON, "-c", show, *words, env=env)

    assert ended.stdout.decode() == f"{list(words)!a} {env!a}\n"


def test_program_is_found_in_the_path_of_its_own_environment(agent: AgentProcess) -> None:
    agent.put(File("one/tool", b"not executable"), File("two/tool", b"#!/bin/sh\necho two", True))

    ended = agent.run("tool", env={"PATH": f"nowhere:{agent.work}/one:{agent.work}/two"})

    assert ended.stdout == b"two\n"


@pytest.mark.parametrize(
    ("argv0", "code"),
    [
        ("missing", 127),
        ("./missing", 127),
        ("", 127),
        ("./plain", 126),
        ("./folder", 126),
        ("./noformat", 126),
        ("./nointerpreter", 127),
    ],
)
def test_program_that_cannot_start_has_the_code_of_a_shell(
    agent: AgentProcess, argv0: str, code: int
) -> None:
    agent.put(
        File("plain", b"x"),
        File("folder/x", b""),
        File("noformat", b"\0\1\2", executable=True),
        File("nointerpreter", b"#!/missing\n", executable=True),
    )

    exited = agent.run(argv0).exited

    assert (exited.exit_code, exited.signal, exited.limit_hit) == (code, None, None)
    assert exited.message is not None
    assert exited.message.startswith("cannot start")
    assert agent.run("true").exited.exit_code == 0


def test_arguments_beyond_what_the_kernel_takes_are_a_failed_start(agent: AgentProcess) -> None:
    exited = agent.run("true", "x" * 200_000).exited

    assert exited.exit_code == 126
    assert exited.message is not None


def test_command_runs_in_its_folder(agent: AgentProcess) -> None:
    agent.put(File("a/b/file", b""))

    assert agent.run("pwd").stdout.decode().strip() == str(agent.work)
    assert agent.run("ls", cwd="a/b").stdout == b"file\n"


@pytest.mark.parametrize("cwd", ["/", "..", "a/..", "a//b", "x" * 300])
def test_forbidden_folder_is_refused(agent: AgentProcess, cwd: str) -> None:
    agent.start("true", cwd=cwd)

    assert agent.receive_error() == (ErrorCode.BAD_PATH, False)


def test_folder_that_is_missing_or_a_link_is_a_failed_start(agent: AgentProcess) -> None:
    (agent.work / "link").symlink_to("/")

    for cwd in ("missing", "link"):
        exited = agent.run("true", cwd=cwd).exited

        assert exited.exit_code == 126
        assert "cannot enter" in (exited.message or "")


def test_program_is_born_with_a_clean_slate(agent: AgentProcess, compile_program: Compile) -> None:
    ended = agent.run(compile_program("handed"))

    assert ended.stdout.decode().splitlines() == [
        "fds 0 1 2",
        "blocked",
        "not default",
        "umask 22",
        "session 1",
        "group 1",
    ]


def test_program_is_what_the_oom_killer_takes_first(agent: AgentProcess) -> None:
    assert agent.run("cat", "/proc/self/oom_score_adj").stdout == b"1000\n"


def test_streams_are_apart_and_each_in_order(agent: AgentProcess) -> None:
    script = "for i in $(seq 500); do echo o$i; echo e$i >&2; done"

    ended = agent.run("sh", "-c", script)

    assert ended.stdout.decode().split() == [f"o{i}" for i in range(1, 501)]
    assert ended.stderr.decode().split() == [f"e{i}" for i in range(1, 501)]
    assert ended.exited.usage.stdout_bytes == len(ended.stdout)
    assert ended.exited.usage.stderr_bytes == len(ended.stderr)


def test_merged_streams_keep_the_order_across(agent: AgentProcess) -> None:
    script = "for i in $(seq 500); do echo o$i; echo e$i >&2; done"

    ended = agent.run("sh", "-c", script, merge_stderr=True)

    assert ended.stdout.decode().split() == [f"{k}{i}" for i in range(1, 501) for k in "oe"]
    assert ended.stderr == b""


def test_output_is_sent_while_the_program_runs(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "echo ready; read line; echo got $line", keep_stdin_open=True)

    agent.receive_until(b"ready\n")
    agent.send(stdin(b"it\n"))

    assert agent.finish().stdout == b"got it\n"


@pytest.mark.parametrize("size", [0, 1, 4096, 65_536])
def test_stdin_of_the_command_arrives_and_ends(agent: AgentProcess, size: int) -> None:
    data = bytes(i % 251 for i in range(size))

    assert agent.run("cat", stdin=data).stdout == data


def test_late_stdin_is_taken_after_its_window_opened(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "wc -c", keep_stdin_open=True)
    sent = taken = 0
    while sent < 3_000_000:
        while sent - taken + 65_536 > STDIN_WINDOW_BYTES:
            frame = agent.receive()
            assert frame.type is FrameType.STDIN_TAKEN
            taken = Fields(frame.payload, known=range(1, 2)).number_required(1)
        agent.send(stdin(b"x" * 65_536))
        sent += 65_536
    agent.send(STDIN_EOF)

    assert int(agent.finish().stdout) == sent


def test_stdin_at_the_window_is_accepted_and_one_byte_more_is_malformed(
    agent: AgentProcess,
) -> None:
    agent.start("sleep", "1000", keep_stdin_open=True)
    agent.send(*[stdin(b"x" * 65_536)] * 5)  # The pipe takes 64 KiB of it.
    agent.send(stdin(b"x"))

    assert agent.receive().type is FrameType.STDIN_TAKEN
    assert agent.receive_error() == (ErrorCode.MALFORMED, True)
    agent.receive_end()


def test_program_that_never_reads_can_be_killed(agent: AgentProcess) -> None:
    agent.start("sleep", "1000", keep_stdin_open=True)
    agent.send(*[stdin(b"x" * 65_536)] * 4, KILL)

    exited = agent.finish().exited

    assert (exited.signal, exited.limit_hit) == (9, None)


def test_program_that_closes_its_stdin_does_not_hold_up_input(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "exec 0<&-; echo closed; exec sleep 1000", keep_stdin_open=True)
    agent.receive_until(b"closed")
    agent.send(*[stdin(b"x" * 65_536)] * 4)
    assert agent.receive().type is FrameType.STDIN_TAKEN

    agent.send(KILL)

    assert agent.finish().exited.signal == 9


def test_server_that_reads_slowly_gets_everything(agent: AgentProcess) -> None:
    limits = replace(LIMITS, output_bytes=8_000_000)
    script = "head -c 4000000 /dev/zero; head -c 3000000 /dev/zero >&2"
    agent.read_bytes_max = 3000
    agent.start("sh", "-c", script, limits=limits)

    ended = agent.finish()

    assert (len(ended.stdout), len(ended.stderr)) == (4_000_000, 3_000_000)
    assert ended.exited.exit_code == 0


def test_wall_limit_holds_while_the_server_does_not_read(agent: AgentProcess) -> None:
    limits = replace(LIMITS, wall_seconds=0.5, output_bytes=64 << 20)
    agent.start("sh", "-c", "echo up; exec cat /dev/zero", limits=limits)
    agent.receive_until(b"up")

    # EXITED stands behind much that is not read yet; the program must be gone all the same.
    for pid in agent.programs():
        wait_gone(pid)

    ended = agent.finish()

    assert ended.exited.limit_hit is LimitHit.WALL
    assert ended.exited.usage.wall_seconds < 5


def test_daemon_that_holds_the_pipes_is_killed_before_the_end_is_told(
    agent: AgentProcess, compile_program: Compile
) -> None:
    ended = agent.run(compile_program("daemon"))

    assert ended.exited.exit_code == 7
    assert ended.stdout.strip().isdigit()
    assert ended.exited.limit_hit is None


def test_output_written_just_before_the_end_is_complete(agent: AgentProcess) -> None:
    ended = agent.run("sh", "-c", "head -c 60000 /dev/zero; kill -9 $$")

    assert ended.exited.signal == 9
    assert len(ended.stdout) == 60_000


def test_signal_reaches_the_whole_group_of_the_program(agent: AgentProcess) -> None:
    script = (
        "trap 'echo parent' TERM\n"
        "sh -c 'trap \"echo child; exit\" TERM; echo up; sleep 1000 & wait'\n"
        "exit 5"
    )
    agent.start("sh", "-c", script)
    agent.receive_until(b"up")

    agent.send(signal(15))
    ended = agent.finish()

    assert ended.exited.exit_code == 5
    assert sorted(ended.stdout.split()) == [b"child", b"parent"]


def test_terminal_has_its_size_and_is_the_controlling_one(agent: AgentProcess) -> None:
    show = (
        "import os; print(os.get_terminal_size(), os.isatty(0), os.isatty(1), os.isatty(2))\n"
        "os.open('/dev/tty', os.O_RDWR)"
    )

    ended = agent.run(PYTHON, "-c", show, terminal=(33, 101))

    assert ended.stdout == (b"os.terminal_size(columns=101, lines=33) True True True\r\n")
    assert ended.exited.exit_code == 0


def test_terminal_tells_the_program_of_a_resize(agent: AgentProcess) -> None:
    program = (
        "import os, signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "os.write(1, b'up'); signal.sigwait([signal.SIGWINCH])\n"
        "print(os.get_terminal_size())"
    )
    agent.start(PYTHON, "-c", program, terminal=(20, 80), keep_stdin_open=True)
    agent.receive_until(b"up")

    agent.send(encode_frame(FrameType.RESIZE, encode_number(1, 50) + encode_number(2, 132)))

    assert b"columns=132, lines=50" in agent.finish().stdout


def test_control_c_in_a_terminal_interrupts_the_foreground(agent: AgentProcess) -> None:
    program = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "os.write(1, b'up'); signal.sigwait([signal.SIGINT]); sys.exit(9)"
    )
    agent.start(PYTHON, "-c", program, terminal=(20, 80), keep_stdin_open=True)
    agent.receive_until(b"up")

    agent.send(stdin(b"\x03"))

    assert agent.finish().exited.exit_code == 9


def test_signal_in_a_terminal_reaches_the_foreground_group_only(agent: AgentProcess) -> None:
    script = "set -m; sh -c 'echo up; exec sleep 1000'; echo $?"
    agent.start("sh", "-c", script, terminal=(20, 80), keep_stdin_open=True)
    agent.receive_until(b"up")

    agent.send(signal(15))
    ended = agent.finish()

    assert b"143" in ended.stdout
    assert ended.exited.exit_code == 0


@pytest.mark.parametrize("data", [b"", b"line\n", b"no newline"])
def test_terminal_input_ends(agent: AgentProcess, data: bytes) -> None:
    ended = agent.run("sh", "-c", "stty -echo; cat; echo end", stdin=data, terminal=(20, 80))

    assert ended.stdout.endswith(data.replace(b"\n", b"\r\n") + b"end\r\n")
    assert ended.exited.exit_code == 0


def test_terminal_output_written_just_before_the_end_is_complete(agent: AgentProcess) -> None:
    program = "import os; os.write(1, b'x' * 3000); os.kill(os.getpid(), 9)"

    ended = agent.run(PYTHON, "-c", program, terminal=(20, 80))

    assert len(ended.stdout) == 3000


def test_kill_ends_everything_of_the_step(agent: AgentProcess) -> None:
    agent.start("sh", "-c", "sleep 1000 & sleep 1000 & echo up; wait")
    agent.receive_until(b"up")

    agent.send(KILL)
    exited = agent.finish().exited

    assert (exited.signal, exited.limit_hit) == (9, None)


@pytest.mark.skipif(not is_root(), reason="the descriptors of the agent are hidden from others")
def test_hundred_commands_leave_no_descriptor_behind(agent: AgentProcess) -> None:
    folder = Path(f"/proc/{agent.pid}/fd")
    agent.run("true")
    before = sorted(folder.iterdir())

    for number in range(100):
        terminal = (20, 80) if number % 3 == 0 else None
        agent.run("true" if number % 5 else "nope", terminal=terminal, merge_stderr=number % 2 == 0)

    assert sorted(folder.iterdir()) == before
