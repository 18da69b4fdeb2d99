"""Files that were made once for a toolchain and that every sandbox of its runtime is shown, such
as precompiled headers: `<runtime>-<digest>.<nonce>` below one folder, whole or not there at all.

The digest covers the catalogue's entry, the toolchain's programs and its version. What else they
were made from, headers for example, is remembered by size and time beside them. Files that no
longer match are no longer used. They are removed at the next start: sandboxes may still show them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from runyard.domain.errors import TooLargeError
from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.domain.runtime import Mount, Runtime
from runyard.services.toolchains import Candidate

BYTES_MAX = 1024 * MIB
_MANIFEST = ".manifest.json"
_UNFINISHED = ".new-"
_CHUNK_BYTES = MIB

# The size and time of each source; None for one that is not there.
_Facts = dict[str, list[int] | None]


class PreparedFiles:
    """`folder` exists, and an engine shows what is below it. `is_alone`: nobody else uses it."""

    def __init__(self, folder: Path, *, is_alone: bool) -> None:
        self._folder = folder
        self._is_alone = is_alone

    def use(self, candidate: Candidate, runtime: Runtime) -> Runtime | None:
        """Return the runtime as it is with its prepared files; None if there are none that are
        still right.
        """
        preparation = candidate.preparation
        place = self._find(candidate, runtime)
        if preparation is None or place is None:
            return None
        mount = Mount(source=str(place), target=preparation.target)
        return replace(
            runtime,
            mounts=(*runtime.mounts, mount),
            compile=preparation.compile or runtime.compile,
            run=preparation.run or runtime.run,
        )

    async def keep(
        self, candidate: Candidate, runtime: Runtime, batches: AsyncIterator[Sequence[File]]
    ) -> None:
        """Store what comes in `batches` as the prepared files of this runtime, or nothing of it.

        Raises TooLargeError, OSError, and what `batches` raises.
        """
        assert candidate.preparation is not None, "asked only of a toolchain that has some"
        fresh = Path(
            await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder, prefix=_UNFINISHED)
        )
        try:
            sources: set[str] = set()
            room = BYTES_MAX
            async for files in batches:
                kept = [file for file in files if file.path != candidate.preparation.sources]
                listed = [file for file in files if file.path == candidate.preparation.sources]
                sources.update(*(file.content.decode().split("\n") for file in listed))
                room = await asyncio.to_thread(_store, fresh, kept, room)
            facts = _look(sources - {""}, runtime)
            nonce = fresh.name.removeprefix(_UNFINISHED)
            place = self._folder / f"{_name(candidate, runtime)}.{nonce}"
            await asyncio.to_thread(_finish, fresh, facts, place)
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)

    def remove(self, candidate: Candidate, runtime: Runtime) -> None:
        """Remove what no sandbox was ever shown."""
        for place in self._folder.glob(f"{_name(candidate, runtime)}.*"):
            shutil.rmtree(place, ignore_errors=True)

    def remove_stale(self, chosen: Iterable[tuple[Candidate, Runtime]]) -> None:
        """Remove what belongs to no runtime or to another state of a `chosen` one; before any is
        made, so that no sandbox shows it.
        """
        if not self._is_alone:
            return
        current = {self._find(candidate, runtime) for candidate, runtime in chosen}
        for place in self._folder.iterdir():
            if place not in current:
                shutil.rmtree(place, ignore_errors=True)

    def _find(self, candidate: Candidate, runtime: Runtime) -> Path | None:
        places = self._folder.glob(f"{_name(candidate, runtime)}.*")
        return next((place for place in places if _is_current(place, runtime)), None)


def prepared_folder(data_dir: Path) -> Path:
    """Return where a server with this data directory keeps them."""
    return data_dir.resolve() / "prepared"


def _name(candidate: Candidate, runtime: Runtime) -> str:
    # The fingerprint changes with everything that the catalogue says, `preparation` included.
    words = f"{candidate.fingerprint}\0{runtime.version}"
    return f"{runtime.id}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _is_current(place: Path, runtime: Runtime) -> bool:
    try:
        facts: _Facts = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return facts == _look(facts, runtime)


def _look(sources: Iterable[str], runtime: Runtime) -> _Facts:
    facts: _Facts = {}
    for source in sorted(sources):
        facts[source] = None
        with suppress(OSError):
            found = os.stat(_on_host(source, runtime.mounts))  # noqa: PTH116
            facts[source] = [found.st_size, found.st_mtime_ns]
    return facts


def _on_host(path: str, mounts: Iterable[Mount]) -> str:
    for mount in mounts:
        if path.startswith(f"{mount.target}/"):
            return mount.source + path.removeprefix(mount.target)
    return path


def _store(folder: Path, files: Iterable[File], room: int) -> int:
    """Write the files and return what is left of `room`, bytes."""
    for file in files:
        path = folder / file.path.removesuffix(".gz")
        path.parent.mkdir(parents=True, exist_ok=True)
        chunks = _unpack(file.content) if file.path.endswith(".gz") else iter([file.content])
        with path.open("wb") as out:
            for chunk in chunks:
                room -= len(chunk)
                if room < 0:
                    raise TooLargeError(f"Prepared files are larger than {BYTES_MAX} bytes.")
                out.write(chunk)
            out.flush()
            # A name must never outlive a crash that its content did not.
            os.fsync(out.fileno())
        path.chmod(0o755 if file.executable else 0o644)
    return room


def _unpack(content: bytes) -> Iterator[bytes]:
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    while content and not unpacking.eof:
        yield unpacking.decompress(content, _CHUNK_BYTES)
        content = unpacking.unconsumed_tail


def _finish(fresh: Path, facts: _Facts, place: Path) -> None:
    """Give the finished folder its name."""
    manifest = fresh / _MANIFEST
    manifest.write_text(json.dumps(facts), encoding="utf-8")
    for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
        # Programs in sandboxes are nobody in particular here.
        folder.chmod(0o755)
    manifest.chmod(0o644)
    fresh.rename(place)
