"""The launcher and its slots against a server that has turned hostile, and against crashes."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.errors import (
    BusyError,
    EngineError,
    LimitError,
)
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Mount
from runyard.engines.interface import SandboxSpec
from runyard.engines.linux import spec
from runyard.engines.linux.engine import LinuxEngine
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.spec import OrderKind, ReplyKind, ReportKind, RequestKind
from runyard.testing.engine_conformance.session import eventually, open_session
from runyard.testing.processes import children, descendants
from tests.conformance import platforms

SECONDS_MAX = 20.0
ORDER = struct.Struct("<IIQQQQII")
SPEC = SandboxSpec()


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    """A directory that may be shown, with a way out of it."""
    path = tmp_path / "allowed"
    (path / "tool").mkdir(parents=True)
    (path / "tool" / "name").write_text("shown")
    (path / "out").symlink_to(tmp_path)
    (tmp_path / "secret").mkdir()
    for each in (path, *path.rglob("*"), *tmp_path.parents):
        if each.owner() == tmp_path.owner() and not each.is_symlink():
            each.chmod(each.stat().st_mode | 0o555)
    return path


@pytest.fixture
def options(allowed: Path) -> LinuxOptions:
    limits_max = dataclasses.replace(Limits(), memory_bytes=64 * MIB, disk_bytes=MIB, processes=8)
    return LinuxOptions(
        sources=(str(allowed),), limits_max=limits_max, slot_count_max=2, job_seconds_max=100.0
    )


@pytest.fixture
def launcher(options: LinuxOptions) -> Iterator[LauncherHandle]:
    launcher = platforms.start_linux(options)
    yield launcher
    launcher.close()


@pytest_asyncio.fixture
async def engine(launcher: LauncherHandle, options: LinuxOptions) -> AsyncIterator[LinuxEngine]:
    engine = LinuxEngine(launcher, options)
    yield engine
    await engine.aclose()


async def test_parts_outside_what_was_allowed_are_refused(
    launcher: LauncherHandle, allowed: Path
) -> None:
    refused = [
        ("/root", "/opt/x"),
        ("/", "/opt/x"),
        (str(allowed.parent), "/opt/x"),
        (f"{allowed}x", "/opt/x"),
        (f"{allowed}/../secret", "/opt/x"),
        (f"{allowed}/out/secret", "/opt/x"),
        (f"{allowed}/tool", "/etc"),
        (f"{allowed}/tool", "/usr/bin"),
        (f"{allowed}/tool", "/proc/x"),
        (f"{allowed}/tool", "/opt/../etc"),
        (f"{allowed}/tool", "opt"),
        (f"{allowed}/tool", "/opt/a,upperdir=b"),
        ("", ""),
    ]
    for source, target in refused:
        body = spec.pack_mounts((Mount(source=source, target=target),))
        with pytest.raises(EngineError, match="refused"):
            await launcher.request(RequestKind.CREATE_SLOT, count=1, body=body)


async def test_an_allowed_part_is_shown_read_only(engine: LinuxEngine, allowed: Path) -> None:
    mounts = (Mount(source=f"{allowed}/tool", target="/opt/tool"),)
    async with open_session(engine, SandboxSpec(mounts=mounts), SMALL) as session:
        read = await session.run("/bin/cat", "/opt/tool/name")
        written = await session.run("/bin/sh", "-c", "echo changed >/opt/tool/name")

    assert read.text == "shown"
    assert written.exited.exit_code != 0
    assert (allowed / "tool" / "name").read_text() == "shown"


async def test_bodies_that_do_not_add_up_are_refused(launcher: LauncherHandle) -> None:
    part = spec.pack_mounts((Mount(source="/opt", target="/opt/x"),))
    for count, body in ((1, b""), (0, part), (2, part), (1, part[:-1]), (33, part * 33)):
        with pytest.raises(EngineError, match="refused"):
            await launcher.request(RequestKind.CREATE_SLOT, count=count, body=body)


async def test_launcher_survives_noise(launcher: LauncherHandle) -> None:
    source = random.Random(7)
    launcher._socket.settimeout(SECONDS_MAX)
    # Never an empty packet: that reads like the end of the server.
    for size in (1, 15, 16, 17, 100, 5000):
        for _ in range(20):
            launcher._socket.send(source.randbytes(size))
            if size >= 16:
                assert spec.unpack_reply(launcher._socket.recv(65536)).kind is ReplyKind.ERROR
    launcher._socket.setblocking(False)

    reply, _ = await launcher.request(RequestKind.LIST)

    assert reply.words.split() == []


async def test_names_that_are_not_of_dead_launchers_are_not_reaped(
    launcher: LauncherHandle,
) -> None:
    own = launcher.facts.group
    for name in (own, "..", f"{own}/../..", "runyard-1-2-3", "process_api", ""):
        await launcher.request(RequestKind.REAP, body=name.encode())

    assert launcher._process.poll() is None
    with await _raw_slot(launcher):
        pass


SMALL = Limits(memory_bytes=64 * MIB, disk_bytes=MIB, processes=8)


async def test_orders_above_the_ceilings_are_refused(launcher: LauncherHandle) -> None:
    start = int(OrderKind.START)
    fine = (start, 0, 1, 64 * MIB, MIB, 1000, 8, 0)
    wrong = {1: (1, 8, 1 << 31), 3: (0, 64 * MIB + 1), 4: (0, MIB + 1), 5: (0, 100_001)}
    wrong |= {6: (0, 9), 7: (1,)}
    with await _raw_slot(launcher) as slot:
        for position, values in wrong.items():
            for value in values:
                words = list(fine)
                words[position] = value
                assert _order(slot, words).kind is ReportKind.FAILED, words
        assert _order(slot, list(fine), with_stream=False).kind is ReportKind.FAILED
        released = _order(slot, [int(OrderKind.RELEASE), 0, 1, 0, 0, 0, 0, 0])

        assert released.kind is ReportKind.RELEASED


async def test_a_second_execution_needs_a_release_first(launcher: LauncherHandle) -> None:
    start = [int(OrderKind.START), 0, 1, 64 * MIB, MIB, 60_000, 8, 0]
    usage = [int(OrderKind.USAGE), 0, 1, 0, 0, 0, 0, 0]
    ours, theirs = socket.socketpair()
    with await _raw_slot(launcher) as slot, ours, theirs:
        socket.send_fds(slot, [ORDER.pack(*start)], [theirs.fileno()])
        assert _order(slot, usage).kind is ReportKind.USAGE
        assert _order(slot, start).kind is ReportKind.FAILED


@pytest.mark.parametrize("size", [1, 47, 49, 4096])
async def test_a_slot_ends_on_packets_of_another_size(launcher: LauncherHandle, size: int) -> None:
    with await _raw_slot(launcher) as slot:
        slot.send(b"\1" * size)

        assert slot.recv(65536) == b""


async def test_a_slot_survives_noise_of_the_right_size(launcher: LauncherHandle) -> None:
    source = random.Random(11)
    with await _raw_slot(launcher) as slot:
        for _ in range(200):
            slot.send(source.randbytes(ORDER.size))
        slot.send(spec.pack_order(OrderKind.RELEASE, sequence=7))
        while (report := spec.unpack_report(slot.recv(65536))).kind is not ReportKind.RELEASED:
            pass

        assert report.sequence == 7


async def test_limits_above_the_ceilings_are_an_error_in_words(engine: LinuxEngine) -> None:
    sandbox = await engine.create(SPEC)
    with pytest.raises(LimitError, match="memory_bytes"):
        await sandbox.prepare(dataclasses.replace(SMALL, memory_bytes=65 * MIB))
    await sandbox.destroy()


async def test_more_sandboxes_than_slots_are_refused_until_one_is_destroyed(
    engine: LinuxEngine,
) -> None:
    sandboxes = [await engine.create(SPEC) for _ in range(2)]
    with pytest.raises(BusyError):
        await engine.create(SPEC)
    await sandboxes[0].destroy()

    await (await engine.create(SPEC)).destroy()
    await sandboxes[1].destroy()


async def test_idle_slots_make_room_for_other_roots(engine: LinuxEngine, allowed: Path) -> None:
    for number in range(5):
        mounts = (Mount(source=f"{allowed}/tool", target=f"/opt/{number}"),)
        async with open_session(engine, SandboxSpec(mounts=mounts), SMALL) as session:
            assert (await session.run("/bin/ls", "/opt")).text == str(number)


async def test_cancelled_creations_lose_no_slot(engine: LinuxEngine) -> None:
    creating = [asyncio.create_task(engine.create(SPEC)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in creating:
        task.cancel()
    ended = await asyncio.gather(*creating, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)

    await asyncio.gather(*engine._tasks)
    sandboxes = [await engine.create(SPEC) for _ in range(2)]
    await asyncio.gather(*(sandbox.destroy() for sandbox in sandboxes))


async def test_a_killed_slot_is_replaced(engine: LinuxEngine, launcher: LauncherHandle) -> None:
    async with open_session(engine, SPEC, SMALL) as session:
        for pid in children(launcher.pid):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(EngineError):
            await session.run("/bin/sleep", "10")

    async with open_session(engine, SPEC, SMALL) as session:
        assert (await session.run("/bin/echo", "again")).text == "again"


async def test_a_network_that_was_used_is_not_used_again(engine: LinuxEngine) -> None:
    quiet = "import os; print(os.readlink('/proc/self/ns/net'))"
    talk = (
        "import socket; a = socket.create_server(('127.0.0.1', 0));"
        "b = socket.create_connection(a.getsockname()); b.send(b'x');" + quiet
    )

    seen = []
    for program in (quiet, quiet, talk, quiet, quiet):
        async with open_session(engine, SPEC, SMALL) as session:
            seen.append((await session.python(program)).text)

    assert seen[0] == seen[1] == seen[2]
    assert seen[3] == seen[4] != seen[2]


@pytest.mark.parametrize("victim", ["server", "launcher"])
def test_nothing_runs_on_after_a_kill(victim: str) -> None:
    """The next launcher clears up what a killed one could not."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        launcher_pid, group = server.stdout.readline().split()
        tree = [server.pid, *descendants(server.pid)]
        assert len(tree) >= 4
        os.kill(server.pid if victim == "server" else int(launcher_pid), signal.SIGKILL)
        asyncio.run(eventually(lambda: not any(map(_is_alive, tree[1:])), "every process ends"))
        server.kill()
    if victim == "launcher":
        start_launcher(LinuxOptions()).close()

    def is_cleared() -> bool:
        return not any(path.is_dir() for path in Path("/sys/fs/cgroup").rglob(group.decode()))

    asyncio.run(eventually(is_cleared, "the groups are removed"))


