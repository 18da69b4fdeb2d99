"""Runs one command in a sandbox and says what became of it, also when the agent no longer can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import structlog

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.domain.errors import EngineError
from runyard.domain.events import EventKind
from runyard.domain.execution import LimitHit, Outcome, StepKind, StepResult, decide_outcome
from runyard.domain.files import File, Folder
from runyard.domain.limits import Limits, Usage
from runyard.engines.interface import Sandbox
from runyard.services.journal import Notes

# The agent enforces wall time itself; past this it is taken for dead.
AGENT_GRACE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class RunningStep:
    """What is known of a step while it runs."""

    kind: StepKind
    name: str
    command: Command
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    # False once the agent of this step answers no more.
    has_agent: bool = True

    @property
    def limits(self) -> Limits:
        return self.command.limits

    def keep(self, output: Output) -> None:
        (self.stdout if output.stream == "stdout" else self.stderr).extend(output.data)

    def end(self, outcome: Outcome, usage: Usage, **results: Any) -> StepResult:
        return StepResult(
            kind=self.kind,
            name=self.name,
            outcome=outcome,
            usage=usage,
            stdout=bytes(self.stdout),
            stderr=bytes(self.stderr),
            **results,
        )


async def run_step(
    step: RunningStep,
    *,
    channel: Channel,
    files: Sequence[File | Folder] = (),
    sandbox: Sandbox,
    notes: Notes,
    started: Callable[[], None] | None = None,
) -> StepResult:
    """Put the files and run the step's command. `started` is called once the agent was told.

    Raises EngineError if the stream to the agent broke and no limit explains it.
    """
    if started is not None:
        # By then the loop below has sent the command: it does so before it first waits.
        asyncio.get_running_loop().call_soon(started)
    try:
        async with (
            asyncio.timeout(step.limits.wall_seconds + AGENT_GRACE_SECONDS),
            aclosing(channel.exec(step.command, files=files)) as items,
        ):
            async for item in items:
                if isinstance(item, Exited):
                    return _result(step, item)
                step.keep(item)
                notes.output(item.stream, item.data)
    except TimeoutError:
        step.has_agent = False
        return step.end(
            Outcome.TIME_LIMIT_EXCEEDED,
            await measure(step, sandbox),
            limit_hit=LimitHit.WALL,
            message="The program did not end in time and was stopped from outside.",
        )
    except (EngineError, ConnectionError) as error:
        step.has_agent = False
        usage = await measure(step, sandbox)
        # The kernel may have chosen the agent when memory ran out.
        if usage.memory_peak_bytes is None or usage.memory_peak_bytes < step.limits.memory_bytes:
            raise EngineError(f"The sandbox broke while a program ran: {error}") from error
        return step.end(Outcome.MEMORY_LIMIT_EXCEEDED, usage, limit_hit=LimitHit.MEMORY)
    step.has_agent = False
    raise EngineError("The agent ended a command without a result.")


async def measure(step: RunningStep, sandbox: Sandbox) -> Usage:
    """Return what the step spent, as seen from outside; zeros if the sandbox is gone."""
    try:
        usage = await sandbox.usage()
    except EngineError as error:
        _log.warning("sandbox_not_measured", sandbox=sandbox.id, reason=str(error))
        usage = Usage()
    return Usage(
        wall_seconds=usage.wall_seconds,
        cpu_seconds=usage.cpu_seconds,
        memory_peak_bytes=usage.memory_peak_bytes,
        stdout_bytes=len(step.stdout),
        stderr_bytes=len(step.stderr),
    )


def describe_step(step: StepResult) -> dict[str, Any]:
    """Return all but the output: the fields of a STEP_FINISHED event."""
    return {
        "kind": step.kind,
        "name": step.name,
        "outcome": step.outcome,
        "exit_code": step.exit_code,
        "signal": step.signal,
        "limit_hit": step.limit_hit,
        "passed": step.passed,
        "cached": step.cached,
        "message": step.message,
        "usage": {
            "wall_seconds": step.usage.wall_seconds,
            "cpu_seconds": step.usage.cpu_seconds,
            "memory_peak_bytes": step.usage.memory_peak_bytes,
            "stdout_bytes": step.usage.stdout_bytes,
            "stderr_bytes": step.usage.stderr_bytes,
        },
        "stdout_truncated": step.stdout_truncated,
        "stderr_truncated": step.stderr_truncated,
    }


def note_start(notes: Notes, step: RunningStep | StepResult) -> None:
    notes.note(EventKind.STEP_STARTED, {"kind": step.kind, "name": step.name})


def note_end(notes: Notes, result: StepResult) -> None:
    notes.note(EventKind.STEP_FINISHED, describe_step(result))


def note_cached(notes: Notes, step: StepResult) -> None:
    """Tell all of a step that is not run again, except its end."""
    note_start(notes, step)
    for stream, data in (("stdout", step.stdout), ("stderr", step.stderr)):
        if data:
            notes.output(stream, data)


def explain(step: StepResult, limits: Limits) -> str:
    """Say in words how a step ended that did not succeed."""
    if step.limit_hit is not None:
        return f"reached {step.limit_hit} ({getattr(limits, step.limit_hit):g})"
    if step.signal is not None:
        return f"was ended by signal {step.signal}"
    if step.message is not None:
        return f"could not be started: {step.message.rstrip('.')}"
    return f"ended with exit code {step.exit_code}"


def _result(step: RunningStep, exited: Exited) -> StepResult:
    return step.end(
        decide_outcome(
            exit_code=exited.exit_code, signal=exited.signal, limit_hit=exited.limit_hit
        ),
        exited.usage,
        exit_code=exited.exit_code,
        signal=exited.signal,
        limit_hit=exited.limit_hit,
        message=exited.message,
        stdout_truncated=exited.stdout_truncated,
        stderr_truncated=exited.stderr_truncated,
    )
