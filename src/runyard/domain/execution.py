"""An execution: what was asked, how far it got, and what became of it.

    queued ──► starting ──► running ──► finished
       └───────────┴───────────┴──────────►┘ (cancelled, superseded, internal_error)

`State` says how far an execution got, `Outcome` what became of it once it is finished. A lost
attempt returns from starting or running to queued while nothing was exchanged with the program.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from runyard.domain.checkers import Checker
from runyard.domain.files import File
from runyard.domain.limits import Limits, Usage


class State(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    FINISHED = "finished"


class Outcome(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SIGNALLED = "signalled"
    COMPILE_FAILED = "compile_failed"
    TIME_LIMIT_EXCEEDED = "time_limit_exceeded"
    MEMORY_LIMIT_EXCEEDED = "memory_limit_exceeded"
    OUTPUT_LIMIT_EXCEEDED = "output_limit_exceeded"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    INTERNAL_ERROR = "internal_error"


class StepKind(StrEnum):
    COMPILE = "compile"
    RUN = "run"
    TEST = "test"


class LimitHit(StrEnum):
    """Which limit ended a step."""

    WALL = "wall_seconds"
    CPU = "cpu_seconds"
    MEMORY = "memory_bytes"
    OUTPUT = "output_bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One run of the compiled program with its own input; without `expected_stdout` unchecked."""

    name: str
    stdin: bytes = b""
    args: tuple[str, ...] = ()
    expected_stdout: str | None = None
    checker: Checker = field(default_factory=Checker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to run. Every field is already within the policy's bounds."""

    runtime_id: str
    files: tuple[File, ...]
    entry: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    # Further variables by name, each with the version that its value has; values are nowhere here.
    secrets: dict[str, int] = field(default_factory=dict)
    stdin: bytes = b""
    # Keep stdin open for later input over the terminal or the stdin route.
    interactive: bool = False
    merge_stderr: bool = False
    # (rows, columns) of a terminal, or None for pipes.
    terminal: tuple[int, int] | None = None
    compile_limits: Limits
    run_limits: Limits
    execution_wall_seconds: float
    tests: tuple[TestCase, ...] = ()
    artifacts: tuple[str, ...] = ()
    # Bring the project's /data, and keep what a run leaves there.
    artifact_count_max: int = 0
    # Of all artifacts together.
    artifact_bytes_max: int = 0
    keeps_data: bool = False
    # What the owner may keep in all projects, where /data is kept.
    project_bytes_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One finished command. `stdout` and `stderr` hold the first `output_bytes` of each stream."""

    kind: StepKind
    name: str
    outcome: Outcome
    exit_code: int | None = None
    signal: int | None = None
    limit_hit: LimitHit | None = None
    # For a test with an expectation: whether the checker accepted the output.
    passed: bool | None = None
    # The command was not run: this is the step of an earlier build of the same, as it was then.
    cached: bool = False
    message: str | None = None
    usage: Usage = field(default_factory=Usage)
    stdout: bytes = b""
    stderr: bytes = b""
    stdout_truncated: bool = False
    stderr_truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """The record of one request."""

    id: str
    owner_id: str | None
    # The project and the number of its revision that was run, if it was one.
    project_id: str | None = None
    revision: int | None = None
    state: State
    outcome: Outcome | None = None
    message: str | None = None
    attempt: int = 0
    request: Request
    steps: tuple[StepResult, ...] = ()
    artifacts: tuple[ArtifactRecord, ...] = ()
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


def decide_outcome(
    *, exit_code: int | None, signal: int | None, limit_hit: LimitHit | None
) -> Outcome:
    """Say what became of one command from how it ended and which limit ended it."""
    match limit_hit:
        case LimitHit.WALL | LimitHit.CPU:
            return Outcome.TIME_LIMIT_EXCEEDED
        case LimitHit.MEMORY:
            return Outcome.MEMORY_LIMIT_EXCEEDED
        case LimitHit.OUTPUT:
            return Outcome.OUTPUT_LIMIT_EXCEEDED
        case None:
            pass
    if signal is not None:
        return Outcome.SIGNALLED
    return Outcome.SUCCEEDED if exit_code == 0 else Outcome.FAILED
