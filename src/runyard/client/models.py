"""What the SDK gives and takes: plain values, parsed from the API's JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a request; `path` is relative to the program's working directory."""

    path: str
    content: str | bytes
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a test's output is compared: exact, lines, tokens, float or regex."""

    kind: str = "lines"
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run of the compiled program with its own input and, if given, expected output."""

    name: str
    stdin: str | bytes = b""
    args: tuple[str, ...] = ()
    expected_stdout: str | None = None
    checker: Check = field(default_factory=Check)


class RunOptions(TypedDict, total=False):
    """What a request may say beside its runtime and files."""

    entry: str
    args: list[str]
    env: dict[str, str]
    stdin: str | bytes
    limits: dict[str, int | float]
    compile_limits: dict[str, int | float]
    tests: list[Case]
    artifacts: list[str]
    interactive: bool
    merge_stderr: bool
    # Rows and columns.
    terminal: tuple[int, int]
    execution_wall_seconds: float


# Files as values, as a mapping of path to content, or read from the disk by their own names.
Files = list[SourceFile] | dict[str, str | bytes] | list[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a step spent; None where the platform cannot measure it."""

    wall_seconds: float
    cpu_seconds: float | None
    memory_peak_bytes: int | None
    stdout_bytes: int
    stderr_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One finished command of an execution: compile, run or a test."""

    kind: str
    name: str
    outcome: str
    exit_code: int | None
    signal: int | None
    limit_hit: str | None
    passed: bool | None
    message: str | None
    usage: Usage
    # The command was not run: the same was built before, and this is the step of that time.
    cached: bool = False
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file the program left and the request asked for."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One request to run code and what became of it. `raw` is the API's answer as it came."""

    id: str
    state: str
    outcome: str | None
    message: str | None
    attempt: int
    runtime: str
    entry: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    # The id of the project whose revision was run, if it was one.
    project: str | None = None
    revision: int | None = None
    steps: tuple[Step, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_finished(self) -> bool:
        return self.state == "finished"

    @property
    def succeeded(self) -> bool:
        return self.outcome == "succeeded"

    @property
    def stdout(self) -> bytes:
        """The output of the last step: the run, or the last test."""
        return self.steps[-1].stdout if self.steps else b""

    @property
    def stderr(self) -> bytes:
        return self.steps[-1].stderr if self.steps else b""

    @property
    def exit_code(self) -> int | None:
        return self.steps[-1].exit_code if self.steps else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPage:
    """Newest first; `next_before` asks for the following page and is None on the last one."""

    items: tuple[Execution, ...]
    next_before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A language at a version that the server offers, or the reason why it does not work."""

    id: str
    language: str
    name: str
    version: str
    description: str
    state: str
    reason: str | None
    entry: str
    aliases: tuple[str, ...]
    extensions: tuple[str, ...]
    example: str
    # It runs, but nothing should be begun with it; `message` and `replacement` say more.
    deprecated: bool = False
    message: str | None = None
    replacement: str | None = None
    # The name of its language finds it.
    default: bool = False
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to an execution; `sequence` counts from 1."""

    sequence: int
    kind: str
    data: dict[str, Any]
