"""Between steps nothing passes but the /work of the first one."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import uuid
from pathlib import Path

import pytest

from runyard.domain.execution import LimitHit
from runyard.domain.limits import MIB
from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.limits import BURN, FILL, TOUCH
from runyard.testing.engine_conformance.session import (
    DEADLINE_SECONDS,
    LIMITS,
    PYTHON,
    SHELL,
    Session,
    eventually,
    open_session,
    require_isolation,
    require_limit,
    require_measured,
)
from runyard.testing.engine_conformance.surroundings import Surroundings

# Leaves its session and its parent, ignores what can be ignored, and stays.
DAEMON = """
import os, signal, sys, time
if os.fork():
    os._exit(0)
os.setsid()
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
if os.fork():
    os._exit(0)
open("daemon", "w").write(str(os.getpid()))
time.sleep(1000)
"""
LEAVE_TRACES = """
import ctypes, os
for place in ("/tmp", "/dev/shm"):
    open(place + "/trace", "w").write("x")
    os.mkdir(place + "/.folder")
libc = ctypes.CDLL(None, use_errno=True)
assert libc.shmget(4711, 4096, 0o1666) >= 0
assert libc.semget(4711, 1, 0o1666) >= 0
assert libc.msgget(4711, 0o1666) >= 0
print("left")
"""
FIND_TRACES = """
import os
print(sorted(os.listdir("/tmp") + os.listdir("/dev/shm")),
      [len(open("/proc/sysvipc/" + kind).readlines()) for kind in ("shm", "sem", "msg")])
"""
LIST_PROCESSES = """
import os
print(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()), os.getpid())
"""
# Describes the work directory completely, times and inode numbers apart.
DESCRIBE = """
import json, os, stat
found = {}
for folder, names, files in os.walk("."):
    for name in names + files:
        path = os.path.join(folder, name)
        status = os.lstat(path)
        kind = stat.S_IFMT(status.st_mode)
        content = (
            os.readlink(path) if stat.S_ISLNK(kind)
            else open(path, errors="replace").read() if stat.S_ISREG(kind) else ""
        )
        found[path] = [oct(status.st_mode), content]
