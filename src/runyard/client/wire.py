"""Between the SDK's values and the API's JSON; no I/O, shared by the sync and the async client."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from runyard.client.errors import Problem, UnexpectedAnswerError, UnusableTokenError, build_error
from runyard.client.models import (
    Artifact,
    Case,
    Event,
    Execution,
    ExecutionPage,
    Files,
    RunOptions,
    Runtime,
    SourceFile,
    Step,
    Usage,
)

API_PREFIX = "/api/v1"
EXECUTIONS = f"{API_PREFIX}/executions"
RUNTIMES = f"{API_PREFIX}/runtimes"
SERVER_VARIABLE = "RUNYARD_SERVER"
SERVER_DEFAULT = "http://127.0.0.1:8080"
TOKEN_VARIABLE = "RUNYARD_TOKEN"  # noqa: S105  A name, not a token.
_TOKEN = re.compile(r"[!-~]+")


def choose_server(server: str | None) -> str:
    return server or os.environ.get(SERVER_VARIABLE) or SERVER_DEFAULT


def choose_token(token: str | None) -> str | None:
    """Return the token to send, or None for none, which "" asks for.

    Raises UnusableTokenError.
    """
    chosen = (os.environ.get(TOKEN_VARIABLE, "") if token is None else token).strip()
    # Whatever refused it as a part of a header would repeat it in its message.
    if chosen and not _TOKEN.fullmatch(chosen):
        raise UnusableTokenError("The token has characters that no token has.")
    return chosen or None


def render_authorization(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def execution_path(execution_id: str, suffix: str = "") -> str:
    return f"{EXECUTIONS}/{quote(execution_id, safe='')}{suffix}"


def artifact_path(execution_id: str, name: str) -> str:
    return execution_path(execution_id, f"/artifacts/{quote(name)}")


def runtime_path(name: str) -> str:
    return f"{RUNTIMES}/{quote(name, safe='')}"


def render_submission(
    runtime: str, files: Files, options: RunOptions, *, wait: float | None = None
) -> dict[str, Any]:
    """Return the body of POST /executions."""
    body = {"runtime": runtime, "files": render_files(files)}
    return body | render_options(options, wait=wait)


def render_files(files: Files | None) -> list[dict[str, Any]]:
    return [_render_file(file) for file in _expand(files or {})]


def render_options(options: RunOptions, *, wait: float | None = None) -> dict[str, Any]:
    body: dict[str, Any] = {}
    fields: dict[str, Any] = dict(options)
    if "stdin" in fields:
        body["stdin"], body["stdin_encoding"] = render_content(fields.pop("stdin"))
    if "tests" in fields:
        body["tests"] = [_render_case(case) for case in fields.pop("tests")]
    if "terminal" in fields:
        rows, columns = fields.pop("terminal")
        body["terminal"] = {"rows": rows, "columns": columns}
    if wait is not None:
        body["wait"] = wait
    return body | fields


def render_given(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given; what is None is the server's to choose."""
    return {name: value for name, value in fields.items() if value is not None}


def render_content(content: str | bytes) -> tuple[str, str]:
    """Return the content as JSON can hold it, and how it is encoded."""
    if isinstance(content, str):
        return content, "utf-8"
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(content).decode("ascii"), "base64"


def parse_content(text: str, encoding: str) -> bytes:
    return base64.b64decode(text) if encoding == "base64" else text.encode()


def describe_failure(server: str, error: Exception) -> str:
    reason = str(error) or type(error).__name__
    return f"Cannot talk to the server at {server}: {reason}."


def parse_answer(response: httpx.Response) -> Any:
    """Return the JSON of a successful response, or raise what the problem stands for."""
    if response.is_success:
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise UnexpectedAnswerError(
                f"{response.request.url} did not answer with JSON; is this a Runyard server?"
            ) from error
    raise build_error(parse_problem(response))


def parse_problem(response: httpx.Response) -> Problem:
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    return build_problem(body, status=response.status_code)


def build_problem(body: dict[str, Any], *, status: int) -> Problem:
    return Problem(
        status=status,
        code=str(body.get("code", f"http_{status}")),
        detail=str(body.get("detail") or f"The server answered {status}."),
        fields=[entry for entry in body.get("errors", []) if isinstance(entry, dict)],
        request_id=body.get("request_id"),
        retry=bool(body.get("retry", False)),
        raw=body,
    )


