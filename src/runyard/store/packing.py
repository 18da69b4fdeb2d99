"""Turns requests, steps and events into columns and back."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.events import Event, EventKind
from runyard.domain.execution import (
    LimitHit,
    Outcome,
    Request,
    StepKind,
    StepResult,
    TestCase,
)
from runyard.domain.files import File
from runyard.domain.limits import MIB, Limits, Usage

# Below it compression costs more time than it saves space.
_COMPRESS_BYTES_MIN = 4096
# Of requests that were stored before they had their own.
_ARTIFACT_CAPS = (32, 8 * MIB)
_PLAIN, _COMPRESSED = b"\0", b"\1"


def pack(content: bytes) -> bytes:
    if len(content) < _COMPRESS_BYTES_MIN:
        return _PLAIN + content
    return _COMPRESSED + zlib.compress(content, 1)


def unpack(packed: bytes) -> bytes:
    return zlib.decompress(packed[1:]) if packed[:1] == _COMPRESSED else packed[1:]


def pack_text(text: str | None) -> str | None:
    """Return what every database can hold: PostgreSQL refuses NUL, SQLite tools stop at it."""
    return text and text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def pack_request(request: Request) -> tuple[str, bytes]:
    """Return the JSON body and the packed bytes it describes."""
    return _describe(request), pack(b"".join(_contents(request)))


def fingerprint(request: Request) -> str:
    """Return what is the same for requests that ask for the same."""
    digest = hashlib.sha256(_describe(request).encode() + b"\0")
    for content in _contents(request):
        digest.update(content)
    return digest.hexdigest()


def _contents(request: Request) -> list[bytes]:
    return [
        *(file.content for file in request.files),
        request.stdin,
        *(test.stdin for test in request.tests),
    ]


def _describe(request: Request) -> str:
    """Return all but the bytes, with their sizes."""
    body = {
        "runtime_id": request.runtime_id,
        "entry": request.entry,
        "files": [[file.path, len(file.content), file.executable] for file in request.files],
        "args": request.args,
        "env": request.env,
        "secrets": request.secrets,
        "stdin": len(request.stdin),
        "interactive": request.interactive,
        "merge_stderr": request.merge_stderr,
        "terminal": request.terminal,
        "compile_limits": asdict(request.compile_limits),
        "run_limits": asdict(request.run_limits),
        "execution_wall_seconds": request.execution_wall_seconds,
        "tests": [
            [
                test.name,
                len(test.stdin),
                test.args,
                test.expected_stdout,
                test.checker.kind,
                test.checker.tolerance,
            ]
            for test in request.tests
        ],
        "artifacts": request.artifacts,
        "artifact_caps": [request.artifact_count_max, request.artifact_bytes_max],
        "keeps_data": request.keeps_data,
        "project_bytes_max": request.project_bytes_max,
    }
    return json.dumps(body, separators=(",", ":"))


def unpack_request(body: str, contents: bytes | None) -> Request:
    """Return the request; without `contents` its files and stdin are empty."""
    stored = json.loads(body)
    take = _Cutter(None if contents is None else unpack(contents))
    files = tuple(File(path, take(size), executable) for path, size, executable in stored["files"])
    stdin = take(stored["stdin"])
    artifact_count_max, artifact_bytes_max = stored.get("artifact_caps", _ARTIFACT_CAPS)
    return Request(
        runtime_id=stored["runtime_id"],
        files=files,
        entry=stored["entry"],
        args=tuple(stored["args"]),
        env=stored["env"],
        # Missing in what was stored before there were any.
        secrets=stored.get("secrets", {}),
        stdin=stdin,
        interactive=stored["interactive"],
        merge_stderr=stored["merge_stderr"],
        terminal=None if stored["terminal"] is None else tuple(stored["terminal"]),
        compile_limits=Limits(**stored["compile_limits"]),
        run_limits=Limits(**stored["run_limits"]),
        execution_wall_seconds=stored["execution_wall_seconds"],
        tests=tuple(
            TestCase(
                name=name,
                stdin=take(size),
                args=tuple(args),
                expected_stdout=expected,
                checker=Checker(CheckerKind(kind), tolerance),
            )
            for name, size, args, expected, kind, tolerance in stored["tests"]
        ),
        artifacts=tuple(stored["artifacts"]),
        artifact_count_max=artifact_count_max,
        artifact_bytes_max=artifact_bytes_max,
        keeps_data=stored.get("keeps_data", False),
        project_bytes_max=stored.get("project_bytes_max", 0),
    )


class _Cutter:
    def __init__(self, content: bytes | None) -> None:
        self._content = content
        self._offset = 0

    def __call__(self, size: int) -> bytes:
        if self._content is None:
            return b""
        start, self._offset = self._offset, self._offset + size
        return self._content[start : self._offset]


def pack_steps(execution_id: str, steps: Sequence[StepResult]) -> list[dict[str, Any]]:
    return [
        {
            "execution_id": execution_id,
            "position": position,
            "kind": step.kind,
            "name": step.name,
            "outcome": step.outcome,
            "exit_code": step.exit_code,
            "signal": step.signal,
            "limit_hit": step.limit_hit,
            "passed": step.passed,
            "cached": step.cached,
            "message": pack_text(step.message),
            "wall_seconds": step.usage.wall_seconds,
            "cpu_seconds": step.usage.cpu_seconds,
            "memory_peak_bytes": step.usage.memory_peak_bytes,
            "stdout_bytes": step.usage.stdout_bytes,
            "stderr_bytes": step.usage.stderr_bytes,
            "stdout_truncated": step.stdout_truncated,
            "stderr_truncated": step.stderr_truncated,
            "stdout": pack(step.stdout),
            "stderr": pack(step.stderr),
        }
        for position, step in enumerate(steps)
    ]


def unpack_step(row: Row[Any], *, with_output: bool = True) -> StepResult:
    return StepResult(
        kind=StepKind(row.kind),
        name=row.name,
        outcome=Outcome(row.outcome),
        exit_code=row.exit_code,
        signal=row.signal,
        limit_hit=None if row.limit_hit is None else LimitHit(row.limit_hit),
        passed=row.passed,
        cached=row.cached,
        message=row.message,
        usage=Usage(
            wall_seconds=row.wall_seconds,
            cpu_seconds=row.cpu_seconds,
            memory_peak_bytes=row.memory_peak_bytes,
            stdout_bytes=row.stdout_bytes,
            stderr_bytes=row.stderr_bytes,
        ),
        stdout=unpack(row.stdout) if with_output else b"",
        stderr=unpack(row.stderr) if with_output else b"",
        stdout_truncated=row.stdout_truncated,
        stderr_truncated=row.stderr_truncated,
    )


def pack_events(events: Iterable[Event]) -> bytes:
    lines = (json.dumps([event.sequence, event.kind, event.data]) for event in events)
    return pack("\n".join(lines).encode())


def unpack_events(packed: bytes, *, after: int) -> list[Event]:
    stored = (json.loads(line) for line in unpack(packed).splitlines())
    return [
        Event(sequence, EventKind(kind), fields)
        for sequence, kind, fields in stored
        if sequence > after
    ]
