"""A command gets exactly the arguments, environment, directory and stdin it was given."""

from __future__ import annotations

import hashlib
import json
import signal

from runyard.domain.limits import MIB
from runyard.engines.interface import Capabilities
from runyard.testing.engine_conformance.session import PYTHON, SHELL, Session
from runyard.testing.engine_conformance.surroundings import Surroundings

AWKWARD = (
    "",
    " ",
    "two words",
    "new\nline",
    "trailing\n",
    "back\\slash\\",
    "\\n",
    "'single' \"double\"",
    "$HOME `id` $(id) ${IFS}",
    "*?[a]~!#;&|<>()",
    "tab\tand\rreturn",
    "\x01\x1b[0m\x7f",
    "žluťoučký 漢字 🎉 e\u0301",
    "-",
    "--",
    "-e",
    "=",
    "a=b",
    "%s%n",
    "x" * 4000,
)
SHOW_ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"
SHOW_ENVIRONMENT = "import sys; sys.stdout.buffer.write(open('/proc/self/environ', 'rb').read())"


class CommandConformance(Surroundings):
    async def test_exit_code_is_reported(self, session: Session) -> None:
        for code in (0, 1, 2, 42, 124, 125, 126, 127, 128, 137, 255):
            ended = await session.run(SHELL, "-c", f"exit {code}")

            assert (ended.exited.exit_code, ended.exited.signal) == (code, None)
            assert ended.exited.limit_hit is None

    async def test_signal_is_reported(self, session: Session) -> None:
        for name in ("SIGKILL", "SIGTERM", "SIGSEGV", "SIGABRT", "SIGPIPE"):
            number = signal.Signals[name].value
            ended = await session.run(SHELL, "-c", f"kill -{number} $$")

            assert (ended.exited.exit_code, ended.exited.signal) == (None, number)
            assert ended.exited.limit_hit is None

    async def test_missing_program_is_reported_in_words(self, session: Session) -> None:
        ended = await session.run("/usr/bin/no-such-program")

        assert ended.exited.exit_code == 127
        assert ended.exited.message

    async def test_program_that_is_not_executable_is_reported_in_words(
        self, session: Session
    ) -> None:
        await session.put({"notes.txt": "text\n"})
        ended = await session.run("./notes.txt")

        assert ended.exited.exit_code == 126
        assert ended.exited.message

    async def test_missing_directory_is_reported_in_words(self, session: Session) -> None:
        ended = await session.run("/bin/true", cwd="no/such/directory")

        assert ended.exited.exit_code in {126, 127}
        assert ended.exited.message

    async def test_sandbox_survives_a_command_that_could_not_start(self, session: Session) -> None:
        await session.run("/usr/bin/no-such-program")

        assert (await session.run("/bin/echo", "next")).text == "next"

    async def test_arguments_arrive_exactly(self, session: Session) -> None:
        ended = await session.python(SHOW_ARGUMENTS, *AWKWARD)

        assert tuple(json.loads(ended.text)) == AWKWARD

    async def test_program_is_found_in_path(self, session: Session) -> None:
        ended = await session.run("echo", "found")

        assert ended.text == "found"

    async def test_environment_arrives_exactly(self, session: Session) -> None:
        env = {f"NAME_{index}": value for index, value in enumerate(AWKWARD)}
        ended = await session.python(SHOW_ENVIRONMENT, env=env)

        entries = ended.stdout.decode().split("\0")[:-1]
        assert dict(entry.split("=", 1) for entry in entries) == env
        assert len(entries) == len(env)

    async def test_empty_environment_stays_empty(self, session: Session) -> None:
        ended = await session.run("/usr/bin/env", env={})

        assert ended.text == ""

    async def test_directory_is_the_work_directory(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        await session.put({"a/b/here.txt": "this one\n", "top.txt": "top\n"})
        top = await session.run(SHELL, "-c", "pwd; cat top.txt")
        below = await session.run(SHELL, "-c", "pwd; cat here.txt", cwd="a/b")

        folder, content = top.text.split("\n")
        assert content == "top"
        assert below.text.split("\n") == [f"{folder}/a/b", "this one"]
        if capabilities.isolation != "nothing":
            assert folder == "/work"

    async def test_stdin_arrives_and_ends(self, session: Session) -> None:
        data = bytes(range(256)) * 4096
        ended = await session.run(
            PYTHON,
            "-c",
            "import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())",
            stdin=data,
        )

        assert ended.text == hashlib.sha256(data).hexdigest()

    async def test_without_stdin_there_is_end_of_file_at_once(self, session: Session) -> None:
        ended = await session.run("/bin/cat")

        assert ended.exited.exit_code == 0
        assert ended.stdout == b""

    async def test_program_that_reads_no_stdin_ends_normally(self, session: Session) -> None:
        ended = await session.run("/bin/true", stdin=b"x" * MIB)

        assert ended.exited.exit_code == 0

    async def test_program_may_close_its_streams_and_go_on(self, session: Session) -> None:
        program = "import os; [os.close(fd) for fd in (0, 1, 2)]; open('done', 'w').write('yes')"
        ended = await session.python(program)

        assert ended.exited.exit_code == 0
        assert await session.get("done") == {"done": b"yes"}

    async def test_commands_follow_one_another_in_one_sandbox(self, session: Session) -> None:
        await session.run(SHELL, "-c", "echo one > state")
        await session.run(SHELL, "-c", "echo two >> state")

        assert (await session.run("/bin/cat", "state")).text == "one\ntwo"

    async def test_program_starts_with_default_signals_and_few_files(
        self, session: Session
    ) -> None:
        program = (
            "import os; status = dict(line.split(':', 1) for line in open('/proc/self/status'));"
            "print(int(status['SigBlk'], 16), sorted(map(int, os.listdir('/proc/self/fd')))[:3],"
            "len(os.listdir('/proc/self/fd')))"
        )
        ended = await session.python(program)
        ignored = await session.run(SHELL, "-c", "grep SigIgn /proc/self/status")

        # The fourth one is the directory being listed.
        assert ended.text == "0 [0, 1, 2] 4"
        assert int(ignored.text.split()[1], 16) == 0

    async def test_leftovers_of_a_command_do_not_delay_its_end(self, session: Session) -> None:
        ended = await session.run(SHELL, "-c", "sleep 1000 & echo started")

        assert ended.text == "started"
        assert ended.seconds < 5
