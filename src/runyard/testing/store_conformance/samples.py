"""Executions, requests and completions to store, and the few verbs that the cases need."""

from __future__ import annotations

from datetime import UTC, datetime

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.events import Event, EventKind
from runyard.domain.execution import (
    Execution,
    LimitHit,
    Outcome,
    Request,
    State,
    StepKind,
    StepResult,
    TestCase,
)
from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import COMPILE_LIMITS, Limits, Usage
from runyard.store.interface import Artifact, Completion, ExecutionStore, Lease

QUEUE_LENGTH_MAX = 1000
LEASE_SECONDS = 60.0
ATTEMPTS_MAX = 3


def build_request(**changes: object) -> Request:
    fields: dict[str, object] = {
        "runtime_id": "python",
        "files": (File("main.py", b"print(1)"), File("data/x.bin", b"\0\xff" * 5000, True)),
        "entry": "main.py",
        "args": ("a", "ä b"),
        "env": {"NAME": "value"},
        "stdin": b"in\xffput",
        "merge_stderr": True,
        "terminal": (24, 80),
        "compile_limits": COMPILE_LIMITS,
        "run_limits": Limits(wall_seconds=1.5),
        "execution_wall_seconds": 12.0,
        "tests": (
            TestCase(
                name="one",
                stdin=b"1",
                args=("x",),
                expected_stdout="1\n",
                checker=Checker(CheckerKind.FLOAT, 0.5),
            ),
            TestCase(name="two", stdin=b"22"),
        ),
        "artifacts": ("*.txt",),
    }
    return Request(**(fields | changes))  # type: ignore[arg-type]


def build_execution(**changes: object) -> Execution:
    fields: dict[str, object] = {
        "id": new_identifier(),
        "owner_id": None,
        "state": State.QUEUED,
        "request": build_request(),
        "created_at": datetime.now(UTC),
    }
    return Execution(**(fields | changes))  # type: ignore[arg-type]


def build_completion(**changes: object) -> Completion:
    step = StepResult(
        kind=StepKind.RUN,
        name="run",
        outcome=Outcome.TIME_LIMIT_EXCEEDED,
        exit_code=None,
        signal=9,
        limit_hit=LimitHit.WALL,
        passed=False,
        cached=True,
        message="too slow",
        usage=Usage(
            wall_seconds=1.25,
            cpu_seconds=None,
            memory_peak_bytes=3_000_000_000,
            stdout_bytes=20_000,
            stderr_bytes=1,
        ),
        stdout=b"\xff" * 20_000,
        stderr=b"e",
        stdout_truncated=True,
    )
    fields: dict[str, object] = {
        "outcome": Outcome.TIME_LIMIT_EXCEEDED,
        "message": "The program was too slow.",
        "finished_at": datetime.now(UTC),
        "steps": (step,),
        "artifacts": (Artifact(name="out.txt", content=b"o" * 10_000),),
        "events": (
            Event(1, EventKind.STATE, {"state": "queued"}),
            Event(2, EventKind.FINISHED, {"outcome": "time_limit_exceeded"}),
        ),
    }
    return Completion(**(fields | changes))  # type: ignore[arg-type]


async def insert(store: ExecutionStore, **changes: object) -> Execution:
    execution = build_execution(**changes)
    assert (await store.insert(execution, queue_length_max=QUEUE_LENGTH_MAX)).is_added
    return execution


async def claim_one(store: ExecutionStore, *, owner: str = "worker") -> tuple[Execution, Lease]:
    [claimed] = await store.claim(owner=owner, lease_seconds=LEASE_SECONDS, count=1)
    return claimed, Lease(execution_id=claimed.id, owner=owner, attempt=claimed.attempt)


async def load(store: ExecutionStore, execution_id: str) -> Execution:
    found = await store.find(execution_id)
    assert found is not None
    return found
