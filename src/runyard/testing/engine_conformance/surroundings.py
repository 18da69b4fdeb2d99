"""What the suite's classes share: the fixtures around an engine, to be overridden as needed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.session import Session, open_session


@pytest.mark.asyncio
class Surroundings:
    """`engine` comes from the module of the engine under test."""

    @pytest.fixture
    def spec(self) -> SandboxSpec:
        return SandboxSpec()

    @pytest_asyncio.fixture
    async def capabilities(self, engine: Engine) -> Capabilities:
        capabilities = await engine.probe()
        assert capabilities.usable, capabilities.reason
        return capabilities

    @pytest_asyncio.fixture
    async def session(self, engine: Engine, spec: SandboxSpec) -> AsyncIterator[Session]:
        async with open_session(engine, spec) as session:
            yield session