def parse_execution(body: Mapping[str, Any]) -> Execution:
    return Execution(
        id=body["id"],
        state=body["state"],
        outcome=body["outcome"],
        message=body["message"],
        attempt=body["attempt"],
        runtime=body["runtime"],
        entry=body["entry"],
        project=body.get("project"),
        revision=body.get("revision"),
        created_at=datetime.fromisoformat(body["created_at"]),
        started_at=parse_time(body["started_at"]),
        finished_at=parse_time(body["finished_at"]),
        steps=tuple(parse_step(step) for step in body.get("steps", ())),
        artifacts=tuple(
            Artifact(name=entry["name"], size_bytes=entry["size_bytes"])
            for entry in body.get("artifacts", ())
        ),
        raw=dict(body),
    )


def parse_page(body: Mapping[str, Any]) -> ExecutionPage:
    return ExecutionPage(
        items=tuple(parse_execution(entry) for entry in body["items"]),
        next_before=body["next_before"],
    )


def parse_step(body: Mapping[str, Any]) -> Step:
    """Parse a step of an execution, or of a step_finished event, which has no output."""
    usage = body["usage"]
    return Step(
        kind=body["kind"],
        name=body["name"],
        outcome=body["outcome"],
        exit_code=body["exit_code"],
        signal=body["signal"],
        limit_hit=body["limit_hit"],
        passed=body["passed"],
        # A server from before there was a build cache does not say.
        cached=body.get("cached", False),
        message=body["message"],
        usage=Usage(
            wall_seconds=usage["wall_seconds"],
            cpu_seconds=usage["cpu_seconds"],
            memory_peak_bytes=usage["memory_peak_bytes"],
            stdout_bytes=usage["stdout_bytes"],
            stderr_bytes=usage["stderr_bytes"],
        ),
        stdout=parse_content(body.get("stdout", ""), body.get("stdout_encoding", "utf-8")),
        stderr=parse_content(body.get("stderr", ""), body.get("stderr_encoding", "utf-8")),
        stdout_truncated=body["stdout_truncated"],
        stderr_truncated=body["stderr_truncated"],
    )


def parse_runtime(body: Mapping[str, Any]) -> Runtime:
    return Runtime(
        id=body["id"],
        language=body["language"],
        name=body["name"],
        version=body["version"],
        description=body["description"],
        state=body["state"],
        reason=body["reason"],
        entry=body["entry"],
        aliases=tuple(body["aliases"]),
        extensions=tuple(body["extensions"]),
        example=body["example"],
        # A server from before runtimes could be changed does not say.
        deprecated=body.get("deprecated", False),
        message=body.get("message"),
        replacement=body.get("replacement"),
        default=body.get("default", False),
        raw=dict(body),
    )


def parse_output(event: Event) -> bytes:
    """Return the bytes of an output event."""
    return parse_content(event.data["text"], event.data["encoding"])


def parse_event(*, sequence: str, kind: str, data: str) -> Event:
    try:
        value = json.loads(data)
        return Event(sequence=int(sequence), kind=kind, data=value)
    except ValueError as error:
        raise UnexpectedAnswerError(f"Event {sequence!r} of the stream is malformed.") from error


def _expand(files: Files) -> Sequence[SourceFile]:
    if isinstance(files, dict):
        return [SourceFile(path, content) for path, content in files.items()]
    return [_read(file) if isinstance(file, Path) else file for file in files]


def _read(path: Path) -> SourceFile:
    return SourceFile(path.name, path.read_bytes(), executable=os.access(path, os.X_OK))


def _render_file(file: SourceFile) -> dict[str, Any]:
    content, encoding = render_content(file.content)
    body: dict[str, Any] = {"path": file.path, "content": content, "encoding": encoding}
    if file.executable:
        body["executable"] = True
    return body


def _render_case(case: Case) -> dict[str, Any]:
    stdin, encoding = render_content(case.stdin)
    checker: dict[str, Any] = {"kind": case.checker.kind}
    if case.checker.tolerance is not None:
        checker["tolerance"] = case.checker.tolerance
    return {
        "name": case.name,
        "stdin": stdin,
        "stdin_encoding": encoding,
        "args": list(case.args),
        "expected_stdout": case.expected_stdout,
        "checker": checker,
    }


def parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def render_if_match(version: int | None) -> dict[str, str]:
    """Return the header that names the version a change is based on, if there is one."""
    return {} if version is None else {"If-Match": f'"{version}"'}
