"""What happens to one request inside its sandbox: files, compile, run or tests, artifacts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from runyard.agent.channel import Channel
from runyard.agent.channel import Command as AgentCommand
from runyard.domain.errors import EngineError, RunyardError
from runyard.domain.execution import (
    Outcome,
    Request,
    StepKind,
    StepResult,
    TestCase,
)
from runyard.domain.files import File
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Runtime, expand_argv
from runyard.engines.interface import Sandbox
from runyard.services.checking import CHECK_SECONDS_MAX, Checks
from runyard.services.deadline import Deadline
from runyard.services.journal import Notes
from runyard.services.steps import (
    RunningStep,
    explain,
    measure,
    note_end,
    note_start,
    run_step,
)
from runyard.store.interface import Artifact

# What is kept of all steps together; the output of later steps is cut.
OUTPUT_BYTES_KEPT_MAX = 32 * MIB

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    outcome: Outcome
    message: str | None = None
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactCaps:
    count_max: int
    bytes_max: int


class LiveChannel(Protocol):
    """Whoever passes input on to the program that runs."""

    def attach(self, channel: Channel) -> None: ...

    def detach(self) -> None: ...


class Program:
    """`steps` grows while `perform` runs, so that a cancelled request keeps what it had."""

    def __init__(
        self,
        request: Request,
        runtime: Runtime,
        *,
        sandbox: Sandbox,
        notes: Notes,
        checks: Checks,
        artifact_caps: ArtifactCaps,
        live: LiveChannel | None = None,
    ) -> None:
        self._request = request
        self._runtime = runtime
        self._sandbox = sandbox
        self._notes = notes
        self._checks = checks
        self._artifact_caps = artifact_caps
        self._live = live
        self._deadline = Deadline(request.execution_wall_seconds)
        self._channel = Channel(sandbox.stream)
        # Sent along with the first command, in one round trip.
        self._unsent: tuple[File, ...] = request.files
        self._running: RunningStep | None = None
        self._running_since = 0.0
        self._kept_bytes = 0
        self.steps: list[StepResult] = []

    async def perform(self) -> Verdict:
        """Raises EngineError if the sandbox failed, and TooLargeError or InvalidPathError if it
        refused the files.
        """
        compile_command = self._runtime.compile
        first = (
            self._request.run_limits if compile_command is None else self._request.compile_limits
        )
        await self._sandbox.prepare(first)
        if compile_command is not None:
            limits = self._deadline.clamp(self._request.compile_limits)
            result = await self._run(self._compilation(compile_command, limits))
            if self._was_cut_short(result, limits, self._request.compile_limits):
                return self._out_of_time("compilation was stopped")
            if result.outcome is not Outcome.SUCCEEDED:
                said = explain(result, limits)
                return Verdict(outcome=Outcome.COMPILE_FAILED, message=f"The compiler {said}.")
        if self._request.tests:
            return await self._run_tests(self._request.tests)
        return await self._run_once()

    async def abandon(self, outcome: Outcome) -> None:
        """Record the step that was interrupted, as far as it got."""
        step = self._running
        if step is None:
            return
        self._running = None
        usage = await measure(step, self._sandbox)
        if usage.wall_seconds == 0.0:
            usage = replace(usage, wall_seconds=time.monotonic() - self._running_since)
        self._record(step.end(outcome, usage))

    async def _run_once(self) -> Verdict:
        if self._runtime.compile is not None:
            if self._deadline.is_spent:
                return self._out_of_time("the program was not run")
            await self._begin_step()
        request = self._request
        limits = self._deadline.clamp(request.run_limits)
        step = RunningStep(
            kind=StepKind.RUN,
            name="run",
            command=AgentCommand(
                argv=self._argv(self._runtime.run, request.args, limits),
                env={**self._runtime.run.env, **request.env},
                limits=limits,
                stdin=request.stdin,
                keep_stdin_open=request.interactive,
                terminal=request.terminal,
                merge_stderr=request.merge_stderr,
            ),
        )
        result = await self._run(step)
        verdict = self._judge_run(result, limits)
        if request.artifacts and step.has_agent:
            return await self._add_artifacts(verdict)
        return verdict

    def _judge_run(self, result: StepResult, limits: Limits) -> Verdict:
        if result.outcome is Outcome.SUCCEEDED:
            return Verdict(outcome=Outcome.SUCCEEDED)
        if self._was_cut_short(result, limits, self._request.run_limits):
            return self._out_of_time("the program was stopped")
        said = explain(result, limits)
        return Verdict(outcome=result.outcome, message=f"The program {said}.")

    async def _run_tests(self, tests: tuple[TestCase, ...]) -> Verdict:
        """Run every test; the first that does not pass decides the outcome."""
        first_failure: Verdict | None = None
        # A single test of a program that needs no compiler cannot disturb another one.
        is_fresh = self._runtime.compile is None and len(tests) == 1
        if not is_fresh and self._unsent:
            await self._channel.put_files(self._unsent)
            self._unsent = ()
        for number, test in enumerate(tests):
            if self._deadline.is_spent:
                return self._out_of_time(
                    f"{len(tests) - number} of {len(tests)} tests were not run"
                )
            if not is_fresh:
                await self._begin_step()
            limits = self._deadline.clamp(self._request.run_limits)
            result = await self._run(self._test_step(test, limits), test=test)
            if self._was_cut_short(result, limits, self._request.run_limits):
                left = len(tests) - number - 1
                return self._out_of_time(f"test {test.name!r} was stopped and {left} not run")
            if first_failure is None and result.outcome is not Outcome.SUCCEEDED:
                first_failure = Verdict(
                    outcome=result.outcome,
                    message=f"Test {test.name!r}: {_test_failure(result, limits)}",
                )
        return first_failure or Verdict(outcome=Outcome.SUCCEEDED)

    async def _begin_step(self) -> None:
        await self._sandbox.begin_step(self._request.run_limits)
        self._channel = Channel(self._sandbox.stream)

    async def _run(self, step: RunningStep, *, test: TestCase | None = None) -> StepResult:
        self._running, self._running_since = step, time.monotonic()
        note_start(self._notes, step)
        live = None if step.kind is StepKind.COMPILE else self._live
        channel = self._channel
        files, self._unsent = self._unsent, ()
        try:
            result = await run_step(
                step,
                channel=channel,
                files=files,
                sandbox=self._sandbox,
                notes=self._notes,
                started=None if live is None else lambda: live.attach(channel),
            )
        finally:
            if live is not None:
                live.detach()
        if test is not None:
            result = await self._check(result, test)
        self._running = None
        self._record(result)
        return result

    async def _check(self, result: StepResult, test: TestCase) -> StepResult:
        if test.expected_stdout is None:
            return result
        if result.outcome is not Outcome.SUCCEEDED:
            return replace(result, passed=False)
        failure = await self._checks.explain_failure(
            test,
            result.stdout,
            seconds_max=min(CHECK_SECONDS_MAX, max(self._deadline.remaining_seconds, 0.1)),
        )
        if failure is None:
            return replace(result, passed=True)
        return replace(result, passed=False, outcome=Outcome.FAILED, message=failure)

    def _record(self, result: StepResult) -> None:
        note_end(self._notes, result)
        room = OUTPUT_BYTES_KEPT_MAX - self._kept_bytes
        stdout = result.stdout[:room]
        stderr = result.stderr[: room - len(stdout)]
        self._kept_bytes += len(stdout) + len(stderr)
        self.steps.append(
            replace(
                result,
                stdout=stdout,
                stderr=stderr,
                stdout_truncated=result.stdout_truncated or len(stdout) < len(result.stdout),
                stderr_truncated=result.stderr_truncated or len(stderr) < len(result.stderr),
            )
        )

    async def _add_artifacts(self, verdict: Verdict) -> Verdict:
        """The program's result stands, whatever becomes of its files."""
        caps = self._artifact_caps
        try:
            files = await self._channel.get_files(
                self._request.artifacts, count_max=caps.count_max, bytes_max=caps.bytes_max
            )
        except EngineError as error:
            _log.warning("artifacts_not_collected", reason=str(error))
            return _with_remark(verdict, "Its artifacts could not be collected.")
        except RunyardError as error:
            return _with_remark(verdict, f"Its artifacts were not collected: {error.message}")
        artifacts = tuple(Artifact(name=file.path, content=file.content) for file in files)
        return replace(verdict, artifacts=artifacts)

    def _compilation(self, command: Command, limits: Limits) -> RunningStep:
        return RunningStep(
            kind=StepKind.COMPILE,
            name="compile",
            command=AgentCommand(
                argv=self._argv(command, (), limits), env=dict(command.env), limits=limits
            ),
        )

    def _test_step(self, test: TestCase, limits: Limits) -> RunningStep:
        request = self._request
        return RunningStep(
            kind=StepKind.TEST,
            name=test.name,
            command=AgentCommand(
                argv=self._argv(self._runtime.run, (*request.args, *test.args), limits),
                env={**self._runtime.run.env, **request.env},
                limits=limits,
                stdin=test.stdin,
                merge_stderr=request.merge_stderr,
            ),
        )

    def _argv(self, command: Command, args: tuple[str, ...], limits: Limits) -> tuple[str, ...]:
        files = self._request.files
        return expand_argv(
            command,
            entry=self._request.entry,
            paths=tuple(file.path for file in files),
            args=args,
            files=files,
            memory_bytes=limits.memory_bytes,
        )

    def _was_cut_short(self, result: StepResult, limits: Limits, wanted: Limits) -> bool:
        """Whether the time of the whole execution ended the step, not the step's own."""
        return (
            result.outcome is Outcome.TIME_LIMIT_EXCEEDED
            and limits.wall_seconds < wanted.wall_seconds
            and self._deadline.is_spent
        )

    def _out_of_time(self, consequence: str) -> Verdict:
        return Verdict(
            outcome=Outcome.TIME_LIMIT_EXCEEDED,
            message=f"execution_wall_seconds ({self._deadline.seconds:g}) is spent: {consequence}.",
        )


def _test_failure(result: StepResult, limits: Limits) -> str:
    if result.outcome is Outcome.FAILED and result.exit_code == 0 and result.message is not None:
        return result.message
    return f"the program {explain(result, limits)}."


def _with_remark(verdict: Verdict, remark: str) -> Verdict:
    message = f"{verdict.message or 'The program succeeded.'} {remark}"
    return replace(verdict, message=message)
