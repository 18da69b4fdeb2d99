"""The engine without isolation keeps the port's promises about sandboxes, streams and steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.domain.errors import EngineError
from runyard.domain.files import File
from runyard.domain.limits import Limits
from runyard.domain.runtime import Mount
from runyard.engines.interface import SandboxSpec, Stream
from runyard.testing.unconfined_engine import UnconfinedEngine

PATH = {"PATH": "/usr/bin:/bin"}
LIMITS = Limits(wall_seconds=60.0)


@pytest.fixture
async def engine() -> AsyncIterator[UnconfinedEngine]:
    engine = UnconfinedEngine()
    yield engine
    await engine.aclose()


async def run(stream: Stream, script: str, files: Sequence[File] = ()) -> tuple[bytes, int | None]:
    output = b""
    command = Command(argv=("sh", "-c", script), env=PATH, limits=LIMITS)
    async for item in Channel(stream).exec(command, files=files):
        match item:
            case Output():
                output += item.data
            case Exited():
                return output, item.exit_code
    raise AssertionError


async def test_probe_says_what_it_is(engine: UnconfinedEngine) -> None:
    capabilities = await engine.probe()

    assert capabilities.usable
    assert capabilities.isolation == "nothing"
    assert capabilities.has_weak_limits
    assert not capabilities.network_cut


async def test_sandbox_runs_a_command_in_its_folder(engine: UnconfinedEngine) -> None:
    sandbox = await engine.create(SandboxSpec())
    await sandbox.prepare(LIMITS)

    ended = await run(sandbox.stream, "cat name; exit 3", [File("name", b"content")])

    assert ended == (b"content", 3)


async def test_each_step_starts_from_what_the_first_one_left(engine: UnconfinedEngine) -> None:
    sandbox = await engine.create(SandboxSpec())
    await run(sandbox.stream, "mkdir d; echo first > d/file; ln -s d/file link")

    for _ in range(2):
        await sandbox.begin_step(LIMITS)

        assert await run(sandbox.stream, "cat link; echo more >> d/file; touch new; ls") == (
            b"first\nd\nlink\nnew\n",
            0,
        )


async def test_destroyed_sandbox_is_gone_and_can_be_destroyed_again(
    engine: UnconfinedEngine,
) -> None:
    sandbox = await engine.create(SandboxSpec())
    folder, _ = await run(sandbox.stream, "pwd")
    assert await engine.list_ids() == [sandbox.id]

    await sandbox.destroy()
    await sandbox.destroy()
    await engine.destroy(sandbox.id)
    await engine.destroy("never existed")

    assert await engine.list_ids() == []
    assert not Path(folder.decode().strip()).exists()
    with pytest.raises(EngineError, match="destroyed"):
        _ = sandbox.stream


async def test_closing_ends_what_runs(engine: UnconfinedEngine) -> None:
    sandbox = await engine.create(SandboxSpec())
    command = Command(argv=("sleep", "1000"), env=PATH, limits=LIMITS, keep_stdin_open=True)
    running = Channel(sandbox.stream).exec(command)

    await engine.aclose()
    await engine.aclose()

    with pytest.raises(EngineError):
        await anext(running)


async def test_usage_from_outside_is_not_pretended(engine: UnconfinedEngine) -> None:
    sandbox = await engine.create(SandboxSpec())

    assert (await sandbox.usage()).cpu_seconds is None


@pytest.mark.parametrize(
    "spec", [SandboxSpec(image="x"), SandboxSpec(mounts=(Mount(source="/usr", target="/opt"),))]
)
async def test_what_needs_isolation_is_refused(engine: UnconfinedEngine, spec: SandboxSpec) -> None:
    with pytest.raises(EngineError):
        await engine.create(spec)
