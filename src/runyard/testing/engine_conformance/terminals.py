"""Terminals, their size, and signals from outside."""

from __future__ import annotations

import signal

import pytest

from runyard.engines.interface import Capabilities
from runyard.testing.engine_conformance.session import SHELL, Session
from runyard.testing.engine_conformance.surroundings import Surroundings

DESCRIBE = """
import os, sys
print([os.isatty(fd) for fd in (0, 1, 2)], tuple(os.get_terminal_size()))
with open("/dev/tty", "w") as terminal:
    print("controlling", os.tcgetpgrp(terminal.fileno()) == os.getpgrp(), file=terminal)
"""
FOLLOW_SIZE = """
import os, signal
def show(*_):
    print("size", *os.get_terminal_size())
signal.signal(signal.SIGWINCH, show)
show()
while True:
    signal.pause()
"""
TELL_SIGNALS = """
import os, signal, sys
def tell(number, _frame):
    print("caught", number)
    sys.exit(3)
signal.signal(signal.SIGINT, tell)
signal.signal(signal.SIGTERM, tell)
print("ready")
while True:
    signal.pause()
"""


class TerminalConformance(Surroundings):
    async def test_without_a_terminal_there_is_none(self, session: Session) -> None:
        ended = await session.python("import os; print([os.isatty(fd) for fd in (0, 1, 2)])")

        assert ended.text == "[False, False, False]"

    async def test_terminal_is_controlling_and_has_the_size(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_terminal(capabilities)
        ended = await session.python(DESCRIBE, terminal=(33, 123))

        # A terminal ends lines with both characters.
        assert ended.stdout == b"[True, True, True] (123, 33)\r\ncontrolling True\r\n"

    async def test_terminal_echoes_and_ends_input_like_a_terminal(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_terminal(capabilities)
        running = session.launch(
            SHELL,
            "-c",
            "echo up; read line; echo said $line; cat",
            terminal=(24, 80),
            keep_stdin_open=True,
        )
        await running.read_until(b"up\r\n")
        session.channel.write_stdin(b"hello\n")
        await running.read_until(b"said hello\r\n")
        session.channel.write_stdin(b"\x04")
        ended = await running.finish()

        assert ended.exited.exit_code == 0
        assert ended.stdout.startswith(b"up\r\nhello\r\nsaid hello\r\n")

    async def test_resize_reaches_the_program(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_terminal(capabilities)
        running = session.launch_python(FOLLOW_SIZE, terminal=(24, 80), keep_stdin_open=True)
        await running.read_until(b"size 80 24\r\n")
        session.channel.resize(50, 132)
        await running.read_until(b"size 132 50\r\n")
        session.channel.kill()

        assert (await running.finish()).exited.signal == signal.SIGKILL

    async def test_control_c_interrupts(self, session: Session, capabilities: Capabilities) -> None:
        _require_terminal(capabilities)
        running = session.launch_python(TELL_SIGNALS, terminal=(24, 80), keep_stdin_open=True)
        await running.read_until(b"ready")
        session.channel.write_stdin(b"\x03")
        ended = await running.finish()

        assert b"caught 2\r\n" in ended.stdout
        assert ended.exited.exit_code == 3

    async def test_terminals_are_the_sandboxes_own(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        _require_terminal(capabilities)
        ended = await session.run(SHELL, "-c", "tty; echo > $(tty)", terminal=(24, 80))

        assert ended.exited.exit_code == 0
        assert ended.stdout.startswith(b"/dev/pts/")

    async def test_signal_reaches_the_program(self, session: Session) -> None:
        running = session.launch_python(TELL_SIGNALS)
        await running.read_until(b"ready")
        session.channel.signal(signal.SIGTERM)
        ended = await running.finish()

        assert b"caught 15" in ended.stdout
        assert ended.exited.exit_code == 3

    async def test_kill_ends_a_program_that_ignores_signals(self, session: Session) -> None:
        running = session.launch(SHELL, "-c", "trap '' INT TERM HUP; echo up; while :; do :; done")
        await running.read_until(b"up")
        session.channel.signal(signal.SIGTERM)
        session.channel.kill()
        ended = await running.finish()

        assert ended.exited.signal == signal.SIGKILL
        assert ended.exited.limit_hit is None


def _require_terminal(capabilities: Capabilities) -> None:
    if not capabilities.has_terminal:
        pytest.skip("declared: no terminal")
