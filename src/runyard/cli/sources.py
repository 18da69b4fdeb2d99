"""Which files a command line names, what they are called in the sandbox, and what runs them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runyard.cli.output import UsageError
from runyard.client.models import Runtime, SourceFile

# Directories that tools leave beside sources.
SKIPPED = frozenset({"__pycache__", "node_modules", "target"})
FILE_COUNT_MAX = 1000
SHEBANG_BYTES_MAX = 256


@dataclass(frozen=True, slots=True)
class Sources:
    """`first` is the file named first on the command line, None when that was a directory."""

    files: tuple[SourceFile, ...]
    first: str | None


def load_sources(paths: Sequence[Path]) -> Sources:
    """Read the files. One directory is the work directory; files keep their places relative to
    each other.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or directory.")
    places = [_locate(path) for path in paths]
    root = os.path.commonpath([place if place.is_dir() else place.parent for place in places])
    found: dict[str, SourceFile] = {}
    for path in places:
        for each in _walk(path) if path.is_dir() else (path,):
            name = os.path.relpath(each, root).replace(os.sep, "/")
            found[name] = _read(each, name)
            if len(found) > FILE_COUNT_MAX:
                raise UsageError(f"More than {FILE_COUNT_MAX} files; name only those that matter.")
    if not found:
        raise UsageError("There are no files in what was named.")
    return Sources(tuple(found.values()), None if paths[0].is_dir() else next(iter(found)))


def guess_runtime(sources: Sources, runtimes: Sequence[Runtime]) -> Runtime:
    """Return the runtime for these files by the first line or the name of the likeliest one."""
    for file in _likeliest(sources):
        runtime = _by_shebang(file, runtimes) or _by_extension(file.path, runtimes)
        if runtime is not None:
            return runtime
    shown = sources.first or sources.files[0].path
    raise UsageError(f"Nothing says what runs {shown}; name it with --runtime.")


def choose_entry(sources: Sources, runtime: Runtime) -> str | None:
    """Return the file to start, or None for the runtime's usual one."""
    names = {file.path for file in sources.files}
    if runtime.entry in names:
        return None
    if sources.first is not None:
        return sources.first
    if len(names) == 1:
        return names.pop()
    raise UsageError(f"Which file is to be started? There is no {runtime.entry}; use --entry.")


def find_runtime(name: str, runtimes: Sequence[Runtime]) -> Runtime | None:
    wanted = name.lower()
    return next(
        (each for each in runtimes if wanted in (each.id.lower(), *map(str.lower, each.aliases))),
        None,
    )


def _locate(path: Path) -> Path:
    """Make absolute; a link to a file keeps its own name, which may say the language."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _walk(directory: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(directory):
        names[:] = sorted(name for name in names if name not in SKIPPED and name[0] != ".")
        for name in sorted(files):
            path = Path(parent, name)
            if name[0] != "." and path.is_file():
                yield path


def _read(path: Path, name: str) -> SourceFile:
    try:
        return SourceFile(name, path.read_bytes(), executable=os.access(path, os.X_OK))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error


def _likeliest(sources: Sources) -> list[SourceFile]:
    def rank(file: SourceFile) -> bool:
        return PurePosixPath(file.path).stem.lower() != "main"

    return sorted(sources.files, key=rank)


def _by_shebang(file: SourceFile, runtimes: Sequence[Runtime]) -> Runtime | None:
    head = file.content[:SHEBANG_BYTES_MAX]
    line = (head if isinstance(head, bytes) else head.encode()).split(b"\n", 1)[0]
    if not line.startswith(b"#!"):
        return None
    words = line[2:].decode(errors="replace").split()
    if words and words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-")]
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    return find_runtime(program, runtimes) or find_runtime(
        re.sub(r"[\d.]+$", "", program), runtimes
    )


def _by_extension(path: str, runtimes: Sequence[Runtime]) -> Runtime | None:
    """The runtimes come most used first; one that works is better than one that does not."""
    matching = [
        each
        for each in runtimes
        if any(path.lower().endswith(f".{extension.lstrip('.')}") for extension in each.extensions)
    ]
    return next((each for each in matching if each.state != "unavailable"), None) or next(
        iter(matching), None
    )
