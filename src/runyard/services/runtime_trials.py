"""Runs a runtime for the administrator who edits it, with every step's output."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runyard.domain.errors import BusyError
from runyard.domain.execution import Outcome, StepResult
from runyard.domain.limits import Policy
from runyard.domain.runtime import Runtime
from runyard.domain.submission import Submission
from runyard.services.admission import admit
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
    def __init__(self, probing: Probing, policy: Policy) -> None:
        self._probing = probing
        self._policy = policy
        self._count = 0

    async def run(
        self, candidate: Candidate, runtime: Runtime, submission: Submission | None
    ) -> Trial:
        """Run the self-test, or the program of a submission, with the runtime's own limits.
        `runtime` is what the candidate makes, perhaps with prepared files.

        Raises BusyError, EngineError, and what refuses a submission.
        """
        if self._count >= TRIAL_COUNT_MAX:
            raise BusyError(f"{TRIAL_COUNT_MAX} runtimes are being tested; try again in a minute.")
        self._count += 1
        try:
            return await self._run(candidate, runtime, submission)
        finally:
            self._count -= 1

    async def _run(
        self, candidate: Candidate, runtime: Runtime, submission: Submission | None
    ) -> Trial:
        test = runtime.self_test
        assert test is not None, "every entry has a self-test"
        if submission is None:
            request = build_request(runtime, test)
        else:
            request = admit(submission, runtime=runtime, policy=self._policy)
        seconds = min(request.execution_wall_seconds, _SECONDS_MAX)
        request = replace(request, execution_wall_seconds=seconds)
        asked = await self._probing.run(
            candidate.version_runtime, replace(test, stdin=candidate.version_stdin)
        )
        steps, verdict = await self._probing.perform(request, runtime)
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
