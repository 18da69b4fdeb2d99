"""Programs that are forked from a slot's zygote: when they are, when not, and that nothing of one
gets to another.
"""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Start
from runyard.engines.interface import Engine, SandboxSpec
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import LauncherHandle
from runyard.engines.linux.options import LinuxOptions
from runyard.testing.engine_conformance.session import (
    LIMITS,
    Ended,
    Session,
    eventually,
    open_session,
)
from runyard.testing.engine_conformance.starts import ARGV, ENV, open_ahead
from runyard.testing.processes import children
from tests.conformance import platforms

OPTIONS = LinuxOptions(slot_count_max=1)
FORKS_BEFORE_RENEWAL = 200


@pytest.fixture
def launcher() -> Iterator[LauncherHandle]:
    launcher = platforms.start_linux(OPTIONS)
    if not launcher.facts.has_processes:
        launcher.close()
        pytest.skip("without a pids group nothing is forked")
    yield launcher
    launcher.close()


@pytest_asyncio.fixture
async def engine(launcher: LauncherHandle) -> AsyncIterator[Engine]:
    """All sandboxes of a test come from one slot."""
    engine = build(launcher, OPTIONS)
    yield engine
    await engine.aclose()


def open_forking(engine: Engine, limits: Limits = LIMITS) -> AbstractAsyncContextManager[Session]:
    """Of one whose program is forked when it is asked for, and not ahead of that."""
    return open_ahead(engine, Start.FORKED, limits=limits, is_warm=False)


async def run_main(engine: Engine, main: str, *, limits: Limits = LIMITS) -> Ended:
    async with open_forking(engine, limits) as session:
        await session.put({"main.py": main})
        return await session.run(*ARGV, env=ENV, limits=limits)


def find_zygote(launcher: LauncherHandle) -> int | None:
    """Return the pid of the one child that a slot of this launcher has beside its job."""
    return _find_interpreter(children(launcher.pid))


def find_fork(launcher: LauncherHandle) -> int | None:
    """Return the pid of a child of an agent: a program."""
    jobs = [job for slot in children(launcher.pid) for job in children(slot)]
    return _find_interpreter(jobs)


