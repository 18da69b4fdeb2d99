"""An application whose executions are scripted: what routes are tested against."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from runyard.domain.account import Principal
from runyard.domain.errors import (
    BusyError,
    ConflictError,
    NotFoundError,
    RuntimeUnavailableError,
    TooManyAttemptsError,
    UnknownRuntimeError,
)
from runyard.domain.events import Event, EventKind
from runyard.domain.execution import (
    ArtifactRecord,
    Execution,
    Outcome,
    Request,
    State,
    StepKind,
    StepResult,
)
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import ANONYMOUS_POLICY, Limits, Policy, Usage
from runyard.domain.runtime import Command, Runtime, RuntimeState, RuntimeStatus
from runyard.domain.submission import Submission
from runyard.services.accounts.attempts import Claim, Rule
from runyard.store.interface import Progress
from runyard.telemetry import Metrics

RULE = Rule("anonymous-run", 2, 60)
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PYTHON = Runtime(
    id="python3",
    language="python",
    name="Python",
    version="3.11",
    entry="main.py",
    aliases=("python", "py"),
    extensions=("py",),
    run=Command(argv=("python3", "{entry}")),
    example="print(1)\n",
)
BROKEN = replace(PYTHON, id="broken", aliases=(), extensions=("bro",))


def finished(execution: Execution, stdout: bytes = b"hello\n") -> Execution:
    step = StepResult(
        kind=StepKind.RUN,
        name="run",
        outcome=Outcome.SUCCEEDED,
        exit_code=0,
        usage=Usage(wall_seconds=0.1, cpu_seconds=0.1, stdout_bytes=len(stdout)),
        stdout=stdout,
    )
    return replace(
        execution,
        state=State.FINISHED,
        outcome=Outcome.SUCCEEDED,
        attempt=1,
        steps=(step,),
        artifacts=(ArtifactRecord(name="out/a b.html", size_bytes=3),),
        started_at=CREATED,
        finished_at=CREATED,
    )


@dataclass
class FakeExecutions:
    """Queued executions finish when `finish` is set or somebody waits."""

    stored: dict[str, Execution] = field(default_factory=dict)
    submissions: list[Submission] = field(default_factory=list)
    policies: list[Policy | None] = field(default_factory=list)
    stdin: list[bytes] = field(default_factory=list)
    controls: list[object] = field(default_factory=list)
    finish: asyncio.Event = field(default_factory=asyncio.Event)
    busy_times: int = 0
    ends_after_input: bool = False
    failure: Exception | None = None

    async def submit(
        self,
        submission: Submission,
        *,
        owner_id: str | None = None,
        policy: Policy | None = None,
    ) -> Execution:
        self.policies.append(policy)
        if self.failure is not None:
            raise self.failure
        execution = Execution(
            id=new_identifier(),
            owner_id=owner_id,
            state=State.QUEUED,
            created_at=CREATED,
            request=Request(
                runtime_id=submission.runtime,
                files=submission.files,
                entry=submission.entry or "main.py",
                args=submission.args,
                terminal=submission.terminal,
                interactive=submission.interactive,
                tests=submission.tests,
                compile_limits=Limits(),
                run_limits=Limits(),
                execution_wall_seconds=60.0,
            ),
        )
        self.submissions.append(submission)
        self.stored[execution.id] = execution
        return execution

    async def get(self, execution_id: str) -> Execution:
        try:
            return self.stored[execution_id]
        except KeyError as error:
            raise NotFoundError("There is no execution with this id.") from error

    async def progress(self, execution_id: str) -> Progress:
        execution = await self.get(execution_id)
        return Progress(
            owner_id=execution.owner_id,
            state=execution.state,
            is_interactive=execution.request.interactive,
        )

    async def list(
        self,
        *,
        owner_id: str,
        project_id: str | None = None,
        limit: int,
        before: str | None = None,
    ) -> list[Execution]:
        own = (
            each
            for each in self.stored.values()
            if each.owner_id == owner_id and project_id in {None, each.project_id}
        )
        newest = sorted(own, key=lambda each: each.id, reverse=True)
        return [each for each in newest if before is None or each.id < before][:limit]

    async def cancel(self, execution_id: str) -> Execution:
        execution = await self.get(execution_id)
        cancelled = replace(execution, state=State.FINISHED, outcome=Outcome.CANCELLED)
        self.stored[execution_id] = cancelled
        return cancelled

    async def wait(self, execution_id: str, *, seconds_max: float) -> Execution:
        self.stored[execution_id] = finished(self.stored[execution_id])
        return self.stored[execution_id]

    async def follow(self, execution_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        events = [
            Event(1, EventKind.STATE, {"state": "running", "attempt": 1}),
            Event(2, EventKind.OUTPUT, {"stream": "stdout", "encoding": "utf-8", "text": "hé\n"}),
        ]
        for event in events:
            if event.sequence > after:
                yield event
        await self.finish.wait()
        self.stored[execution_id] = finished(self.stored[execution_id])
        if after < 3:
            yield Event(3, EventKind.FINISHED, {"outcome": "succeeded", "message": None})

    async def write_stdin(self, execution_id: str, data: bytes) -> None:
        execution = await self.get(execution_id)
        if not execution.request.interactive:
            raise ConflictError("Its stdin is not open.")
        if self.busy_times:
            self.busy_times -= 1
            raise BusyError("The program reads too slowly.")
        self.stdin.append(data)

    async def close_stdin(self, execution_id: str) -> None:
        if self.ends_after_input:
            raise ConflictError("It is finished.")
        self.controls.append("eof")
        self.finish.set()

    async def resize(self, execution_id: str, rows: int, columns: int) -> None:
        self.controls.append((rows, columns))

    async def signal(self, execution_id: str, number: int) -> None:
        self.controls.append(number)

    async def read_artifact(self, execution_id: str, name: str) -> bytes:
        await self.get(execution_id)
        if name != "out/a b.html":
            raise NotFoundError("There is no such artifact.")
        return b"<p>"


class FakeRuntimes:
    def list(self) -> list[RuntimeStatus]:
        return [
            RuntimeStatus(runtime=PYTHON, state=RuntimeState.AVAILABLE),
            RuntimeStatus(runtime=BROKEN, state=RuntimeState.UNAVAILABLE, reason="no compiler"),
        ]

    def view(self, name: str) -> RuntimeStatus:
        for status in self.list():
            if name in {status.runtime.id, *status.runtime.aliases}:
                return status
        raise UnknownRuntimeError(f"There is no runtime {name!r}.")

    def find(self, name_or_alias: str) -> Runtime:
        if name_or_alias == "broken":
            raise RuntimeUnavailableError("Runtime 'broken' is not available: no compiler.")
        if name_or_alias not in ("python3", *PYTHON.aliases):
            raise UnknownRuntimeError(f"There is no runtime {name_or_alias!r}.")
        return PYTHON


@dataclass
class FakeSettings:
    host: str = "127.0.0.1"
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    anonymous_owner_id: str | None = "local"
    policy: Policy = field(default_factory=Policy)
    trusted_proxies: tuple[str, ...] = ()
    # Whether the package has a build depends on who runs the tests.
    web: bool = False
    web_dir: Path | None = None


@dataclass
class FakeLiveSettings:
    is_anonymous_allowed: bool = True
    anonymous_rule: Rule = RULE


@dataclass
class FakeAttempts:
    spent: list[Claim] = field(default_factory=list)

    async def spend(self, *claims: Claim) -> None:
        for rule, key in claims:
            self.spent.append((rule, key))
            if self.spent.count((rule, key)) > rule.count_max:
                raise TooManyAttemptsError("Too many.", retry_after_seconds=42)


@dataclass
class FakeAccounts:
    """Nobody has one."""

    attempts: FakeAttempts = field(default_factory=FakeAttempts)


class FakePolicies:
    def find(self, principal: Principal, _runtime_id: str | None = None) -> Policy:
        return ANONYMOUS_POLICY if principal.owner_id is None else Policy()


@dataclass
class FakeHealth:
    is_ready: bool = True
    checks: dict[str, bool] = field(default_factory=lambda: {"store": True})


@dataclass
class FakeApplication:
    settings: FakeSettings = field(default_factory=FakeSettings)
    live_settings: FakeLiveSettings = field(default_factory=FakeLiveSettings)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    runtimes: FakeRuntimes = field(default_factory=FakeRuntimes)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    policies: FakePolicies = field(default_factory=FakePolicies)
    metrics: Metrics = field(default_factory=Metrics)
    standing: FakeHealth = field(default_factory=FakeHealth)

    async def health(self) -> FakeHealth:
        return self.standing
