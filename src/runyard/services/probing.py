"""Runs a runtime's self-test in a sandbox, without a record of it."""

from __future__ import annotations

import asyncio

from runyard.domain.errors import EngineError
from runyard.domain.execution import Outcome, Request, StepKind, StepResult
from runyard.domain.runtime import Runtime, SelfTest
from runyard.services.admission import with_extra_files
from runyard.services.checking import Checks
from runyard.services.journal import Notes, SilentNotes
from runyard.services.pool import Pool
from runyard.services.program import Program, Verdict

# A compiler's first start on a cold disk and a busy machine.
_SECONDS_MAX = 120.0


class Probing:
    """Runs one self-test at a time."""

    def __init__(self, *, pool: Pool, checks: Checks) -> None:
        self._pool = pool
        self._checks = checks
        self._turn = asyncio.Lock()

    async def run(self, runtime: Runtime, test: SelfTest) -> StepResult:
        """Return the step that failed, or the last one. Raises EngineError if there is no
        sandbox to be had.
        """
        steps, verdict = await self.perform(build_request(runtime, test), runtime)
        if steps:
            return steps[-1]
        return StepResult(
            kind=StepKind.RUN, name="run", outcome=Outcome.INTERNAL_ERROR, message=verdict.message
        )

    async def perform(
        self, request: Request, runtime: Runtime, *, notes: Notes | None = None
    ) -> tuple[list[StepResult], Verdict]:
        """Run a request in a sandbox of its own and return all its steps. Raises EngineError, and
        TooLargeError or InvalidPathError if the sandbox refuses the files.
        """
        # What stands ready is for people's programs.
        async with self._turn, self._pool.open(uses_stock=False) as sandboxes:
            program = Program(
                request,
                runtime,
                sandboxes=sandboxes,
                notes=notes or SilentNotes(),
                checks=self._checks,
            )
            try:
                await program.enter()
                async with asyncio.timeout(_SECONDS_MAX):
                    verdict = await program.perform()
            except TimeoutError as error:
                raise EngineError("The self-test did not end in time.") from error
        return program.steps, verdict


def build_request(runtime: Runtime, test: SelfTest) -> Request:
    paths = [file.path for file in test.files]
    return Request(
        runtime_id=runtime.id,
        files=with_extra_files(test.files, runtime),
        entry=runtime.entry if runtime.entry in paths else paths[0],
        stdin=test.stdin,
        compile_limits=runtime.compile_limits,
        run_limits=runtime.run_limits,
        execution_wall_seconds=_SECONDS_MAX,
    )
