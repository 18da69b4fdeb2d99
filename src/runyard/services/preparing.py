"""Makes the prepared files of runtimes and offers the runtimes with them.

What is there from an earlier start is offered at once. What is missing is made behind the
self-tests, giving way to people's programs, and proved by the self-test before anybody gets it.
From then on their sources are looked at now and then: after an upgrade of the host's headers, say,
the runtime is offered without its files until there are new ones.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable

import structlog

from runyard.domain.errors import EngineError, RunyardError
from runyard.domain.execution import Outcome, Request
from runyard.domain.files import File
from runyard.domain.limits import GIB, MIB, Limits
from runyard.domain.runtime import Command, Runtime
from runyard.services.catalogue_entry import Preparation
from runyard.services.checking import Checks
from runyard.services.journal import SilentNotes
from runyard.services.pool import Pool
from runyard.services.prepared import PreparedFiles
from runyard.services.probing import Probing
from runyard.services.program import Program
from runyard.services.runtimes import Runtimes
from runyard.services.self_tests import nicely, try_self_test
from runyard.services.toolchains import Candidate

# For the whole of the largest standard library, on a busy machine.
LIMITS = Limits(
    wall_seconds=300.0,
    cpu_seconds=300.0,
    memory_bytes=1 * GIB,
    processes=128,
    output_bytes=1 * MIB,
    disk_bytes=512 * MIB,
)
_OUTPUT_COUNT_MAX, _OUTPUT_BYTES_MAX = 1024, 256 * MIB
_LOOK_AGAIN_SECONDS = 60.0

_log = structlog.get_logger(__name__)


class Preparing:
    """`offer` comes before anything is served, `settle` goes on behind it. Without `files` no
    runtime has prepared ones. `works` is told each runtime that was found to work, and again when
    it is offered in another way.
    """

    def __init__(
        self,
        *,
        runtimes: Runtimes,
        files: PreparedFiles | None,
        pool: Pool,
        checks: Checks,
        probing: Probing,
        works: Callable[[Runtime], None],
    ) -> None:
        self._runtimes = runtimes
        self._files = files
        self._pool = pool
        self._checks = checks
        self._works = works
        self._probing = probing
        # Fingerprints of toolchains whose files could not be made; the next start tries again.
        self._hopeless: set[str] = set()

    def offer(self) -> None:
        """Offer what is known to work with the prepared files that are there."""
        for candidate, plain in self._runtimes.chosen():
            if self._files is not None and candidate.preparation is not None:
                self._runtimes.offer(candidate, self._files.use(candidate, plain) or plain)

    async def settle(self) -> None:
        """Find out what works, make the files that are missing, and look again now and then."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._settle_first())
            both.create_task(self._settle_changed())

    async def _settle_first(self) -> None:
        await self._runtimes.probe_all(self._probing.run, works=self._works)
        if self._files is None:
            return
        await asyncio.to_thread(self._files.remove_stale, self._runtimes.chosen())
        while True:
            await self.prepare_all(self._files)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)

    async def _settle_changed(self) -> None:
        """Try what administrators changed; it does not wait for everything else to be tried."""
        while True:
            changed = await self._runtimes.take_changed()
            for name in changed:
                await self._runtimes.try_out(name, self._probing.run, works=self._works)
            for candidate, plain in self._runtimes.chosen():
                if plain.id in changed and self._files is not None:
                    prepared = await asyncio.to_thread(self._files.use, candidate, plain)
                    self._offer(candidate, prepared or plain)

    async def prepare_all(self, files: PreparedFiles) -> None:
        for candidate, plain in self._runtimes.chosen():
            if candidate.preparation is None or candidate.fingerprint in self._hopeless:
                continue
            prepared = await asyncio.to_thread(files.use, candidate, plain)
            if prepared is None:
                self._offer(candidate, plain)
                prepared = await self._try_to_make(files, candidate, plain)
            self._offer(candidate, prepared or plain)

    def _offer(self, candidate: Candidate, runtime: Runtime) -> None:
        if self._runtimes.offer(candidate, runtime):
            self._works(runtime)

    async def _try_to_make(
        self, files: PreparedFiles, candidate: Candidate, plain: Runtime
    ) -> Runtime | None:
        """Return the runtime with fresh files that were proved, or None."""
        try:
            reason = await self._make(files, candidate, plain)
        except (RunyardError, OSError, ValueError, zlib.error) as error:
            # The last two: what came out of the sandbox is not what it should be.
            reason = str(error)
        prepared = None if reason else await asyncio.to_thread(files.use, candidate, plain)
        if prepared is None:
            self._hopeless.add(candidate.fingerprint)
            _log.warning("runtime_not_prepared", runtime=plain.id, reason=reason)
        return prepared

    async def _make(self, files: PreparedFiles, candidate: Candidate, plain: Runtime) -> str | None:
        """Return why the self-test does not pass with the new files, or None if it does."""
        assert candidate.preparation is not None, "asked only of a toolchain that has some"
        batches = self._run_all(candidate.preparation, plain)
        await files.keep(candidate, plain, batches)
        prepared = await asyncio.to_thread(files.use, candidate, plain)
        if prepared is None:
            return "its sources changed meanwhile"
        try:
            reason = await try_self_test(prepared, self._probing.run)
        except BaseException:
            await asyncio.to_thread(files.remove, candidate, plain)
            raise
        if reason is not None:
            await asyncio.to_thread(files.remove, candidate, plain)
        return reason

    async def _run_all(
        self, preparation: Preparation, plain: Runtime
    ) -> AsyncIterator[tuple[File, ...]]:
        for command in preparation.commands:
            yield await self._run(preparation, command, plain)

    async def _run(
        self, preparation: Preparation, command: Command, plain: Runtime
    ) -> tuple[File, ...]:
        """Run one command in a sandbox and return what it made. Raises EngineError."""
        runtime = Runtime(
            id=plain.id,
            language=plain.language,
            name=plain.name,
            version=plain.version,
            entry=plain.entry,
            run=nicely(command),
            run_limits=LIMITS,
            mounts=plain.mounts,
        )
        request = Request(
            runtime_id=runtime.id,
            files=preparation.files,
            entry=preparation.files[0].path,
            artifacts=(*preparation.outputs, preparation.sources),
            artifact_count_max=_OUTPUT_COUNT_MAX,
            artifact_bytes_max=_OUTPUT_BYTES_MAX,
            compile_limits=LIMITS,
            run_limits=LIMITS,
            execution_wall_seconds=LIMITS.wall_seconds,
        )
        async with self._pool.open(uses_stock=False) as sandboxes:
            program = Program(
                request,
                runtime,
                sandboxes=sandboxes,
                notes=SilentNotes(),
                checks=self._checks,
            )
            await program.enter()
            verdict = await program.perform()
        if verdict.outcome is not Outcome.SUCCEEDED:
            said = program.steps[-1].stderr[-500:].decode(errors="replace").strip()
            raise EngineError(f"{verdict.message} {said}".strip())
        return tuple(File(each.name, each.content) for each in verdict.artifacts)
