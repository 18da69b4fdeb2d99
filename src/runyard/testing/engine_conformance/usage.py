"""What is reported as spent is what was spent, whoever in the sandbox spent it."""

from __future__ import annotations

import dataclasses

import pytest

from runyard.domain.limits import MIB
from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.limits import BURN, BURN_IN_CHILDREN, TOUCH
from runyard.testing.engine_conformance.session import (
    LIMITS,
    SHELL,
    Session,
    open_session,
    require_measured,
)
from runyard.testing.engine_conformance.surroundings import Surroundings


class UsageConformance(Surroundings):
    async def test_cpu_time_of_a_burner_is_measured(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        ended = await session.python(BURN, "1.0")

        assert float(ended.text) >= 1.0
        assert ended.exited.usage.cpu_seconds == pytest.approx(float(ended.text), rel=0.1)

    async def test_cpu_time_of_children_nobody_waits_for_is_measured(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        ended = await session.python(BURN_IN_CHILDREN, "0.5")

        assert float(ended.text) >= 1.5
        assert ended.exited.usage.cpu_seconds == pytest.approx(float(ended.text), rel=0.1)

    async def test_cpu_time_counts_from_the_start_of_each_command(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        await session.python(BURN, "1.0")
        ended = await session.run("/bin/true")

        assert ended.exited.usage.cpu_seconds is not None
        assert ended.exited.usage.cpu_seconds < 0.5

    async def test_wall_time_is_measured(self, session: Session) -> None:
        ended = await session.run(SHELL, "-c", "sleep 0.4")

        assert 0.4 <= ended.exited.usage.wall_seconds <= ended.seconds

    async def test_memory_peak_is_measured_and_is_a_commands_own(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "memory_bytes")
        async with open_session(engine, spec) as session:
            big = await session.python(TOUCH, str(100 * MIB))
        async with open_session(engine, spec) as session:
            small = await session.run("/bin/true")

        assert big.exited.usage.memory_peak_bytes is not None
        assert small.exited.usage.memory_peak_bytes is not None
        # An interpreter adds its own.
        assert 100 * MIB <= big.exited.usage.memory_peak_bytes < 120 * MIB
        assert small.exited.usage.memory_peak_bytes < 8 * MIB

    async def test_output_is_counted(self, session: Session) -> None:
        ended = await session.run(SHELL, "-c", "printf 12345; printf 123 >&2")

        assert ended.exited.usage.stdout_bytes == 5
        assert ended.exited.usage.stderr_bytes == 3

    async def test_usage_from_outside_agrees(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        before = await session.sandbox.usage()
        burnt = float((await session.python(BURN, "0.5")).text)
        after = await session.sandbox.usage()

        assert before.cpu_seconds is not None
        assert after.cpu_seconds is not None
        assert before.cpu_seconds < 0.2
        assert burnt <= after.cpu_seconds < burnt + 0.3

    async def test_usage_of_a_killed_command_is_reported(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_measured(capabilities, "cpu_seconds")
        limits = dataclasses.replace(LIMITS, wall_seconds=0.6)
        ended = await session.python("while True: pass", limits=limits)

        assert ended.exited.usage.cpu_seconds is not None
        assert ended.exited.usage.cpu_seconds > 0.01
        assert ended.exited.usage.memory_peak_bytes != 0
