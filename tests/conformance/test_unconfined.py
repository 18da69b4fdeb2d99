"""The engine without isolation keeps the port's promises, and declares what it does not enforce."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.testing.engine_conformance import EngineConformance
from runyard.testing.engine_conformance.tools import Tool, find_tools
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.conformance import platforms


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[UnconfinedEngine]:
    engine = UnconfinedEngine()
    capabilities = await engine.probe()
    if not capabilities.usable:
        platforms.give_up("unconfined", str(capabilities.reason))
    yield engine
    await engine.aclose()


class TestUnconfinedEngine(EngineConformance):
    @pytest.fixture
    def tools(self) -> dict[str, Tool]:
        # Nothing is mounted: a tool is where the machine has it.
        return {
            name: Tool(_on_this_machine(tool), env=_with_own_path(tool))
            for name, tool in find_tools().items()
        }


async def test_unconfined_engine_claims_no_isolation(engine: UnconfinedEngine) -> None:
    capabilities = await engine.probe()

    assert capabilities.isolation == "nothing"
    assert not capabilities.network_cut
    assert not capabilities.root_read_only
    assert capabilities.has_weak_limits


def _on_this_machine(tool: Tool) -> str:
    for mount in tool.mounts:
        if tool.program.startswith(mount.target):
            return mount.source + tool.program.removeprefix(mount.target)
    return tool.program


def _with_own_path(tool: Tool) -> dict[str, str]:
    folder = str(Path(_on_this_machine(tool)).parent)
    return {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin"}
