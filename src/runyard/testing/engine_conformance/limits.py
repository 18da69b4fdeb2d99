"""Each limit holds: under it nothing happens, over it the documented thing does."""

from __future__ import annotations

import dataclasses

import pytest

from runyard.domain.errors import EngineError
from runyard.domain.execution import LimitHit
from runyard.domain.limits import KIB, MIB, Limits
from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.session import (
    LIMITS,
    SHELL,
    Ended,
    Session,
    open_session,
    require_isolation,
    require_limit,
)
from runyard.testing.engine_conformance.surroundings import Surroundings

# How late a limit may be enforced on a busy machine.
LATE_SECONDS = 1.0

# Both print all the CPU time that they used, starting included, and use no more of it to end.
BURN = """
import os, sys, time
while time.process_time() < float(sys.argv[1]):
    pass
print(time.process_time(), flush=True)
os._exit(0)
"""
# The parent ignores SIGCHLD, so that no rusage of the children ever reaches anybody.
BURN_IN_CHILDREN = """
import os, signal, sys, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(3):
    if not os.fork():
        while time.process_time() < float(sys.argv[1]):
            pass
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
print(time.process_time() + 3 * float(sys.argv[1]), flush=True)
os._exit(0)
"""
TOUCH = """
import sys
block = bytearray(int(sys.argv[1]))
block[::4096] = b"x" * len(block[::4096])
print("touched")
"""
TOUCH_IN_CHILDREN = """
import os, sys, time
reader, writer = os.pipe()
for _ in range(4):
    if not os.fork():
        block = b"x" * int(sys.argv[1])
        os.write(writer, b".")
        time.sleep(1000)
while len(os.read(reader, 1)):
    pass
"""
# Counts itself and the children it can have at once.
COUNT_PROCESSES = """
import errno, os, signal
children = []
try:
    while len(children) < 2000:
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
    refused = "never"
except OSError as error:
    refused = errno.errorcode[error.errno]
for child in children:
    os.kill(child, signal.SIGKILL)
    os.wait()
print(1 + len(children), refused)
"""
COUNT_THREADS = """
import threading
release, started = threading.Event(), 0
try:
    while started < 2000:
        threading.Thread(target=release.wait).start()
        started += 1
    refused = "never"
except RuntimeError:
    refused = "refused"
release.set()
print(1 + started, refused)
"""
FILL = """
import errno, os, sys
written = 0
fd = os.open(sys.argv[1] + "/fill", os.O_WRONLY | os.O_CREAT)
try:
    while written < int(sys.argv[2]):
        written += os.write(fd, b"x" * min(65536, int(sys.argv[2]) - written))
    refused = "never"
except OSError as error:
    refused = errno.errorcode[error.errno]
print(written, refused)
"""
MAKE_FILES = """
import errno, os, sys
made = 0
try:
    while made < 400_000:
        os.close(os.open(f"{sys.argv[1]}/{made}", os.O_CREAT | os.O_WRONLY))
        made += 1
    refused = "never"
except OSError as error:
    refused = errno.errorcode[error.errno]
print(made, refused)
"""


def _with(**changes: float) -> Limits:
    return dataclasses.replace(LIMITS, **changes)  # type: ignore[arg-type]