def has_ended(pid: int) -> bool:
    """Whether it holds nothing any more; its memory goes before its sockets do."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _find_interpreter(parents: list[int]) -> int | None:
    for parent in parents:
        for child in children(parent):
            if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[:-1] == [
                word.encode() for word in ARGV
            ]:
                return child
    return None


async def test_plain_command_is_forked(engine: Engine) -> None:
    ended = await run_main(engine, "print('hello')")

    assert ended.text == "hello"
    assert ended.exited.started is Start.FORKED


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        ((*ARGV, "word"), {}),
        (("/usr/bin/python3", "-B", "main.py"), {}),
        (ARGV, {"env": ENV | {"MORE": "1"}}),
        (ARGV, {"env": {"PATH": "/usr/bin:/bin"}}),
        (ARGV, {"cwd": "sub"}),
    ],
    ids=["args", "flag", "more_env", "less_env", "cwd"],
)
async def test_other_command_starts_cold(
    engine: Engine, argv: tuple[str, ...], options: dict[str, object]
) -> None:
    async with open_forking(engine) as session:
        main = "import os, sys; print(sys.argv[1:], os.environ.get('MORE'))"
        await session.put({"main.py": main, "sub/main.py": main})
        ended = await session.run(*argv, **({"env": ENV} | options))

    assert ended.exited.exit_code == 0, ended
    assert ended.exited.started is Start.COLD


async def test_sandbox_that_nobody_prepared_starts_cold_at_once(
    engine: Engine, launcher: LauncherHandle
) -> None:
    spec = SandboxSpec(zygote=Command(argv=ARGV, env=ENV, start=Start.FORKED))
    sandbox = await engine.create(spec)
    try:
        session = Session(sandbox, LIMITS)
        await session.start()
        assert find_zygote(launcher) is None
        await session.put({"main.py": "print('cold')"})
        ended = await session.run(*ARGV, env=ENV)
    finally:
        await sandbox.destroy()

    assert (ended.text, ended.exited.started) == ("cold", Start.COLD)
    # Its slot is warm for the next one.
    assert (await run_main(engine, "")).exited.started is Start.FORKED


async def test_one_slot_serves_cold_and_forked_programs_in_turn(
    engine: Engine, launcher: LauncherHandle
) -> None:
    spec = SandboxSpec(zygote=Command(argv=ARGV, env=ENV, start=Start.FORKED))
    seen, slots = [], set()
    for _ in range(6):
        async with open_session(engine, spec) as session:
            slots |= set(children(launcher.pid))
            await session.put({"main.py": ""})
            seen.append((await session.run(*ARGV, env=ENV)).exited.started)

    assert seen == [Start.COLD, *[Start.FORKED] * 5]
    # Counting who is left in its group never made it give up.
    assert len(slots) == 1


async def test_fewer_processes_than_forking_takes_are_granted_cold(engine: Engine) -> None:
    single = dataclasses.replace(LIMITS, processes=1)

    ended = await run_main(engine, "print('alone')", limits=single)

    assert ended.text == "alone"


async def test_zygote_that_was_killed_is_replaced(engine: Engine, launcher: LauncherHandle) -> None:
    assert (await run_main(engine, "")).exited.started is Start.FORKED
    first = find_zygote(launcher)
    assert first is not None
    async with open_forking(engine) as session:
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: find_zygote(launcher) != first, "the zygote ends")
        await session.put({"main.py": "print('cold')"})
        ended = await session.run(*ARGV, env=ENV)

    assert (ended.text, ended.exited.started) == ("cold", Start.COLD)
    assert (await run_main(engine, "")).exited.started is Start.FORKED
    assert find_zygote(launcher) not in {None, first}


async def test_program_that_uses_up_its_memory_leaves_the_slot_usable(engine: Engine) -> None:
    hog = "kept = [bytearray(1 << 20) for _ in range(4096)]"
    small = dataclasses.replace(LIMITS, memory_bytes=32 * MIB)

    for _ in range(3):
        ended = await run_main(engine, hog, limits=small)
        assert ended.exited.limit_hit == "memory_bytes", ended
        assert (await run_main(engine, "print('next')")).text == "next"


async def test_start_of_the_zygote_is_not_on_the_programs_bill(engine: Engine) -> None:
    cold = await run_main(engine, "import os; os._exit(0)")
    async with open_forking(engine) as session:
        await session.put({"main.py": "import os; os._exit(0)"})
        await session.run(*ARGV, "cold", env=ENV)
        usual = (await session.sandbox.usage()).cpu_seconds

    assert cold.exited.started is Start.FORKED
    assert usual is not None
    assert cold.exited.usage.cpu_seconds < usual


async def test_nothing_of_one_program_gets_to_the_next(engine: Engine) -> None:
    leave = (
        "import builtins, sys, os\n"
        "print(hasattr(builtins, 'left'), 'left' in os.environ, sys.path.count('/left'))\n"
        "builtins.left = 1; os.environ['left'] = '1'; sys.path.append('/left')\n"
        "open('left', 'w').close(); open('/tmp/left', 'w').close()\n"
        "print(sorted(os.listdir('.') + os.listdir('/tmp')))"
    )

    first = await run_main(engine, leave)
    second = await run_main(engine, leave)

    assert first.exited.started is second.exited.started is Start.FORKED
    assert first.text == second.text == "False False 0\n['left', 'left', 'main.py']"


async def test_program_has_no_memory_in_common_that_it_can_write(engine: Engine) -> None:
    ended = await run_main(engine, "print(open('/proc/self/maps').read())")

    assert ended.exited.started is Start.FORKED
    flags = [line.split()[1] for line in ended.text.splitlines()]
    assert flags
    assert not [each for each in flags if "w" in each and "s" in each]


async def test_zygote_serves_a_bounded_number_of_programs(
    engine: Engine, launcher: LauncherHandle
) -> None:
    zygotes = set()
    for _ in range(FORKS_BEFORE_RENEWAL + 10):
        assert (await run_main(engine, "")).exited.exit_code == 0
        zygotes.add(find_zygote(launcher))

    # It is also replaced when a job left pages in its group, which may be any time.
    assert 2 <= len(zygotes - {None}) < 10


async def test_fork_that_was_made_ahead_gives_way_to_another_command(engine: Engine) -> None:
    async with open_ahead(engine, Start.FORKED) as session:
        await session.put({"main.py": "import os, sys; print(sys.argv[1:], os.listdir('/proc'))"})
        ended = await session.run(*ARGV, "word", env=ENV)

    assert ended.exited.started is Start.COLD
    assert ended.text.startswith("['word']")
    # Nothing of the fork is left beside the program.
    assert len([word for word in ended.text.split("'") if word.isdigit()]) == 1


async def test_fork_that_died_waiting_is_replaced(engine: Engine, launcher: LauncherHandle) -> None:
    async with open_ahead(engine, Start.FORKED) as session:
        fork = find_fork(launcher)
        assert fork is not None
        os.kill(fork, signal.SIGKILL)
        await eventually(lambda: has_ended(fork), "the fork ends")
        await session.put({"main.py": "print('again')"})
        ended = await session.run(*ARGV, env=ENV)

    assert ended.text == "again"
