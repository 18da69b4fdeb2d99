"""What administrators send about runtimes. What a definition may hold, the services say."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, Field

from runyard.api.schemas.requests import (
    RUNTIME_CHARACTERS_MAX,
    Encoding,
    FileBody,
    FilePath,
    StrictBody,
    build_file,
    decode,
)
from runyard.domain.runtime import Lifecycle
from runyard.domain.submission import Submission
from runyard.services.runtime_administration import MESSAGE_CHARACTERS_MAX
from runyard.services.runtime_definition import PRINTABLE, RuntimeDefinition


class LifecycleBody(StrictBody):
    # Members of an enumeration arrive as text.
    lifecycle: Lifecycle = Field(strict=False)
    message: str = Field(
        default="",
        max_length=MESSAGE_CHARACTERS_MAX,
        pattern=rf"^$|{PRINTABLE}",
        description="Said to those who use it: why, and until when.",
    )
    replacement: Annotated[str, Field(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)] | None = (
        Field(default=None, description="Another runtime, by id or alias.")
    )


class TrialProgramBody(StrictBody):
    """A program to run in place of the self-test, with the runtime's own limits."""

    files: list[FileBody] = Field(min_length=1)
    entry: FilePath | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    stdin: str = ""
    stdin_encoding: Encoding = "utf-8"


class TrialBody(StrictBody):
    definition: RuntimeDefinition | None = Field(
        default=None, description="A draft, as it could be saved; null: the runtime as it is."
    )
    program: TrialProgramBody | None = Field(default=None, description="null: the self-test.")


BODIES: tuple[type[BaseModel], ...] = (LifecycleBody, RuntimeDefinition, TrialBody)


def build_program(body: TrialProgramBody | None, runtime_id: str) -> Submission | None:
    if body is None:
        return None
    submission = Submission(runtime=runtime_id, files=(), args=tuple(body.args), env=body.env)
    return replace(
        submission,
        files=tuple(
            build_file(file, f"program.files[{index}]") for index, file in enumerate(body.files)
        ),
        entry=body.entry,
        stdin=decode(body.stdin, body.stdin_encoding, field="program.stdin"),
    )
