"""The port for records. The store is the truth and the queue: an execution is one row, workers
claim rows with a lease, and every write of a worker is fenced by (lease owner, attempt).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from runyard.domain.events import Event
from runyard.domain.execution import Execution, Outcome, State, StepResult
from runyard.domain.files import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A worker's temporary right to one attempt of one execution."""

    execution_id: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFiles:
    """What a run left in the /data of its project: all of it, paths relative to that."""

    project_id: str
    owner_id: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """How an execution ended, with everything that is recorded about it."""

    outcome: Outcome
    message: str | None = None
    finished_at: datetime
    steps: tuple[StepResult, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    # None leaves it as it was.
    data: LeftFiles | None = None
    events: tuple[Event, ...] = ()
    # Whose account what it spent is put down to.
    spender_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What the owner of an execution may have altogether; None is without a bound. `cpu_us` is what
    the execution itself may spend.
    """

    active_count_max: int | None = None
    executions_per_minute_max: int | None = None
    cpu_us_per_day_max: int | None = None
    cpu_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The bound of a quota that is reached, and when it is worth to ask again. Of CPU time it says
    what is spent, and what is granted to executions that are not finished.
    """

    limit: str
    retry_after_seconds: int
    cpu_us: int = 0
    cpu_granted_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Whose an execution is and how far it got, without what it was asked or printed."""

    owner_id: str | None
    state: State
    is_interactive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    execution_id: str
    attempt: int
    is_cancel_requested: bool
    is_superseded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAttempt:
    """An attempt whose worker died; `outcome` is None where it goes back into the queue."""

    execution_id: str
    attempt: int
    outcome: Outcome | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Of one owner today, in UTC: what finished executions spent, how many there were, and what is
    granted to those that are not finished.
    """

    cpu_us: int = 0
    execution_count: int = 0
    cpu_granted_us: int = 0


class Rivals(StrEnum):
    """What becomes of the others when an execution is to run alone in its project."""

    # They end, and it takes their place.
    SUPERSEDE = "supersede"
    # It waits until they are finished.
    QUEUE = "queue"
    # They go on, and it is not added.
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What became of an execution that was to be added. `refusal` is what its owner's quota says
    against it. Of one that is to run alone: `same` is an unfinished one of the same request, which
    takes its place; `rival` one because of which it was not added; `superseded` are those that have
    to end, with whether they are queued. `behind` is the id of one before which its own would sort:
    it has to have another one.
    """

    is_added: bool = False
    is_full: bool = False
    refusal: Refusal | None = None
    behind: str | None = None
    same: str | None = None
    rival: str | None = None
    superseded: tuple[tuple[str, bool], ...] = ()


class ExecutionStore(Protocol):
    """Every method is one transaction. A write that returns False changed nothing, because the
    execution had moved on or the lease belongs to somebody else.
    """

    @property
    def keeps_order(self) -> bool:
        """Whether a write sees all that was asked to be written before it, so that a claim may be
        asked for right behind an insert.
        """
        ...

    async def insert(
        self, execution: Execution, *, queue_length_max: int, quota: Quota | None = None
    ) -> Admission:
        """Add a queued execution, unless the queue is full or its owner's quota is used up."""
        ...

    async def insert_alone(
        self,
        execution: Execution,
        *,
        run_key: str,
        rivals: Rivals,
        queue_length_max: int,
        quota: Quota | None = None,
    ) -> Admission:
        """Add a queued execution of a project that is to run alone there among those of its owner
        that were added by this. It is claimed once all those before it are finished. `run_key` is
        the same for requests that are the same.
        """
        ...

    async def find(self, execution_id: str) -> Execution | None: ...

    async def find_progress(self, execution_id: str) -> Progress | None: ...

    async def list(
        self, *, owner_id: str, project_id: str | None = None, limit: int, before: str | None
    ) -> Sequence[Execution]:
        """Return an owner's, or those of one project of his, the newest first, with ids below
        `before`. The content of files, stdin and the output of steps are left empty.
        """
        ...

    async def claim(self, *, owner: str, lease_seconds: float, count: int) -> Sequence[Execution]:
        """Take up to `count` of the queued executions, by turn: the oldest of each owner, then the
        second of each, and so on. Each is then starting, with a new attempt that `owner` holds. No
        two callers get the same one.
        """
        ...

    async def mark_running(self, lease: Lease, *, exchanged: bool) -> bool:
        """Move to running. `exchanged` records for ever that output or stdin passed between the
        program and a client, so that this attempt is the last.
        """
        ...

    async def finish(self, lease: Lease, completion: Completion) -> bool: ...

    async def finish_queued(self, execution_id: str, completion: Completion) -> bool:
        """Finish an execution that no worker has claimed."""
        ...

    async def requeue(self, lease: Lease, *, attempts_max: int) -> bool:
        """Give an attempt back. False also if something was exchanged or attempts are used up."""
        ...

    async def request_cancel(self, execution_id: str) -> bool:
        """Leave word for the worker of an unfinished execution, and for its recovery."""
        ...

    async def renew(
        self, *, owner: str, execution_ids: Collection[str], lease_seconds: float
    ) -> Sequence[Renewal]:
        """Prolong leases and return those that `owner` still holds."""
        ...

    async def lease_owners(self) -> Sequence[str]: ...

    async def recover(
        self, *, dead_owners: Collection[str], attempts_max: int
    ) -> Sequence[LostAttempt]:
        """End attempts whose lease expired or whose owner is dead. They are queued again if
        nothing was exchanged, no cancel is wanted and attempts are left, otherwise finished.
        """
        ...

    async def read_events(self, execution_id: str, *, after: int) -> Sequence[Event]:
        """Return the events of a finished execution."""
        ...

    async def read_artifact(self, execution_id: str, name: str) -> bytes | None: ...

    async def delete_finished(self, *, before: datetime, count_max: int) -> int:
        """Delete up to `count_max` executions that finished before a moment, with all they own."""
        ...

    async def count_queued(self) -> int: ...

    async def find_spending(self, owner_id: str) -> Spending:
        """Return what an owner's executions spent and may spend today."""
        ...

    async def aclose(self) -> None: ...
