"""What a step may spend, what it spent, and the bounds within which a request may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from runyard.domain.errors import LimitError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that one step may use. `output_bytes` counts for stdout and stderr each;
    `disk_bytes` for /work and /tmp each.
    """

    wall_seconds: float = 10.0
    cpu_seconds: float = 10.0
    memory_bytes: int = 256 * MIB
    processes: int = 64
    output_bytes: int = 1 * MIB
    disk_bytes: int = 64 * MIB


RUN_LIMITS = Limits()

COMPILE_LIMITS = Limits(
    wall_seconds=30.0,
    cpu_seconds=30.0,
    memory_bytes=1 * GIB,
    processes=128,
    output_bytes=1 * MIB,
    disk_bytes=256 * MIB,
)

LIMIT_NAMES: tuple[str, ...] = tuple(field.name for field in fields(Limits))


class ProjectRuns(StrEnum):
    """What becomes of what runs in a project when its owner runs it again, changed."""

    # It ends, and the new one takes its place.
    SUPERSEDE = "supersede"
    # The new one waits.
    QUEUE = "queue"
    # The new one is refused.
    REJECT = "reject"
    # Both run.
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a request may contain, how far it may raise its limits, and what one account may have
    altogether; there None is without a bound.
    """

    limits_max: Limits = Limits(
        wall_seconds=60.0,
        cpu_seconds=60.0,
        memory_bytes=2 * GIB,
        processes=512,
        output_bytes=16 * MIB,
        disk_bytes=1 * GIB,
    )
    file_count_max: int = 200
    file_bytes_max: int = 1 * MIB
    source_bytes_max: int = 5 * MIB
    stdin_bytes_max: int = 1 * MIB
    arg_count_max: int = 64
    arg_bytes_max: int = 4 * KIB
    env_count_max: int = 64
    env_bytes_max: int = 32 * KIB
    test_count_max: int = 200
    # Input and expected output of all tests together.
    test_bytes_max: int = 16 * MIB
    artifact_glob_count_max: int = 16
    artifact_count_max: int = 32
    artifact_bytes_max: int = 8 * MIB
    execution_wall_seconds: float = 60.0
    execution_wall_seconds_max: float = 300.0
    wait_seconds_max: float = 60.0
    # Executions of one account that run at once; more of them wait.
    active_count_max: int | None = 16
    executions_per_minute_max: int | None = 120
    # Spent by what has finished since midnight in UTC, and granted to what has not.
    cpu_seconds_per_day_max: float | None = 7200.0
    project_runs: ProjectRuns = ProjectRuns.SUPERSEDE
    project_count_max: int = 200
    # Of one project; older ones are deleted.
    revision_count_max: int = 100
    # All revisions of all projects together.
    project_bytes_max: int = 100 * MIB


# For who has no account: what a first look at a language needs.
ANONYMOUS_POLICY = Policy(
    limits_max=Limits(
        wall_seconds=10.0,
        cpu_seconds=10.0,
        memory_bytes=512 * MIB,
        processes=128,
        output_bytes=1 * MIB,
        disk_bytes=64 * MIB,
    ),
    file_count_max=20,
    source_bytes_max=1 * MIB,
    test_count_max=10,
    test_bytes_max=1 * MIB,
    artifact_count_max=8,
    artifact_bytes_max=2 * MIB,
    execution_wall_seconds=30.0,
    execution_wall_seconds_max=30.0,
)

LIMITS_MIN = Limits(
    wall_seconds=0.05,
    cpu_seconds=0.05,
    memory_bytes=4 * MIB,
    processes=1,
    output_bytes=0,
    disk_bytes=64 * KIB,
)


def clip_limits(limits: Limits, maximum: Limits) -> Limits:
    """Return `limits`, each lowered to `maximum` where it is above."""
    return Limits(
        **{name: min(getattr(limits, name), getattr(maximum, name)) for name in LIMIT_NAMES}
    )


def choose_limits(
    defaults: Limits,
    requested: Mapping[str, int | float],
    maximum: Limits,
    *,
    group: str = "limits",
) -> Limits:
    """Return `defaults` with the requested values in place; refuse what lies outside the bounds.

    `group` is what the client calls these limits.
    """
    for name, value in requested.items():
        if name not in LIMIT_NAMES:
            raise LimitError(
                f"{group}.{name} is not a limit; there are {', '.join(LIMIT_NAMES)}.", limit=name
            )
        low, high = getattr(LIMITS_MIN, name), getattr(maximum, name)
        if not low <= value <= high:
            raise LimitError(
                f"{group}.{name} is {value}; it must be between {low} and {high}.", limit=name
            )
        if isinstance(low, int) and value != int(value):
            raise LimitError(f"{group}.{name} is {value}; it must be a whole number.", limit=name)
    return replace(
        defaults,
        **{name: type(getattr(LIMITS_MIN, name))(value) for name, value in requested.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a step spent. `memory_peak_bytes` is None where the platform cannot measure it."""

    wall_seconds: float = 0.0
    cpu_seconds: float | None = None
    memory_peak_bytes: int | None = None
    stdout_bytes: int = 0
    stderr_bytes: int = 0
