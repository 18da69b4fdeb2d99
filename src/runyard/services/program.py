"""What happens to one request inside its sandbox: files, compile, run or tests, artifacts."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
from runyard.domain.files import File, Folder
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Runtime, Start
from runyard.services.build_cache import CompileStep
from runyard.services.carrying import CarriedFiles
from runyard.services.checking import CHECK_SECONDS_MAX, Checks
from runyard.services.commands import compile_command, run_command, test_command
from runyard.services.deadline import Deadline
from runyard.services.journal import Notes
from runyard.services.pool import Place, Sandboxes
from runyard.services.steps import (
    RunningStep,
    explain,
    measure,
    note_cached,
    note_end,
    note_start,
    run_step,
)
from runyard.store.interface import Artifact, LeftFiles

# What is kept of all steps together; the output of later steps is cut.
OUTPUT_BYTES_KEPT_MAX = 32 * MIB

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    outcome: Outcome
    message: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    # None leaves what the project keeps as it was.
    data: LeftFiles | None = None


class LiveChannel(Protocol):
    """Whoever passes input on to the program that runs."""

    def attach(self, channel: Channel) -> None: ...

    def detach(self) -> None: ...


class Program:
    """`enter` comes first, then `perform`. `steps` grows meanwhile, so that a cancelled request
    keeps what it had.
    """

    def __init__(
        self,
        request: Request,
        runtime: Runtime,
        *,
        sandboxes: Sandboxes,
        notes: Notes,
        checks: Checks,
        live: LiveChannel | None = None,
        compile_step: CompileStep | None = None,
        data: CarriedFiles | None = None,
    ) -> None:
        self._request = request
        self._runtime = runtime
        self._sandboxes = sandboxes
        self._notes = notes
        self._checks = checks
        self._live = live
        self._compile_step = compile_step or CompileStep(request, runtime)
        self._data = data
        self._deadline = Deadline(request.execution_wall_seconds)
        self._place: Place | None = None
        # Sent along with the first command, in one round trip.
        self._unsent: tuple[File | Folder, ...] = self._compile_step.files
        # Whether the compiler ran where the program is to run.
        self._is_beside_compiler = False
        self._running: RunningStep | None = None
        self._running_since = 0.0
        self._kept_bytes = 0
        self.steps: list[StepResult] = []
        # Whether the agent said of all that was begun that it has ended.
        self.is_over = True

    async def enter(self) -> None:
        """Take the sandbox to begin in; the clock of the whole execution starts then. Raises
        EngineError if there is none to be had.
        """
        request, compiler = self._request, self._runtime.compile
        if compiler is not None and self._compile_step.build is None:
            limits = request.compile_limits
            command = compile_command(request, compiler, limits)
            self._place = await self._sandboxes.take(
                self._runtime, StepKind.COMPILE, limits, command
            )
        else:
            await self._enter_to_run()
        self._deadline = Deadline(request.execution_wall_seconds)

    async def perform(self) -> Verdict:
        """Raises EngineError if the sandbox failed, and TooLargeError or InvalidPathError if it
        refused the files.
        """
        if self._runtime.compile is not None:
            failure = await self._build(self._runtime.compile)
            if failure is not None:
                return failure
        if self._request.tests:
            return await self._run_tests(self._request.tests)
        return await self._run_once()

    async def abandon(self, outcome: Outcome) -> None:
        """Record the step that was interrupted, as far as it got."""
        step = self._running
        if step is None or self._place is None:
            return
        self._running = None
        usage = await measure(step, self._place.sandbox)
        if usage.wall_seconds == 0.0:
            usage = replace(usage, wall_seconds=time.monotonic() - self._running_since)
        self._record(step.end(outcome, usage))

    @property
    def _channel(self) -> Channel:
        assert self._place is not None, "enter comes first"
        return self._place.channel

    async def _enter_to_run(self) -> None:
        """Take a sandbox in which the program is the first thing to run."""
        request, runtime = self._request, self._runtime
        limits = request.run_limits
        # Before several tests there are the files, and each of them has a step of its own.
        command = None if request.tests else run_command(request, runtime.run, limits)
        if len(request.tests) == 1:
            command = test_command(request, runtime.run, limits, request.tests[0])
        self._place = await self._sandboxes.take(runtime, StepKind.RUN, limits, command)
        self._is_beside_compiler = False

    async def _build(self, compiler: Command) -> Verdict | None:
        """Compile. Return a verdict if that is the end of it."""
        request, build = self._request, self._compile_step.build
        if build is not None:
            note_cached(self._notes, build.step)
            self._record(build.step)
            return None
        self._is_beside_compiler = True
        limits = self._deadline.clamp(request.compile_limits)
        command = compile_command(request, compiler, limits)
        result = await self._run(
            RunningStep(kind=StepKind.COMPILE, name="compile", command=command)
        )
        if self._was_cut_short(result, limits, request.compile_limits):
            return self._out_of_time("compilation was stopped")
        if result.outcome is not Outcome.SUCCEEDED:
            said = explain(result, limits)
            return Verdict(outcome=Outcome.COMPILE_FAILED, message=f"The compiler {said}.")
        await self._compile_step.keep(result, self._channel)
        return None

    async def _leave_compiler(self, command: AgentCommand) -> None:
        """Go where nothing of the compiler is left but its files: into a sandbox that stands ready
        for `command`, or into the next step of this one.
        """
        runtime, limits = self._runtime, self._request.run_limits
        if runtime.build_outputs and runtime.run.start is not Start.COLD:
            place = await self._sandboxes.take_ready(runtime, StepKind.RUN, limits, command)
            if place is not None and await self._move(place):
                return
        await self._begin_step()

    async def _move(self, place: Place) -> bool:
        """Go on in `place` with all that a run needs. False if that cannot be brought there."""
        outputs = await self._compile_step.collect(self._channel)
        compiled_in = self._place if outputs else place
        if outputs:
            self._place = place
            self._unsent = self._compile_step.files
            self._is_beside_compiler = False
        if compiled_in is not None:
            self._sandboxes.give_back(compiled_in)
        return bool(outputs)

    async def _run_once(self) -> Verdict:
        request, runtime = self._request, self._runtime
        if self._is_beside_compiler:
            if self._deadline.is_spent:
                return self._out_of_time("the program was not run")
            await self._leave_compiler(run_command(request, runtime.run, request.run_limits))
        self._bring_data()
        limits = self._deadline.clamp(request.run_limits)
        step = RunningStep(
            kind=StepKind.RUN, name="run", command=run_command(request, runtime.run, limits)
        )
        result = await self._run(step)
        verdict = self._judge_run(result, limits)
        if request.artifacts and step.has_agent:
            verdict = await self._add_artifacts(verdict)
        return verdict if self._data is None else await self._add_data(verdict, step, self._data)

    def _bring_data(self) -> None:
        """Behind the compiler, whose result must not depend on it."""
        if self._data is not None:
            self._unsent = (*self._unsent, *self._data.files)

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
        self._bring_data()
        # A single test of a program that needs no compiler cannot disturb another one.
        is_fresh = not self._is_beside_compiler and len(tests) == 1
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
            command = test_command(self._request, self._runtime.run, limits, test)
            step = RunningStep(kind=StepKind.TEST, name=test.name, command=command)
            result = await self._run(step, test=test)
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
        assert self._place is not None, "enter comes first"
        await self._place.begin_step(self._request.run_limits)
        self._is_beside_compiler = False

    async def _run(self, step: RunningStep, *, test: TestCase | None = None) -> StepResult:
        self._running, self._running_since = step, time.monotonic()
        note_start(self._notes, step)
        files, self._unsent = self._unsent, ()
        try:
            result = await self._try(step, files)
        except EngineError as error:
            if not await self._is_replaced(step):
                raise
            _log.warning("sandbox_died_ready", reason=str(error))
            result = await self._try(step, files)
        if test is not None:
            result = await self._check(result, test)
        self._running = None
        self._record(result)
        return result

    async def _try(self, step: RunningStep, files: Sequence[File | Folder]) -> StepResult:
        place = self._place
        assert place is not None, "enter comes first"
        live = None if step.kind is StepKind.COMPILE else self._live
        channel = place.channel
        self.is_over = False
        try:
            result = await run_step(
                step,
                channel=channel,
                files=files,
                sandbox=place.sandbox,
                notes=self._notes,
                started=None if live is None else lambda: live.attach(channel),
            )
        finally:
            if live is not None:
                live.detach()
        place.is_proven = True
        self.is_over = step.has_agent
        return result

    async def _is_replaced(self, step: RunningStep) -> bool:
        """Take a fresh sandbox in place of one that had stood ready and answered nothing at all."""
        place, request = self._place, self._request
        if place is None or place.is_proven or request.interactive or step.stdout or step.stderr:
            return False
        is_compiling = step.kind is StepKind.COMPILE
        kind = StepKind.COMPILE if is_compiling else StepKind.RUN
        limits = request.compile_limits if is_compiling else request.run_limits
        self._sandboxes.give_back(place)
        self._place = None
        self._place = await self._sandboxes.make(self._runtime, kind, limits)
        step.has_agent = True
        return True

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
        request = self._request
        try:
            files = await self._channel.get_files(
                request.artifacts,
                count_max=request.artifact_count_max,
                bytes_max=request.artifact_bytes_max,
            )
        except EngineError as error:
            _log.warning("artifacts_not_collected", reason=str(error))
            return _with_remark(verdict, "Its artifacts could not be collected.")
        except RunyardError as error:
            return _with_remark(verdict, f"Its artifacts were not collected: {error.message}")
        artifacts = tuple(Artifact(name=file.path, content=file.content) for file in files)
        return replace(verdict, artifacts=artifacts)

    async def _add_data(self, verdict: Verdict, step: RunningStep, data: CarriedFiles) -> Verdict:
        left, remark = await data.collect(self._channel if step.has_agent else None)
        verdict = verdict if remark is None else _with_remark(verdict, remark)
        return replace(verdict, data=left)

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
    return replace(verdict, message=f"{verdict.message or 'The program succeeded.'} {remark}")
