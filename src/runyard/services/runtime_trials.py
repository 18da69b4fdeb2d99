"""Runs a runtime for the administrator who edits it, with every step's output."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

from runyard.bus.interface import Bus
from runyard.domain.errors import BusyError
from runyard.domain.events import Event, EventKind
from runyard.domain.execution import Outcome, State, StepResult
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import Policy
from runyard.domain.runtime import Runtime
from runyard.domain.submission import Submission
from runyard.services.admission import admit
from runyard.services.journal import Journal, Notes, SilentNotes
from runyard.services.probing import Probing, build_request
from runyard.services.self_tests import judge, read_version
from runyard.services.toolchains import Candidate

# Together with the one that runs; each holds a request open.
TRIAL_COUNT_MAX = 4
_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`passed` is None for a program of one's own: nothing says what it should print. `reason`
    says why a self-test did not pass, or a program not run.
    """

    version: str
    passed: bool | None
    reason: str | None
    outcome: Outcome
    steps: tuple[StepResult, ...]


class RuntimeTrials:
    def __init__(self, probing: Probing, policy: Policy, bus: Bus) -> None:
        self._probing = probing
        self._policy = policy
        self._bus = bus
        self._count = 0

    async def run(
        self,
        candidate: Candidate,
        runtime: Runtime,
        submission: Submission | None,
        notes: Notes | None = None,
    ) -> Trial:
        """Run the self-test, or the program of a submission, with the runtime's own limits.
        `runtime` is what the candidate makes, perhaps with prepared files. `notes` hears of it.

        Raises BusyError, EngineError, and what refuses a submission.
        """
        if self._count >= TRIAL_COUNT_MAX:
            raise BusyError(f"{TRIAL_COUNT_MAX} runtimes are being tested; try again in a minute.")
        self._count += 1
        try:
            return await self._run(candidate, runtime, submission, notes or SilentNotes())
        finally:
            self._count -= 1

    async def watch(
        self, perform: Callable[[Notes], Awaitable[Trial]]
    ) -> AsyncGenerator[Event | Trial, None]:
        """Yield what `perform` tells of a trial as it happens, and the trial when it is over. Who
        reads no further ends it. Raises what `perform` raises.
        """
        trial_id = new_identifier()
        journal = Journal(self._bus, trial_id, record_exchange=_record_nothing)
        performing = asyncio.create_task(_tell_end(perform(journal), journal))
        try:
            async for event in self._bus.follow(trial_id):
                if event.kind is EventKind.FINISHED:
                    break
                yield event
            yield await performing
        finally:
            performing.cancel()
            await asyncio.gather(performing, return_exceptions=True)
            self._bus.close(trial_id)

    async def _run(
        self,
        candidate: Candidate,
        runtime: Runtime,
        submission: Submission | None,
        notes: Notes,
    ) -> Trial:
        test = runtime.self_test
        assert test is not None, "every entry has a self-test"
        if submission is None:
            request = build_request(runtime, test)
        else:
            request = admit(submission, runtime=runtime, policy=self._policy)
        seconds = min(request.execution_wall_seconds, _SECONDS_MAX)
        request = replace(request, execution_wall_seconds=seconds)
        # Until it is its turn, and the toolchain has said its version.
        notes.note(EventKind.STATE, {"state": State.QUEUED, "attempt": 1})
        asked = await self._probing.run(
            candidate.version_runtime, replace(test, stdin=candidate.version_stdin)
        )
        notes.note(EventKind.STATE, {"state": State.RUNNING, "attempt": 1})
        steps, verdict = await self._probing.perform(request, runtime, notes=notes)
        reason = verdict.message
        if submission is None and steps:
            reason = judge(steps[-1], test)
        return Trial(
            version=read_version(asked, candidate.version_pattern),
            passed=None if submission is not None else reason is None and bool(steps),
            reason=reason,
            outcome=verdict.outcome,
            steps=tuple(steps),
        )


async def _tell_end(performing: Awaitable[Trial], journal: Journal) -> Trial:
    try:
        return await performing
    finally:
        await journal.close({}, attempt=1)
        journal.publish_rest()


async def _record_nothing() -> bool:
    return True
