"""The engines that runtimes are tried on. One launcher serves the whole session."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runyard.domain.errors import EngineUnavailableError
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions
from runyard.services.toolchains import mount_sources
from runyard.testing.unconfined_engine import UnconfinedEngine
from tests.conformance import platforms
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import FOUND


@pytest_asyncio.fixture(scope="session")
async def unconfined() -> AsyncIterator[Runner]:
    engine = UnconfinedEngine()
    capabilities = await engine.probe()
    if not capabilities.usable:
        platforms.give_up("unconfined", str(capabilities.reason))
    yield Runner(engine, shows_mounts=False)
    await engine.aclose()


@pytest_asyncio.fixture(scope="session")
async def linux() -> AsyncIterator[Runner]:
    options = LinuxOptions(sources=tuple(map(str, mount_sources(tuple(FOUND.values())))))
    try:
        launcher = start_launcher(options)
    except EngineUnavailableError as error:
        platforms.give_up("linux", error.message)
    engine = build(launcher, options)
    capabilities = await engine.probe()
    if not capabilities.usable:
        launcher.close()
        platforms.give_up("linux", str(capabilities.reason))
    yield Runner(engine, shows_mounts=True)
    await engine.aclose()
    launcher.close()


@pytest.fixture(params=["unconfined", "linux"])
def runner(request: pytest.FixtureRequest) -> Runner:
    return request.getfixturevalue(request.param)
