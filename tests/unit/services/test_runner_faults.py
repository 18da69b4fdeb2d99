"""Sandboxes that break, agents that fall silent, and faults of our own."""

import pytest

from runyard.domain.execution import LimitHit, Outcome
from runyard.domain.execution import TestCase as Case
from runyard.domain.limits import MIB, Usage
from runyard.services import program
from tests.unit.services.rig import Rig, eventually, only


class TestBrokenSandboxes:
    async def test_attempt_is_repeated_while_nothing_was_seen(self, rig: Rig) -> None:
        rig.faults.failing_creates = 2

        execution = await rig.run("print(1)")

        assert execution.outcome is Outcome.SUCCEEDED
        assert execution.attempt == 3
        events = await rig.events(execution)
        assert [event.data["attempt"] for event in events if event.kind == "state"] == [
            0,
            1,
            1,
            2,
            2,
            3,
            3,
        ]
        sequences = [event.sequence for event in events]
        assert sequences == sorted(set(sequences))

    async def test_attempts_are_bounded_and_name_no_platform(self, rig: Rig) -> None:
        rig.faults.failing_creates = 100

        execution = await rig.run("print(1)")

        assert execution.outcome is Outcome.INTERNAL_ERROR
        assert rig.engine.created == 3
        assert "platform" not in (execution.message or "")

    async def test_stream_that_breaks_before_output_is_repeated(self, rig: Rig) -> None:
        rig.faults.broken_sandboxes = 1

        execution = await rig.run("print(1)")

        assert (execution.outcome, execution.attempt) == (Outcome.SUCCEEDED, 2)

    async def test_stream_that_breaks_after_output_was_seen_ends_the_execution(
        self, rig: Rig
    ) -> None:
        submitted = await rig.submit("from time import sleep\nprint('seen')\nsleep(60)")
        await rig.read_until(submitted, "seen\n")

        rig.faults.cut.set()
        execution = await rig.finish(submitted)

        assert (execution.outcome, execution.attempt) == (Outcome.INTERNAL_ERROR, 1)
        assert only(execution.steps).stdout == b"seen\n"

    async def test_stream_that_breaks_when_memory_ran_out_is_the_programs_fault(
        self, rig: Rig
    ) -> None:
        rig.faults.broken_sandboxes = 1
        rig.faults.usage = Usage(memory_peak_bytes=64 * MIB)

        execution = await rig.run("print(1)", limits={"memory_bytes": 64 * MIB})

        assert execution.outcome is Outcome.MEMORY_LIMIT_EXCEEDED
        assert only(execution.steps).limit_hit is LimitHit.MEMORY

    async def test_agent_that_says_nothing_is_stopped_from_outside(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("runyard.services.steps.AGENT_GRACE_SECONDS", 0.1)
        rig.faults.is_mute = True

        execution = await rig.run("print(1)", limits={"wall_seconds": 0.2})

        assert execution.outcome is Outcome.TIME_LIMIT_EXCEEDED
        assert only(execution.steps).limit_hit is LimitHit.WALL

    async def test_sandboxes_are_destroyed_whatever_happens(self, rig: Rig) -> None:
        rig.faults.broken_sandboxes = 1
        await rig.run("print(1)")
        await rig.run("exit(1)")
        await rig.run("while True: pass", limits={"wall_seconds": 0.2})

        await eventually(lambda: rig.engine.count() == 0)


class TestOwnFaults:
    async def test_failure_of_our_own_is_internal_and_says_nothing_more(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def crash(_self: object) -> None:
            raise ZeroDivisionError("secret of ours")

        monkeypatch.setattr(program.Program, "perform", crash)

        execution = await rig.run("print(1)")

        assert execution.outcome is Outcome.INTERNAL_ERROR
        assert "secret" not in (execution.message or "")
        assert b'unhandled_errors_total{where="runner"} 1.0' in rig.metrics.render()

    async def test_kept_output_of_all_steps_is_bounded(
        self, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(program, "OUTPUT_BYTES_KEPT_MAX", 1500)
        tests = tuple(Case(name=str(n), expected_stdout="x" * 1000) for n in range(3))

        execution = await rig.run("print('x' * 1000)", tests=tests)

        assert execution.outcome is Outcome.SUCCEEDED
        assert [len(step.stdout) for step in execution.steps] == [1001, 499, 0]
        assert [step.stdout_truncated for step in execution.steps] == [False, True, True]
        assert [step.usage.stdout_bytes for step in execution.steps] == [1001, 1001, 1001]
