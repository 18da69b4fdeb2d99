"""Lets the same sources be compiled once for each owner.

Theory of operation. What a compile step leaves is a function of what `services.build_key` hashes.
After one that succeeded, and before anything else runs in its sandbox, the agent hands over the
files that `Runtime.build_outputs` names: every process of the step is dead by then and the program
has not begun, so nothing but the compiler can have written them. They are stored behind the answer,
with the step as it was (`services.build_files`). The next time they go into a fresh sandbox with
the request's own files, the program is the first command there, and the stored step is told again,
marked as cached.

A hit is quick, so it tells that the same was built before. Each owner therefore has entries of his
own, and who has no owner reads and writes none: nobody learns what another one compiles.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from functools import partial

import structlog

from runyard.agent.channel import Channel
from runyard.domain.errors import RunyardError
from runyard.domain.execution import Outcome, Request, StepKind, StepResult
from runyard.domain.files import File, check_path
from runyard.domain.limits import KIB, LIMIT_NAMES, MIB, Limits, Usage
from runyard.domain.runtime import Runtime
from runyard.services.build_files import ENTRY_BYTES_MAX, BuildFiles
from runyard.services.build_key import compute_key
from runyard.telemetry import Metrics

_OUTPUT_COUNT_MAX = 1024
# The agent walks for two seconds at most.
_COLLECT_SECONDS_MAX = 5.0
# In the run that follows a compiler its output takes no room on the disk, and in one that begins
# with it, it does. A program is not to notice the difference.
_DISK_SHARE_MAX = 8
_HEADER_LENGTH_BYTES = 4
# Builds in memory that wait for the disk; more are not worth it.
_STORING_COUNT_MAX = 8
# Sources beyond it are hashed in a thread.
_HASHED_AT_ONCE_BYTES_MAX = 64 * KIB
# What was used in between is not noted anew: what is to go first is chosen among days.
_USE_NOTED_SECONDS = 60.0
# A binary of some megabytes takes longer to read and check than to run.
_RECENT_BYTES_MAX = 32 * MIB

_log = structlog.get_logger(__name__)


# An owner and a key.
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A compile step that succeeded within `limits`, and what it left."""

    step: StepResult
    limits: Limits
    outputs: tuple[File, ...]