SERVER = """
import asyncio
from runyard.agent.channel import Channel, Command
from runyard.domain.limits import Limits
from runyard.engines.interface import SandboxSpec
from runyard.engines.linux.engine import LinuxEngine
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions

async def serve():
    options = LinuxOptions()
    launcher = start_launcher(options)
    sandbox = await LinuxEngine(launcher, options).create(SandboxSpec())
    await sandbox.prepare(Limits())
    argv = ("/bin/sh", "-c", "setsid sleep 100 & echo started; sleep 100")
    command = Command(argv=argv, env={"PATH": "/usr/bin"}, limits=Limits(wall_seconds=100))
    async for _ in Channel(sandbox.stream).exec(command):
        print(launcher.pid, launcher.facts.group, flush=True)

asyncio.run(serve())
"""


async def _raw_slot(launcher: LauncherHandle) -> socket.socket:
    _, fds = await launcher.request(RequestKind.CREATE_SLOT)
    for weight in fds[1:]:
        os.close(weight)
    slot = socket.socket(fileno=fds[0])
    slot.settimeout(SECONDS_MAX)
    assert spec.unpack_report(slot.recv(65536)).kind is ReportKind.READY
    return slot


def _order(slot: socket.socket, words: list[int], *, with_stream: bool = True) -> spec.Report:
    """Send one order and return the answer to it."""
    packet = ORDER.pack(*words)
    if with_stream and words[0] == OrderKind.START:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            socket.send_fds(slot, [packet], [theirs.fileno()])
    else:
        slot.send(packet)
    return spec.unpack_report(slot.recv(65536))


def _is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"
