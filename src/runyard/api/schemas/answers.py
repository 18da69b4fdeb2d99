"""The models that describe what the server answers; OpenAPI is generated from them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from runyard.domain.execution import LimitHit, Outcome, State, StepKind
from runyard.domain.runtime import RuntimeState

Encoding = Literal["utf-8", "base64"]


class StrictAnswer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UsageAnswer(StrictAnswer):
    wall_seconds: float
    cpu_seconds: float | None
    memory_peak_bytes: int | None
    stdout_bytes: int
    stderr_bytes: int


class StepAnswer(StrictAnswer):
    kind: StepKind
    name: str
    outcome: Outcome
    exit_code: int | None
    signal: int | None
    limit_hit: LimitHit | None
    passed: bool | None = Field(description="Of a test: whether the output was as expected.")
    cached: bool = Field(
        description="Of a compile step: whether it was not run, because the same was built before; "
        "everything else is then as it was at that time."
    )
    message: str | None
    usage: UsageAnswer
    stdout: str
    stdout_encoding: Encoding = Field(description="base64 where the bytes are not UTF-8.")
    stdout_truncated: bool
    stderr: str
    stderr_encoding: Encoding
    stderr_truncated: bool


class TestsAnswer(StrictAnswer):
    # pytest collects classes of this name otherwise.
    __test__ = False

    total: int
    passed: int


class ArtifactAnswer(StrictAnswer):
    name: str
    size_bytes: int


class LimitsAnswer(StrictAnswer):
    wall_seconds: float
    cpu_seconds: float
    memory_bytes: int
    processes: int
    output_bytes: int
    disk_bytes: int


class ExecutionSummary(StrictAnswer):
    id: str
    state: State
    outcome: Outcome | None
    message: str | None
    attempt: int
    runtime: str
    entry: str
    project: str | None = Field(description="The id of the project whose revision was run.")
    revision: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class TerminalAnswer(StrictAnswer):
    rows: int
    columns: int


class ExecutionAnswer(ExecutionSummary):
    args: list[str]
    interactive: bool = Field(description="Whether it can be given input while it runs.")
    terminal: TerminalAnswer | None = Field(description="What it was started with, if it has one.")
    limits: LimitsAnswer
    compile_limits: LimitsAnswer
    execution_wall_seconds: float
    steps: list[StepAnswer]
    tests: TestsAnswer | None
    artifacts: list[ArtifactAnswer]


class ExecutionsAnswer(StrictAnswer):
    """Newest first; pass `next_before` as `before` for the following page."""

    items: list[ExecutionSummary]
    next_before: str | None


class RuntimeAnswer(StrictAnswer):
    id: str
    language: str
    name: str
    version: str
    description: str
    state: RuntimeState
    reason: str | None = Field(description="Why it is unavailable.")
    deprecated: bool = Field(description="It runs, but nothing should be begun with it.")
    message: str | None = Field(description="Why it is deprecated or no longer there.")
    replacement: str | None = Field(description="The id of what to use instead.")
    default: bool = Field(description="Whether the language's name finds it.")
    entry: str = Field(description="The file that is run unless the request names one.")
    aliases: list[str]
    extensions: list[str]
    compiled: bool
    limits: LimitsAnswer
    compile_limits: LimitsAnswer
    example: str


class RuntimesAnswer(StrictAnswer):
    items: list[RuntimeAnswer]


class HealthAnswer(StrictAnswer):
    status: Literal["ok"]


class ReadinessAnswer(StrictAnswer):
    ready: bool
    checks: dict[str, bool]


class FieldErrorAnswer(StrictAnswer):
    field: str
    message: str


class ProblemAnswer(BaseModel):
    """An RFC 9457 problem. Further members say which number was wrong."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str = Field(description="Stable; what a program may switch on.")
    detail: str = Field(description="For a person.")
    retry: bool = Field(description="Whether the same request may succeed later.")
    errors: list[FieldErrorAnswer] | None = None
    request_id: str | None = None
