"""Tries a platform before anybody depends on it: step by step, or with the self-tests of runtimes.

A trial opens an engine of its own beside the one in use, and closes it in the end. One trial runs
at a time, and every step has an end, so that trials take little from what else runs here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from runyard.agent.channel import Channel, Command, Exited
from runyard.domain.errors import BusyError, EngineError, EngineUnavailableError, RunyardError
from runyard.domain.limits import MIB, Limits
from runyard.domain.platform import PlatformDraft
from runyard.domain.runtime import Runtime
from runyard.engines.interface import Capabilities, Engine, EngineKind, Sandbox, SandboxSpec
from runyard.services.checking import Checks
from runyard.services.platforms import check_draft, find_kind
from runyard.services.pool import Pool
from runyard.services.probing import Probing
from runyard.services.self_tests import try_self_test
from runyard.telemetry import Metrics

SMOKE_RUNTIMES_MAX = 3
_STEP_SECONDS_MAX = 20.0
# Of one runtime: its self-test may be repeated. Three of them end before clients stop waiting.
_SMOKE_SECONDS_MAX = 25.0
# The program prints and then never ends by itself.
_PROGRAM = Command(
    argv=("/bin/sh", "-c", "echo started; while :; do :; done"),
    env={"PATH": "/usr/bin:/bin"},
    limits=Limits(
        wall_seconds=0.5,
        cpu_seconds=10.0,
        memory_bytes=64 * MIB,
        processes=8,
        output_bytes=4096,
        disk_bytes=1 * MIB,
    ),
)
_LOOK_AT_LOG = "The server's log has more; `runyard doctor` on its machine looks at the host."

_log = structlog.get_logger(__name__)


class StepStatus(StrEnum):
    OK = "ok"
    FAILED = "failed"
    # Something before it failed.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStep:
    """`detail` says what was found; `advice` what to do where that is not well."""

    name: str
    title: str
    status: StepStatus
    seconds: float = 0.0
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`capabilities` as far as they were found."""

    steps: tuple[TrialStep, ...]
    capabilities: Capabilities | None

    @property
    def has_passed(self) -> bool:
        return all(step.status is StepStatus.OK for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeResult:
    """How the self-test of one runtime ended; `reason` says why it did not pass."""

    runtime_id: str
    reason: str | None
    seconds: float


class _StepFailedError(Exception):
    def __init__(self, detail: str, advice: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.advice = advice


class Trials:
    """`groundwork` is what kinds of engines started when the process did, by their names.
    `allow_weak_limits`: a limit that is not enforced here is no failure.
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, EngineKind],
        groundwork: Mapping[str, object],
        checks: Checks,
        allow_weak_limits: bool,
    ) -> None:
        self._kinds = kinds
        self._groundwork = groundwork
        self._checks = checks
        self._allow_weak_limits = allow_weak_limits
        self._turn = asyncio.Lock()

    async def test(self, draft: PlatformDraft) -> Trial:
        """Try what a draft describes, step by step. Raises BusyError during another trial."""
        async with self._alone(), AsyncExitStack() as stack:
            course = _Course(self, draft, stack, allow_weak_limits=self._allow_weak_limits)
            return await course.run()

    async def smoke(
        self, draft: PlatformDraft, runtimes: Sequence[Runtime]
    ) -> Sequence[SmokeResult]:
        """Run the self-tests of runtimes, one after the other. Raises BusyError during another
        trial, and EngineError if the platform cannot be opened.
        """
        async with self._alone(), self._open(draft) as engine:
            return [await self._smoke_one(engine, runtime) for runtime in runtimes]

    async def require_usable(self, draft: PlatformDraft) -> None:
        """Raises EngineError if nothing can be run on what a draft describes, and BusyError during
        another trial.
        """
        try:
            async with self._alone(), self._open(draft) as engine:
                async with asyncio.timeout(_STEP_SECONDS_MAX):
                    capabilities = await engine.probe()
        except TimeoutError as error:
            raise EngineUnavailableError("The platform did not answer in time.") from error
        if not capabilities.usable:
            raise EngineUnavailableError(f"Nothing can be run there: {capabilities.reason}")
        weak = weak_limits(capabilities)
        if weak and not self._allow_weak_limits:
            raise EngineUnavailableError(f"It does not enforce {', '.join(weak)}.")

    def open(self, draft: PlatformDraft) -> Engine:
        checked = check_draft(draft, self._kinds)
        kind = find_kind(checked.engine, self._kinds)
        return kind.open(checked.options, self._groundwork.get(kind.name), is_trial=True)

    def check(self, draft: PlatformDraft) -> PlatformDraft:
        return check_draft(draft, self._kinds)

    @asynccontextmanager
    async def _open(self, draft: PlatformDraft) -> AsyncIterator[Engine]:
        engine = self.open(draft)
        try:
            yield engine
        finally:
            await close(engine)

    async def _smoke_one(self, engine: Engine, runtime: Runtime) -> SmokeResult:
        started = time.perf_counter()
        pool = Pool(engine, size=1, metrics=Metrics())
        reason: str | None
        try:
            async with asyncio.timeout(_SMOKE_SECONDS_MAX):
                probing = Probing(pool=pool, checks=self._checks)
                reason = await try_self_test(runtime, probing.run)
        except TimeoutError:
            reason = f"it did not end within {_SMOKE_SECONDS_MAX:g} seconds"
        except RunyardError as error:
            reason = error.message
        finally:
            await pool.aclose()
        return SmokeResult(
            runtime_id=runtime.id, reason=reason, seconds=time.perf_counter() - started
        )

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if self._turn.locked():
            raise BusyError("A platform is being tried already; wait until that is over.")
        async with self._turn:
            yield


@dataclass(slots=True)
class _Course:
    """The steps of one trial, each of which needs the one before."""

    trials: Trials
    draft: PlatformDraft
    stack: AsyncExitStack
    allow_weak_limits: bool
    capabilities: Capabilities | None = None
    _engine: Engine | None = None
    _sandbox: Sandbox | None = None
    _channel: Channel | None = None
    _steps: list[TrialStep] = field(default_factory=list)

    async def run(self) -> Trial:
        plan: tuple[tuple[str, str, Callable[[], Awaitable[str]]], ...] = (
            ("options", "The options are valid", self._check_options),
            ("open", "The engine opens and answers", self._open_engine),
            ("probe", "The limits and walls hold", self._probe),
            ("sandbox", "A sandbox starts", self._start_sandbox),
            ("agent", "Its agent answers", self._greet_agent),
            ("program", "A program runs and its time limit ends it", self._run_program),
            ("gone", "The sandbox is gone afterwards", self._destroy_sandbox),
        )
        for name, title, action in plan:
            if any(step.status is StepStatus.FAILED for step in self._steps):
                self._steps.append(TrialStep(name=name, title=title, status=StepStatus.SKIPPED))
            else:
                self._steps.append(await self._take_step(name, title, action))
        return Trial(steps=tuple(self._steps), capabilities=self.capabilities)

    async def _take_step(
        self, name: str, title: str, action: Callable[[], Awaitable[str]]
    ) -> TrialStep:
        started = time.perf_counter()
        status, advice = StepStatus.FAILED, _ADVICE.get(name, _LOOK_AT_LOG)
        try:
            async with asyncio.timeout(_STEP_SECONDS_MAX):
                detail = await action()
            status, advice = StepStatus.OK, ""
        except TimeoutError:
            detail = f"It took longer than {_STEP_SECONDS_MAX:g} seconds."
        except _StepFailedError as failure:
            detail, advice = failure.detail, failure.advice
        except RunyardError as error:
            detail = error.message
        except (OSError, ValueError) as error:
            # What an engine did not translate.
            _log.exception("trial_step_failed", step=name)
            detail = f"{type(error).__name__}: {error}"
        return TrialStep(
            name=name,
            title=title,
            status=status,
            seconds=time.perf_counter() - started,
            detail=detail,
            advice=advice,
        )

    async def _check_options(self) -> str:
        self.draft = self.trials.check(self.draft)
        return f"They are options of {self.draft.engine}."

    async def _open_engine(self) -> str:
        self._engine = self.trials.open(self.draft)
        self.stack.push_async_callback(close, self._engine)
        await self._engine.list_ids()
        return "It is there."

    async def _probe(self) -> str:
        found = self.capabilities = await self._opened.probe()
        if not found.usable:
            advice = " ".join(words for _, is_well, words in found.checks if not is_well and words)
            raise _StepFailedError(found.reason or "Nothing can be run there.", advice)
        weak = weak_limits(found)
        if weak and not self.allow_weak_limits:
            advice = " ".join(dict.fromkeys(found.limits[name].advice or "" for name in weak))
            raise _StepFailedError(f"These limits are not enforced: {', '.join(weak)}.", advice)
        how = ", ".join(f"{name} by {each.by}" for name, each in sorted(found.limits.items()))
        return f"Isolation: {found.isolation}. Limits: {how}."

    async def _start_sandbox(self) -> str:
        sandbox = self._sandbox = await self._opened.create(SandboxSpec())
        self.stack.push_async_callback(_destroy, sandbox)
        await sandbox.prepare(_PROGRAM.limits)
        return "It was started."

    async def _greet_agent(self) -> str:
        self._channel = Channel(self._started.stream)
        hello = await self._channel.open()
        return f"Agent {hello.agent}, protocol {hello.version}."

    async def _run_program(self) -> str:
        assert self._channel is not None, "its agent was greeted"
        printed, exited = b"", None
        async for item in self._channel.exec(_PROGRAM):
            if isinstance(item, Exited):
                exited = item
            else:
                printed += item.data
        if printed != b"started\n" or exited is None:
            raise EngineError(f"It printed {printed[:100]!r}, not 'started'.")
        if exited.limit_hit is None:
            raise EngineError("It ended before its time limit, which it should not have.")
        seconds = exited.usage.wall_seconds
        return f"It was ended after {seconds:.2f} s by its limit of {exited.limit_hit}."

    async def _destroy_sandbox(self) -> str:
        await self._started.destroy()
        if self._started.id in await self._opened.list_ids():
            raise EngineError("The platform still lists the sandbox that was destroyed.")
        return "Nothing of it is left."

    @property
    def _opened(self) -> Engine:
        assert self._engine is not None, "it was opened"
        return self._engine

    @property
    def _started(self) -> Sandbox:
        assert self._sandbox is not None, "it was started"
        return self._sandbox


_ADVICE = {
    "options": "Correct them; GET /admin/engines has the schema of each engine's options.",
    "open": "See that the platform runs and that this server may use it; start the server again if"
    " its own launcher is gone.",
}


def weak_limits(capabilities: Capabilities) -> list[str]:
    return sorted(name for name, limit in capabilities.limits.items() if not limit.enforced)


async def close(engine: Engine) -> None:
    """Close the engine of a trial, whatever its platform says to that."""
    try:
        async with asyncio.timeout(_STEP_SECONDS_MAX):
            await engine.aclose()
    except Exception:  # noqa: BLE001
        _log.exception("trial_not_closed")


async def _destroy(sandbox: Sandbox) -> None:
    try:
        async with asyncio.timeout(_STEP_SECONDS_MAX):
            await sandbox.destroy()
    except Exception:  # noqa: BLE001  Its engine is closed behind it.
        _log.exception("trial_sandbox_not_destroyed", sandbox=sandbox.id)
