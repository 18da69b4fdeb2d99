"""A runtime: a language at a version, and how its programs are compiled and run. Data, not code.

Commands are argument lists, never shell strings. Placeholders that stand alone in a word or
inside one: `{entry}` the entry file, `{stem}` its path without the last suffix, `{name}` the last
part of that, `{class}` the qualified name of the class in the entry that has `main`, `{heap_mib}`
the share of the step's memory that a garbage collector may fill. A word that is exactly
`{sources:*.c}` (several patterns separated by `|`) becomes one `./`-prefixed argument for each
matching file of the request; `{others:*.c}` is the same without the entry; `{ordered:*.ml}` puts
each file after those it mentions and the entry last. `{others:-r *.ex}` puts the option `-r`
before each file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePosixPath

from runyard.domain.files import File
from runyard.domain.limits import COMPILE_LIMITS, MIB, RUN_LIMITS, Limits
from runyard.domain.sources import main_class, order_by_mention

# The rest is for a virtual machine's own code, threads and buffers.
HEAP_SHARE = 0.6

_PLACEHOLDER = re.compile(r"\{(?:entry|stem|name|class|heap_mib)\}")


class RuntimeState(StrEnum):
    UNKNOWN = "unknown"  # Not probed yet.
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"


class Lifecycle(StrEnum):
    ACTIVE = "active"
    DEPRECATED = "deprecated"  # It runs as ever, but nobody should begin anything with it.
    RETIRED = "retired"  # Nothing new runs.


class Start(StrEnum):
    """How a command comes to run. The program cannot tell; only the clock can."""

    COLD = "cold"  # Executed when the request is there.
    WAITING = "waiting"  # Started ahead; it stands still at its first touch of /work.
    FORKED = "forked"  # Forked from an interpreter that was started ahead, outside any job.


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An argument list with placeholders and the environment it needs. `start` is the fastest
    start that it bears; a platform that cannot do it starts the command cold.
    """

    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    start: Start = Start.COLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A host directory shown read-only inside the sandbox. `source` is absolute and exists."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    files: tuple[File, ...]
    stdin: bytes = b""
    expected_stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    id: str
    language: str
    name: str
    version: str
    description: str = ""
    image: str | None = None
    entry: str
    aliases: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    # Files that are written beside the request's own unless it brings them (go.mod, for example).
    extra_files: tuple[File, ...] = ()
    compile: Command | None = None
    run: Command
    # Globs below /work: all that a run needs of the compile step beside the request's own files.
    # Empty if that is not known; a run then starts from the compiler's /work.
    build_outputs: tuple[str, ...] = ()
    compile_limits: Limits = COMPILE_LIMITS
    run_limits: Limits = RUN_LIMITS
    mounts: tuple[Mount, ...] = ()
    example: str = ""
    self_test: SelfTest | None = None
    # Changes when the catalogue's entry or any of the toolchain's programs does; empty if unknown.
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How long a runtime is meant to be there. `message` is an administrator's, for those who use
    it; `replacement` the id of another runtime.
    """

    lifecycle: Lifecycle = Lifecycle.ACTIVE
    message: str = ""
    replacement: str | None = None

    def explain(self) -> str:
        """Return what those who use it are told, without a full stop at the end."""
        parts = [self.message.strip().rstrip(".")] if self.message.strip() else []
        if self.replacement is not None:
            parts.append(f"use {self.replacement!r} instead")
        return "; ".join([f"it is {self.lifecycle}", *parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStatus:
    """Whether a runtime works on this machine, and if not, why. Its language's name finds the
    default one.
    """

    runtime: Runtime
    state: RuntimeState
    reason: str | None = None
    support: Support = Support()
    is_default: bool = False


def expand_argv(
    command: Command,
    *,
    entry: str,
    paths: tuple[str, ...],
    args: tuple[str, ...] = (),
    files: tuple[File, ...] = (),
    memory_bytes: int = RUN_LIMITS.memory_bytes,
) -> tuple[str, ...]:
    """Return the words to execute for these files, with `args` of the request at the end.

    `files` are the same files with their contents; only `{class}` and `{ordered:…}` read them.
    `memory_bytes` is the step's limit.
    """
    fill = partial(_fill, entry=entry, files=files, memory_bytes=memory_bytes)
    words: list[str] = []
    for word in command.argv:
        kind, _, rest = word.removeprefix("{").removesuffix("}").partition(":")
        if not (word.startswith("{") and kind in ("sources", "others", "ordered")):
            words.append(fill(word))
            continue
        option, _, patterns = rest.rpartition(" ")
        found = _matching(patterns, paths, without=entry if kind == "others" else None)
        if kind == "ordered":
            found = order_by_mention(found, files, last=entry)
        words += [part for path in found for part in (option, f"./{path}") if part]
    return (*words, *args)


def _fill(word: str, *, entry: str, files: tuple[File, ...], memory_bytes: int) -> str:
    stem = entry.rpartition(".")[0] or entry
    source = next((file.content for file in files if file.path == entry), b"")
    values = {
        "{entry}": lambda: _safe(entry),
        "{stem}": lambda: stem,
        "{name}": lambda: PurePosixPath(stem).name,
        "{class}": lambda: main_class(entry, source),
        "{heap_mib}": lambda: str(max(8, int(memory_bytes * HEAP_SHARE) // MIB)),
    }
    return _PLACEHOLDER.sub(lambda found: values[found[0]](), word)


def _matching(patterns: str, paths: tuple[str, ...], *, without: str | None) -> list[str]:
    return [
        path
        for path in sorted(paths)
        if path != without
        and any(fnmatchcase(PurePosixPath(path).name, pattern) for pattern in patterns.split("|"))
    ]


def _safe(entry: str) -> str:
    """A file name such as `-x` or `@list` would be read as an option by many tools."""
    return f"./{entry}" if entry[0] in "-@+" else entry
