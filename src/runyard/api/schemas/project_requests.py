"""What clients send about projects. How large a project may be, the policy says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from runyard.api.schemas.requests import (
    RUNTIME_CHARACTERS_MAX,
    Encoding,
    FileBody,
    FilePath,
    RunBody,
    StrictBody,
    build_file,
    decode,
)
from runyard.domain.project import Change, Setup, Visibility

# Longer than what the domain allows, which tells the number.
TEXT_CHARACTERS_MAX = 10_000

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class SetupBody(StrictBody):
    """How the project is run."""

    runtime: str = Field(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)
    entry: FilePath | None = Field(default=None, description="By default the runtime's.")
    args: list[str] = Field(default_factory=list)
    stdin: str = ""
    stdin_encoding: Encoding = "utf-8"
    env: dict[str, str] = Field(default_factory=dict)


class ProjectBody(StrictBody):
    name: Text
    description: Text = ""
    setup: SetupBody
    files: list[FileBody] = Field(default_factory=list)


class ProjectChangeBody(StrictBody):
    name: Text | None = None
    description: Text | None = None
    keeps_data: bool | None = Field(default=None, description="Keep /data across runs.")


class SharingBody(StrictBody):
    visibility: Visibility = Field(strict=False)
    tags: list[Text] | None = Field(default=None, description="null: as they were.")


class SecretBody(StrictBody):
    value: str


class MoveBody(StrictBody):
    source: FilePath
    target: FilePath


class SaveBody(StrictBody):
    """What differs from the revision that If-Match names. A folder's path stands for all in it."""

    put: list[FileBody] = Field(default_factory=list, description="New files, and new contents.")
    remove: list[FilePath] = Field(default_factory=list)
    move: list[MoveBody] = Field(default_factory=list)
    setup: SetupBody | None = Field(default=None, description="null: as it was.")
    replaces: bool = Field(default=False, description="`put` has all files there are to be.")


class RunProjectBody(RunBody):
    """What is asked for beside what the revision says: `env` is added to the revision's, `args` and
    `stdin` take the place of the revision's.
    """

    revision: int | None = Field(default=None, ge=1, description="null: the newest.")


BODIES: tuple[type[BaseModel], ...] = (
    ProjectBody,
    ProjectChangeBody,
    RunProjectBody,
    SaveBody,
    SecretBody,
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
