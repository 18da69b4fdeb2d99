"""What a client asks for, before anything was checked or any default chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

from runyard.domain.execution import TestCase
from runyard.domain.files import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """`services.admission` turns it into a Request or says which number is wrong.

    `limits` and `compile_limits` hold only what the client chose, by the names of Limits.
    """

    runtime: str
    files: tuple[File, ...]
    entry: str | None = None
    args: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    # Names and versions, as in Request; no client sends them.
    secrets: dict[str, int] = field(default_factory=dict)
    stdin: bytes = b""
    interactive: bool = False
    merge_stderr: bool = False
    # Rows and columns, or None for pipes.
    terminal: tuple[int, int] | None = None
    limits: dict[str, int | float] = field(default_factory=dict)
    compile_limits: dict[str, int | float] = field(default_factory=dict)
    execution_wall_seconds: float | None = None
    tests: tuple[TestCase, ...] = ()
    artifacts: tuple[str, ...] = ()
    # As in Request; the project says it.
    keeps_data: bool = False
