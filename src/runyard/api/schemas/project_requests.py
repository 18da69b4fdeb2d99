"""What clients send about projects. How large a project may be, the policy says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runyard.api.schemas.requests import (
    RUNTIME_CHARACTERS_MAX,
    Encoding,
    FileBody,
    FilePath,
    LimitsBody,
    TerminalBody,
    TestBody,
    build_file,
    build_test,
    decode,
)
from runyard.domain.project import Change, Setup, Visibility
from runyard.domain.submission import Submission

# Longer than what the domain allows, which tells the number.
TEXT_CHARACTERS_MAX = 10_000
WAIT_SECONDS_MAX = 300.0

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class SetupBody(_Body):
    """How the project is run."""

    runtime: str = Field(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)
    entry: FilePath | None = Field(default=None, description="By default the runtime's.")
    args: list[str] = Field(default_factory=list)
    stdin: str = ""
    stdin_encoding: Encoding = "utf-8"
    env: dict[str, str] = Field(default_factory=dict)


class ProjectBody(_Body):
    name: Text
    description: Text = ""
    setup: SetupBody
    files: list[FileBody] = Field(default_factory=list)


class ProjectChangeBody(_Body):
    name: Text | None = None
    description: Text | None = None


class SharingBody(_Body):
    visibility: Visibility = Field(strict=False)
    tags: list[Text] | None = Field(default=None, description="null: as they were.")


class MoveBody(_Body):
    source: FilePath
    target: FilePath


class SaveBody(_Body):
    """What differs from the revision that If-Match names. A folder's path stands for all in it."""

    put: list[FileBody] = Field(default_factory=list, description="New files, and new contents.")
    remove: list[FilePath] = Field(default_factory=list)
    move: list[MoveBody] = Field(default_factory=list)
    setup: SetupBody | None = Field(default=None, description="null: as it was.")
    replaces: bool = Field(default=False, description="`put` has all files there are to be.")


class RunProjectBody(_Body):
    """What is asked for beside what the revision says."""

    revision: int | None = Field(default=None, ge=1, description="null: the newest.")
    args: list[str] = Field(default_factory=list, description="In place of the revision's.")
    env: dict[str, str] = Field(default_factory=dict, description="Beside the revision's.")
    stdin: str = Field(default="", description="In place of the revision's.")
    stdin_encoding: Encoding = "utf-8"
    limits: LimitsBody = LimitsBody()
    compile_limits: LimitsBody = LimitsBody()
    execution_wall_seconds: float | None = None
    tests: list[TestBody] = Field(default_factory=list)
    artifacts: list[FilePath] = Field(default_factory=list)
    interactive: bool = False
    terminal: TerminalBody | None = None
    merge_stderr: bool = False
    wait: float = Field(default=0.0, ge=0, le=WAIT_SECONDS_MAX)


BODIES: tuple[type[BaseModel], ...] = (
    ProjectBody,
    ProjectChangeBody,
    RunProjectBody,
    SaveBody,
    SharingBody,
)


def build_setup(body: SetupBody) -> Setup:
    return Setup(
        runtime=body.runtime,
        entry=body.entry,
        args=tuple(body.args),
        stdin=decode(body.stdin, body.stdin_encoding, field="setup.stdin"),
        env=body.env,
    )


def build_change(body: SaveBody) -> Change:
    return Change(
        put=tuple(build_file(file, f"put[{index}]") for index, file in enumerate(body.put)),
        remove=tuple(body.remove),
        move=tuple((each.source, each.target) for each in body.move),
        setup=None if body.setup is None else build_setup(body.setup),
        replaces=body.replaces,
    )


def build_first_change(body: ProjectBody) -> Change:
    files = (build_file(file, f"files[{index}]") for index, file in enumerate(body.files))
    return Change(put=tuple(files), setup=build_setup(body.setup), replaces=True)


def build_run(body: RunProjectBody) -> Submission:
    """Return what is asked for; runtime and files are the revision's."""
    return Submission(
        runtime="",
        files=(),
        args=tuple(body.args),
        env=body.env,
        stdin=decode(body.stdin, body.stdin_encoding, field="stdin"),
        interactive=body.interactive,
        merge_stderr=body.merge_stderr,
        terminal=None if body.terminal is None else (body.terminal.rows, body.terminal.columns),
        limits=body.limits.model_dump(exclude_none=True),
        compile_limits=body.compile_limits.model_dump(exclude_none=True),
        execution_wall_seconds=body.execution_wall_seconds,
        tests=tuple(build_test(test, index) for index, test in enumerate(body.tests)),
        artifacts=tuple(body.artifacts),
    )