class LimitConformance(Surroundings):
    async def _run(
        self, engine: Engine, spec: SandboxSpec, limits: Limits, program: str, *args: object
    ) -> Ended:
        async with open_session(engine, spec, limits) as session:
            return await session.python(program, *(str(arg) for arg in args))

    @pytest.mark.parametrize("seconds", [0.1, 0.6])
    async def test_wall_time_below_the_limit_is_free(
        self, engine: Engine, spec: SandboxSpec, seconds: float
    ) -> None:
        limits = _with(wall_seconds=3.0)
        ended = await self._run(engine, spec, limits, f"import time; time.sleep({seconds})")

        assert (ended.exited.exit_code, ended.exited.limit_hit) == (0, None)

    @pytest.mark.parametrize("limit", [0.05, 0.5, 1.25])
    async def test_wall_time_over_the_limit_ends_the_program(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities, limit: float
    ) -> None:
        require_limit(capabilities, "wall_seconds")
        async with open_session(engine, spec, _with(wall_seconds=limit)) as session:
            ended = await session.run(SHELL, "-c", "echo kept; trap '' TERM INT; sleep 1000")

        assert ended.exited.limit_hit == LimitHit.WALL
        assert limit <= ended.exited.usage.wall_seconds < limit + LATE_SECONDS
        if limit > 0.5:
            assert ended.stdout == b"kept\n"

    async def test_cpu_time_below_the_limit_is_free(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        ended = await self._run(engine, spec, _with(cpu_seconds=3.0), BURN, 1.5)

        assert (ended.exited.exit_code, ended.exited.limit_hit) == (0, None)

    async def test_sleeping_costs_no_cpu_time(self, engine: Engine, spec: SandboxSpec) -> None:
        async with open_session(engine, spec, _with(cpu_seconds=0.5)) as session:
            ended = await session.run("/bin/sleep", "1")

        assert (ended.exited.exit_code, ended.exited.limit_hit) == (0, None)

    @pytest.mark.parametrize("program", [BURN, BURN_IN_CHILDREN])
    @pytest.mark.parametrize("limit", [0.2, 1.0])
    async def test_cpu_time_over_the_limit_ends_the_program(
        self,
        engine: Engine,
        spec: SandboxSpec,
        capabilities: Capabilities,
        limit: float,
        program: str,
    ) -> None:
        require_limit(capabilities, "cpu_seconds")
        ended = await self._run(engine, spec, _with(cpu_seconds=limit), program, 1000)

        assert ended.exited.limit_hit == LimitHit.CPU
        assert ended.exited.usage.cpu_seconds is not None
        # Two processors may burn while one message travels.
        assert limit <= ended.exited.usage.cpu_seconds < limit + 0.5

    @pytest.mark.parametrize("used", [16 * MIB, 48 * MIB])
    async def test_memory_below_the_limit_is_free(
        self, engine: Engine, spec: SandboxSpec, used: int
    ) -> None:
        limits = _with(memory_bytes=64 * MIB, disk_bytes=1 * MIB)
        ended = await self._run(engine, spec, limits, TOUCH, used)

        assert ended.text == "touched"

    @pytest.mark.parametrize(
        ("program", "used"),
        [(TOUCH, 128 * MIB), (TOUCH, 1024 * MIB), (TOUCH_IN_CHILDREN, 40 * MIB)],
    )
    async def test_memory_over_the_limit_ends_the_program(
        self,
        engine: Engine,
        spec: SandboxSpec,
        capabilities: Capabilities,
        program: str,
        used: int,
    ) -> None:
        require_limit(capabilities, "memory_bytes")
        limits = _with(memory_bytes=64 * MIB, disk_bytes=1 * MIB)
        ended = await self._run(engine, spec, limits, program, used)

        assert ended.exited.limit_hit == LimitHit.MEMORY, ended
        assert b"touched" not in ended.stdout

    async def test_reserving_memory_without_using_it_is_free(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        program = "import mmap; mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE | 0x4000); print('mapped')"
        ended = await self._run(engine, spec, _with(memory_bytes=64 * MIB), program)

        assert ended.text == "mapped"

    @pytest.mark.parametrize("program", [COUNT_PROCESSES, COUNT_THREADS])
    @pytest.mark.parametrize("limit", [1, 2, 20])
    async def test_as_many_processes_as_the_limit_says(
        self,
        engine: Engine,
        spec: SandboxSpec,
        capabilities: Capabilities,
        limit: int,
        program: str,
    ) -> None:
        require_limit(capabilities, "processes")
        ended = await self._run(engine, spec, _with(processes=limit), program)

        count, refused = ended.text.split()
        assert int(count) == limit
        assert refused in {"EAGAIN", "refused"}

    @pytest.mark.parametrize("limit", [2, LIMITS.processes + 8])
    async def test_processes_of_a_sandbox_made_ahead_are_those_of_the_request(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities, limit: int
    ) -> None:
        require_limit(capabilities, "processes")
        limits = _with(processes=limit)
        sandbox = await engine.create(spec)
        try:
            await sandbox.prepare(LIMITS, ahead=True)
            session = Session(sandbox, limits)
            await session.channel.open()
            try:
                await sandbox.begin(limits)
            except EngineError as error:
                pytest.skip(f"declared: {error}")
            ended = await session.python(COUNT_PROCESSES)
        finally:
            await sandbox.destroy()

        assert int(ended.text.split()[0]) == limit

    async def test_fork_bomb_is_over_in_time(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_limit(capabilities, "processes")
        program = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
        ended = await self._run(engine, spec, _with(wall_seconds=1.0), program)

        assert ended.exited.limit_hit == LimitHit.WALL
        assert ended.exited.usage.wall_seconds < 1.0 + LATE_SECONDS

    @pytest.mark.parametrize("place", [".", "/tmp"])
    async def test_disk_under_at_and_over_the_limit(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities, place: str
    ) -> None:
        require_limit(capabilities, "disk_bytes")
        limits = _with(disk_bytes=4 * MIB)
        under = await self._run(engine, spec, limits, FILL, place, 3 * MIB)
        over = await self._run(engine, spec, limits, FILL, place, 64 * MIB)

        assert under.text == f"{3 * MIB} never"
        written, refused = over.text.split()
        assert refused in {"ENOSPC", "EFBIG"}
        # Directories and page-sized remainders cost something too.
        assert 4 * MIB - 128 * KIB <= int(written) <= 4 * MIB

    async def test_disk_limit_holds_for_each_place_and_not_for_their_sum(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_limit(capabilities, "disk_bytes")
        limits = _with(disk_bytes=4 * MIB, memory_bytes=32 * MIB)
        async with open_session(engine, spec, limits) as session:
            for place in (".", "/tmp"):
                filled = await session.python(FILL, place, str(64 * MIB))
                assert int(filled.text.split()[0]) > 3 * MIB
            # What the disks hold is not taken from the memory.
            assert (await session.python(TOUCH, str(16 * MIB))).text == "touched"

    @pytest.mark.parametrize("place", [".", "/tmp", "/dev/shm"])
    async def test_number_of_files_is_bounded(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities, place: str
    ) -> None:
        require_isolation(capabilities)
        require_limit(capabilities, "disk_bytes")
        limits = _with(disk_bytes=4 * MIB, wall_seconds=100.0, cpu_seconds=100.0)
        made, refused = (await self._run(engine, spec, limits, MAKE_FILES, place)).text.split()

        assert refused == "ENOSPC"
        assert int(made) >= 200

    async def test_shared_memory_is_bounded_and_usable(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        require_limit(capabilities, "disk_bytes")
        limits = _with(memory_bytes=64 * MIB)
        ended = await self._run(engine, spec, limits, FILL, "/dev/shm", 1024 * MIB)

        written, refused = ended.text.split()
        assert refused == "ENOSPC"
        assert 1 * MIB <= int(written) <= limits.memory_bytes
