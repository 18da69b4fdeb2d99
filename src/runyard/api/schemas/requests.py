"""What clients send: strict, without unknown fields, every field bounded.

Bounds that an operator can move are the policy's; services/admission.py checks those and says the
number. The ones here only keep fields that no policy knows within reason.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.errors import InvalidRequestError
from runyard.domain.execution import TestCase
from runyard.domain.files import PATH_BYTES_MAX, File
from runyard.domain.submission import Submission

RUNTIME_CHARACTERS_MAX = 100
NAME_CHARACTERS_MAX = 200
TERMINAL_SIDE_MAX = 1000
# The policy may allow less; no policy allows more.
WAIT_SECONDS_MAX = 300.0
STDIN_MESSAGE_CHARACTERS_MAX = 1024 * 1024

Encoding = Literal["utf-8", "base64"]
Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
FilePath = Annotated[
    str, Field(min_length=1, max_length=PATH_BYTES_MAX, description="Relative, '/' between.")
]


class StrictBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class FileBody(StrictBody):
    path: FilePath
    content: str
    encoding: Encoding = "utf-8"
    executable: bool = False


class LimitsBody(StrictBody):
    """What to choose other than the runtime's defaults, up to the policy's maximum."""

    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    memory_bytes: int | None = None
    processes: int | None = None
    output_bytes: int | None = Field(default=None, description="For stdout and stderr each.")
    disk_bytes: int | None = Field(default=None, description="For /work and /tmp each.")


class CheckerBody(StrictBody):
    # Members of an enumeration arrive as text.
    kind: CheckerKind = Field(default=CheckerKind.LINES, strict=False)
    tolerance: float = Field(default=1e-6, ge=0, le=1e6)


class TestBody(StrictBody):
    # pytest collects classes of this name otherwise.
    __test__ = False

    name: Name
    stdin: str = ""
    stdin_encoding: Encoding = "utf-8"
    args: list[str] = Field(default_factory=list)
    expected_stdout: str | None = None
    checker: CheckerBody = CheckerBody()


class TerminalBody(StrictBody):
    rows: int = Field(default=24, ge=1, le=TERMINAL_SIDE_MAX)
    columns: int = Field(default=80, ge=1, le=TERMINAL_SIDE_MAX)


class RunBody(StrictBody):
    """What can be asked for wherever code is run."""

    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    stdin: str = ""
    stdin_encoding: Encoding = "utf-8"
    limits: LimitsBody = LimitsBody()
    compile_limits: LimitsBody = LimitsBody()
    execution_wall_seconds: float | None = Field(
        default=None, description="For all steps and tests together."
    )
    tests: list[TestBody] = Field(default_factory=list)
    artifacts: list[FilePath] = Field(
        default_factory=list, description="Patterns of files to keep, 'out/*.png' for example."
    )
    interactive: bool = Field(default=False, description="Keep stdin open for later input.")
    terminal: TerminalBody | None = None
    merge_stderr: bool = Field(default=False, description="One pipe for both streams.")
    wait: float = Field(
        default=0.0,
        ge=0,
        le=WAIT_SECONDS_MAX,
        description="Seconds to wait for the end before answering; the policy may cut it.",
    )


class ExecutionBody(RunBody):
    """One request to run code."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "runtime": "python3",
                    "files": [{"path": "main.py", "content": "print(6 * 7)"}],
                    "wait": 10,
                }
            ]
        }
    )

    runtime: str = Field(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)
    files: list[FileBody] = Field(min_length=1)
    entry: FilePath | None = Field(default=None, description="By default the runtime's.")


class StdinBody(StrictBody):
    data: str = Field(default="", max_length=STDIN_MESSAGE_CHARACTERS_MAX)
    encoding: Encoding = "utf-8"
    eof: bool = Field(default=False, description="Close stdin after the data.")


def build_submission(body: ExecutionBody) -> Submission:
    return replace(
        build_run(body),
        runtime=body.runtime,
        files=tuple(build_file(file, f"files[{index}]") for index, file in enumerate(body.files)),
        entry=body.entry,
    )


def build_run(body: RunBody) -> Submission:
    """Return what is asked for, without the code that it is to be run with."""
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
        tests=tuple(_build_test(test, index) for index, test in enumerate(body.tests)),
        artifacts=tuple(body.artifacts),
    )


def decode(text: str, encoding: Encoding, *, field: str) -> bytes:
    if encoding == "utf-8":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(f"{field} is not valid base64: {error}.", field=field) from error


def build_file(file: FileBody, place: str) -> File:
    """Return the file; `place` is what the client calls it."""
    content = decode(file.content, file.encoding, field=f"{place}.content")
    return File(file.path, content, executable=file.executable)


def _build_test(test: TestBody, index: int) -> TestCase:
    return TestCase(
        name=test.name,
        stdin=decode(test.stdin, test.stdin_encoding, field=f"tests[{index}].stdin"),
        args=tuple(test.args),
        expected_stdout=test.expected_stdout,
        checker=Checker(test.checker.kind, test.checker.tolerance),
    )