print(json.dumps(found, sort_keys=True))
"""
FIRST_STEP = """
mkdir -p tree/sub empty && echo one > tree/one && echo two > tree/sub/two && echo top > top
printf '#!/bin/sh\\necho ran\\n' > run.sh && chmod 755 run.sh && chmod 600 tree/one
ln -s tree/one link && echo victim > victim && echo moved > moved && ln top twin
"""
SPOIL = """
import os, shutil
open("tree/one", "a").write("changed")
open("top", "w").write("overwritten")
os.unlink("victim")
os.rename("moved", "renamed")
os.rename("tree/sub/two", "two")
os.chmod("run.sh", 0o600)
shutil.move("empty", "filled")
open("filled/new", "w").write("new")
shutil.rmtree("tree/sub")
os.symlink("top", "newlink")
os.replace("newlink", "link")
print(open("tree/one").read().split(), sorted(os.listdir(".")))
"""


class StepConformance(Surroundings):
    async def test_step_finds_the_files_of_the_first_one(self, session: Session) -> None:
        await session.put({"source/main.txt": "source\n"})
        assert (await session.run(SHELL, "-c", FIRST_STEP)).exited.exit_code == 0
        before = (await session.python(DESCRIBE)).text
        await session.begin_step()

        assert json.loads((await session.python(DESCRIBE)).text) == json.loads(before)
        assert (await session.run("./run.sh")).text == "ran"
        assert (await session.run("/bin/cat", "link")).text == "one"

    async def test_every_step_starts_from_the_frozen_files(self, session: Session) -> None:
        assert (await session.run(SHELL, "-c", FIRST_STEP)).exited.exit_code == 0
        before = json.loads((await session.python(DESCRIBE)).text)

        for _ in range(3):
            await session.begin_step()
            assert json.loads((await session.python(DESCRIBE)).text) == before
            spoiled = (await session.python(SPOIL)).text
            assert spoiled.startswith("['one', 'changed'] ['filled', 'link', 'renamed'")

    async def test_files_put_in_a_later_step_last_for_that_step(self, session: Session) -> None:
        await session.put({"first": "1"})
        await session.begin_step()
        await session.put({"second": "2", "first": "changed"})
        assert await session.get("*") == {"first": b"changed", "second": b"2"}
        await session.begin_step()

        assert await session.get("*") == {"first": b"1"}

    async def test_no_process_outlives_its_command(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        token = f"conformance-{uuid.uuid4()}"
        ended = await session.run(PYTHON, "-c", DAEMON, token)

        assert ended.exited.exit_code == 0
        await session.begin_step()
        assert not _processes_with(token)
        if capabilities.isolation != "nothing":
            listed, own = (await session.python(LIST_PROCESSES)).text.rsplit(" ", 1)
            # Whether the agent, process 1, is visible is the engine's choice.
            assert set(json.loads(listed)) - {1} == {int(own)}

    async def test_beginning_a_step_ends_a_running_command(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        token = f"conformance-{uuid.uuid4()}"
        running = session.launch(SHELL, "-c", "sleep 1000 & echo up; sleep 1000", token)
        await running.read_until(b"up")
        is_visible = bool(_processes_with(token))
        stream = session.sandbox.stream
        await session.begin_step()

        assert is_visible or capabilities.isolation == "vm"
        assert not _processes_with(token)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await stream.read(65536):
                pass
        assert (await session.run("/bin/echo", "next")).text == "next"

    async def test_temporary_files_and_ipc_do_not_pass(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        for _ in range(2):
            assert (await session.python(LEAVE_TRACES)).text == "left"
            assert "trace" in (await session.python(FIND_TRACES)).text
            await session.begin_step()

            # The heading of each list remains.
            assert (await session.python(FIND_TRACES)).text == "[] [1, 1, 1]"

    async def test_limits_are_those_of_the_step(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_limit(capabilities, "memory_bytes")
        large = dataclasses.replace(LIMITS, memory_bytes=256 * MIB, disk_bytes=MIB)
        small = dataclasses.replace(LIMITS, memory_bytes=32 * MIB, disk_bytes=MIB)
        async with open_session(engine, spec, large) as session:
            assert (await session.python(TOUCH, str(128 * MIB))).text == "touched"
            await session.begin_step(small)
            refused = await session.python(TOUCH, str(128 * MIB))
            assert refused.exited.limit_hit == LimitHit.MEMORY
            await session.begin_step(large)
            assert (await session.python(TOUCH, str(128 * MIB))).text == "touched"

    @pytest.mark.parametrize("place", [".", "/tmp"])
    async def test_disk_is_bounded_in_every_step(
        self, session: Session, capabilities: Capabilities, place: str
    ) -> None:
        require_limit(capabilities, "disk_bytes")
        size = LIMITS.disk_bytes
        for _ in range(3):
            written, refused = (await session.python(FILL, place, str(4 * size))).text.split()
            assert refused in {"ENOSPC", "EFBIG"}
            assert 0.5 * size < int(written) <= size
            # A full disk must not be frozen, or the next step had nothing to fill.
            await session.run(SHELL, "-c", f"rm -f {place}/fill")
            await session.begin_step()

    async def test_usage_is_that_of_the_step(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        require_measured(capabilities, "memory_bytes")
        await session.python(TOUCH, str(100 * MIB))
        await session.python(BURN, "1.0")
        await session.begin_step()
        second = await session.run("/bin/true")
        outside = await session.sandbox.usage()

        for usage in (second.exited.usage, outside):
            assert usage.cpu_seconds is not None
            assert usage.cpu_seconds < 0.5
            assert usage.memory_peak_bytes is not None
            assert usage.memory_peak_bytes < 50 * MIB

    async def test_forty_steps_in_one_sandbox(self, session: Session) -> None:
        own = f"conformance-{uuid.uuid4()}"
        await session.put({"count": "0"})
        for _ in range(40):
            await session.begin_step()
            # Where nothing is isolated, that is the host's own /tmp.
            ended = await session.run(SHELL, "-c", f"cat count; echo 1 > count; echo > /tmp/{own}")
            assert ended.text == "0"
        await session.run(SHELL, "-c", f"rm -f /tmp/{own}")

    async def test_step_after_a_limit_was_hit_works(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        brief = dataclasses.replace(LIMITS, wall_seconds=0.2)
        async with open_session(engine, spec, brief) as session:
            assert (await session.run("/bin/sleep", "9")).exited.limit_hit == LimitHit.WALL
            await session.begin_step(LIMITS)
            assert (await session.run("/bin/echo", "next")).text == "next"

    async def test_destroyed_sandbox_leaves_no_process(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        token = f"conformance-{uuid.uuid4()}"
        async with open_session(engine, spec) as session:
            running = session.launch(SHELL, "-c", "setsid sleep 1000 & echo up; sleep 1000", token)
            await running.read_until(b"up")

        await eventually(lambda: not _processes_with(token), "every process of the sandbox ends")


def _processes_with(token: str) -> list[str]:
    """Find processes on this machine by a word of their command line."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if token.encode() in (folder / "cmdline").read_bytes():
                    found.append(folder.name)
            except OSError:
                continue
    return found