class BuildCache:
    """`context` says what decides builds beside the runtime and the request, each time anew.
    Without `files` nothing is kept.
    """

    def __init__(
        self, files: BuildFiles | None, *, metrics: Metrics, context: Callable[[], str]
    ) -> None:
        self._files = files
        self._metrics = metrics
        self._context = context
        # On their way to the disk.
        self._storing: dict[_Place, Build] = {}
        self._recent = _RecentBuilds()
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(
        self, request: Request, runtime: Runtime, *, owner_id: str | None
    ) -> CompileStep:
        """Look for an earlier build of the request. Never raises for what the disk does."""
        if self._files is None or owner_id is None or not runtime.build_outputs:
            return CompileStep(request, runtime)
        key = await self._compute_key(request, runtime)
        if key is None:
            return CompileStep(request, runtime)
        place = (owner_id, key)
        # First what is being stored: it is on the disk before it goes from here.
        build = self._storing.get(place) or self._recall(place)
        if build is None:
            build = await asyncio.to_thread(self._read, place)
        if build is not None and not _suits(build, request):
            build = None
        (self._metrics.builds.hits if build else self._metrics.builds.misses).inc()
        store = partial(self._store_behind, place)
        return CompileStep(request, runtime, build=build, store=store)

    async def count(self) -> None:
        """Measure what is there already."""
        if self._files is not None:
            await asyncio.to_thread(self._note_size)

    async def _compute_key(self, request: Request, runtime: Runtime) -> str | None:
        size = sum(len(file.content) for file in request.files)
        if size <= _HASHED_AT_ONCE_BYTES_MAX:
            return compute_key(request, runtime, context=self._context())
        return await asyncio.to_thread(
            lambda: compute_key(request, runtime, context=self._context())
        )

    def _store_behind(self, place: _Place, build: Build) -> None:
        if len(self._storing) >= _STORING_COUNT_MAX:
            return
        self._storing[place] = build
        self._do_behind(self._store(place, build))

    def _do_behind(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Wait until all is stored."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _read(self, place: _Place) -> Build | None:
        assert self._files is not None
        content = self._files.read(*place)
        if content is None:
            return None
        try:
            build = _unpack(content)
        except (LookupError, TypeError, ValueError, RunyardError) as error:
            # Another version of Runyard wrote it; the next build takes its place.
            _log.warning("build_not_understood", reason=str(error))
            return None
        self._remember(place, build)
        return build

    def _recall(self, place: _Place) -> Build | None:
        """Return what was read or written lately, if it still is what is on the disk."""
        build, size = self._recent.find(place)
        if build is None:
            return None
        assert self._files is not None
        # Costs no more than the hop to a thread that may wait for the disk.
        facts = self._files.look(*place)
        if facts is None or facts.size_bytes != size:
            return None
        if time.time() - facts.used_seconds > _USE_NOTED_SECONDS:
            self._do_behind(asyncio.to_thread(self._files.touch, *place))
        return build

    def _remember(self, place: _Place, build: Build) -> None:
        assert self._files is not None
        facts = self._files.look(*place)
        if facts is not None:
            self._recent.add(place, build, facts.size_bytes)

    async def _store(self, place: _Place, build: Build) -> None:
        try:
            await asyncio.to_thread(self._write, place, build)
        except OSError as error:
            _log.warning("build_not_stored", reason=error.strerror)
        finally:
            if self._storing.get(place) is build:
                del self._storing[place]

    def _write(self, place: _Place, build: Build) -> None:
        assert self._files is not None
        if self._files.write(*place, _pack(build)):
            self._remember(place, build)
        self._note_size()

    def _note_size(self) -> None:
        assert self._files is not None
        self._metrics.builds.bytes.set(self._files.count())


class _RecentBuilds:
    """Those used last, each with the size of its entry. May be called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._builds: OrderedDict[_Place, tuple[Build, int]] = OrderedDict()
        self._bytes = 0

    def find(self, place: _Place) -> tuple[Build, int] | tuple[None, None]:
        with self._lock:
            if place not in self._builds:
                return None, None
            self._builds.move_to_end(place)
            return self._builds[place]

    def add(self, place: _Place, build: Build, size: int) -> None:
        with self._lock:
            self._bytes += size - self._builds.pop(place, (None, 0))[1]
            self._builds[place] = (build, size)
            while self._bytes > _RECENT_BYTES_MAX:
                _, (_, dropped) = self._builds.popitem(last=False)
                self._bytes -= dropped


class CompileStep:
    """What becomes of a request's compile step: `build`, if it need not run, and what it leaves
    for a run if it does.
    """

    def __init__(
        self,
        request: Request,
        runtime: Runtime,
        *,
        build: Build | None = None,
        store: Callable[[Build], None] | None = None,
    ) -> None:
        self.build = build
        self._request = request
        self._globs = runtime.build_outputs
        self._store = store
        self._outputs = None if build is None else build.outputs

    @property
    def files(self) -> tuple[File, ...]:
        """The request's files and what the compiler left, as far as it was collected."""
        outputs = self._outputs or ()
        replaced = {file.path for file in outputs}
        return (*(file for file in self._request.files if file.path not in replaced), *outputs)

    async def keep(self, step: StepResult, channel: Channel) -> None:
        """Keep what the step left, if that is allowed. Call it before anything else runs."""
        is_whole = not (step.stdout_truncated or step.stderr_truncated)
        if self._store is None or step.outcome is not Outcome.SUCCEEDED or not is_whole:
            return
        outputs = await self.collect(channel)
        if outputs:
            limits = self._request.compile_limits
            self._store(Build(step=replace(step, cached=True), limits=limits, outputs=outputs))

    async def collect(self, channel: Channel) -> tuple[File, ...]:
        """Return what the step left for a run, or nothing: if that is not known to be all, or would
        not leave a run the room it was granted. The agent is asked once.
        """
        if self._outputs is None:
            found = () if self._may_miss_some() else await self._fetch(channel)
            own = set(self._request.files)
            outputs = tuple(file for file in found if file not in own)
            self._outputs = outputs if _has_room(outputs, self._request) else ()
        return self._outputs

    def _may_miss_some(self) -> bool:
        """Whether there may be outputs with hidden names, which no pattern matches."""
        if not any("*" in glob for glob in self._globs):
            return not self._globs
        paths = (file.path for file in self._request.files)
        return any(part.startswith(".") for path in paths for part in path.split("/"))

    async def _fetch(self, channel: Channel) -> tuple[File, ...]:
        try:
            async with asyncio.timeout(_COLLECT_SECONDS_MAX):
                found, is_whole = await channel.collect(
                    self._globs, count_max=_OUTPUT_COUNT_MAX, bytes_max=ENTRY_BYTES_MAX
                )
        except (TimeoutError, ConnectionError, RunyardError) as error:
            # The next step has an agent of its own.
            _log.warning("build_not_collected", reason=str(error))
            return ()
        return tuple(found) if is_whole else ()


def _suits(build: Build, request: Request) -> bool:
    """Whether the request grants what the build took, as far as that is known, and has room."""
    step, granted = build.step, request.compile_limits
    taken = {
        "wall_seconds": step.usage.wall_seconds,
        "cpu_seconds": step.usage.cpu_seconds,
        "memory_bytes": step.usage.memory_peak_bytes,
        "output_bytes": max(len(step.stdout), len(step.stderr)),
    }
    for name in LIMIT_NAMES:
        most, used = getattr(granted, name), taken.get(name)
        if most < getattr(build.limits, name) and (used is None or most < used):
            return False
    return _has_room(build.outputs, request)


def _has_room(outputs: tuple[File, ...], request: Request) -> bool:
    size = sum(len(file.content) for file in (*request.files, *outputs))
    return size * _DISK_SHARE_MAX <= request.run_limits.disk_bytes


def _pack(build: Build) -> list[bytes]:
    step = build.step
    header = {
        "name": step.name,
        "exit_code": step.exit_code,
        "message": step.message,
        "usage": asdict(step.usage),
        "limits": asdict(build.limits),
        "streams": [len(step.stdout), len(step.stderr)],
        "outputs": [[file.path, len(file.content), file.executable] for file in build.outputs],
    }
    encoded = json.dumps(header, separators=(",", ":")).encode()
    length = len(encoded).to_bytes(_HEADER_LENGTH_BYTES, "little")
    contents = [file.content for file in build.outputs]
    return [length, encoded, step.stdout, step.stderr, *contents]


def _unpack(content: memoryview) -> Build:
    """The content was checked: it is what `_pack` made, in this or another process. What raises
    here is the work of another version.
    """
    offset = _HEADER_LENGTH_BYTES

    def take(size: int) -> bytes:
        nonlocal offset
        start, offset = offset, offset + size
        return bytes(content[start:offset])

    header = json.loads(take(int.from_bytes(content[:offset], "little")))
    stdout, stderr = map(take, header["streams"])
    step = StepResult(
        kind=StepKind.COMPILE,
        name=header["name"],
        outcome=Outcome.SUCCEEDED,
        exit_code=header["exit_code"],
        cached=True,
        message=header["message"],
        usage=Usage(**header["usage"]),
        stdout=stdout,
        stderr=stderr,
    )
    outputs = tuple(
        File(check_path(path), take(size), executable=executable)
        for path, size, executable in header["outputs"]
    )
    return Build(step=step, limits=Limits(**header["limits"]), outputs=outputs)
