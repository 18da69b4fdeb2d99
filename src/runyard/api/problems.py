"""Turns every refusal and failure into an RFC 9457 problem; the only place that does.

`code` is the stable word a program may switch on, `detail` the sentence for a person. Beside the
codes of domain/errors.py, the HTTP interface itself refuses with:

code                        status  when
--------------------------  ------  --------------------------------------------------------
invalid_json                400     the body is not JSON, or not UTF-8
authentication_required     401     nobody is logged in and no token was sent
host_not_allowed            403     the Host header names another server (DNS rebinding)
origin_not_allowed          403     a web page of another origin sent the request
method_not_allowed          405     the path exists, the method does not
unsupported_media_type      415     the body is not application/json
if_match_required           428     saving needs the revision that it is based on
internal_error              500     a bug; the log has the traceback under request_id
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from traceback import format_exception
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.websockets import WebSocket

from runyard.api.middleware.messages import refuse
from runyard.domain.errors import ForbiddenError, InvalidRequestError, RunyardError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
# More would only repeat what the first ones say.
FIELD_ERRORS_MAX = 20
TEXT_SHOWN_MAX = 200
_log = structlog.get_logger(__name__)


class InvalidJsonError(InvalidRequestError):
    code = "invalid_json"
    status = 400


class AuthenticationRequiredError(ForbiddenError):
    code = "authentication_required"
    status = 401


class UnsupportedMediaTypeError(InvalidRequestError):
    code = "unsupported_media_type"
    status = 415


class IfMatchRequiredError(InvalidRequestError):
    code = "if_match_required"
    status = 428


class InvalidFieldsError(InvalidRequestError):
    """The body has wrong fields; `errors` lists them as {"field", "message"}."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        first = errors[0]
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first['field']}: {first['message']}{more}", errors=errors)


def install_problems(app: FastAPI) -> None:
    # Starlette's types know handlers of requests only, or of WebSockets only.
    app.add_exception_handler(RunyardError, _answer_runyard_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _answer_validation_error)
    app.add_exception_handler(HTTPException, _answer_http_exception)


def render_problem(
    *,
    status: int,
    code: str,
    detail: str,
    retry: bool = False,
    members: Mapping[str, object] | None = None,
) -> bytes:
    """Return the JSON of a problem. `members` are added beside the standard ones."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "retry": retry,
    }
    # "backslashreplace": a message may quote a name that is not valid Unicode.
    text = json.dumps({**(members or {}), **body}, ensure_ascii=False, default=str)
    return text.encode(errors="backslashreplace")


def render_error(error: RunyardError) -> bytes:
    """Return the problem that stands within an answer which has begun."""
    return render_problem(
        status=error.status, code=error.code, detail=error.message, members=error.detail
    )


def build_problem(
    *,
    status: int,
    code: str,
    detail: str,
    retry: bool = False,
    members: Mapping[str, object] | None = None,
    retry_seconds: object = RETRY_SECONDS,
) -> Response:
    headers = {"Cache-Control": "no-store"}
    if retry:
        headers["Retry-After"] = str(retry_seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(
        render_problem(status=status, code=code, detail=detail, retry=retry, members=members),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def problem_of(error: RunyardError) -> Response:
    return build_problem(
        status=error.status,
        code=error.code,
        detail=error.message,
        retry=error.retry,
        members=error.detail,
        retry_seconds=error.detail.get("retry_after_seconds", RETRY_SECONDS),
    )


def collect_field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Return pydantic's findings by the field's place in the body, without echoing values."""
    return [
        {"field": _place(error["loc"]), "message": str(error["msg"])}
        for error in errors[:FIELD_ERRORS_MAX]
    ]


def internal_problem(error: Exception, *, request_id: str, path: str) -> Response:
    """Log a bug with its traceback and return what the client may know of it."""
    # Rendered here: a pretty renderer would print local variables, which hold people's code.
    trace = "".join(format_exception(error))
    _log.error("request failed", request_id=request_id, path=path, exception=trace)
    return build_problem(
        status=500,
        code="internal_error",
        detail=f"Runyard failed; the server's log says why under request {request_id}.",
        members={"request_id": request_id},
    )


async def _answer_runyard_error(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, RunyardError)
    if error.status >= 500:
        path = connection.url.path
        _log.warning("request refused", path=path, code=error.code, reason=str(error))
    if not isinstance(connection, WebSocket):
        return problem_of(error)
    await refuse(problem_of(error), connection.scope, connection.receive, connection.send)
    return None


async def _answer_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The first part of the place says query, path or header; a client knows that by the name.
    trimmed = [found | {"loc": found["loc"][1:] or found["loc"]} for found in error.errors()]
    return problem_of(InvalidFieldsError(collect_field_errors(trimmed)))


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own: an unknown path, a method a path does not have."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = status.name.lower()
    detail = str(error.detail)
    headers = dict(error.headers or {})
    if status is HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path[:TEXT_SHOWN_MAX]}."
    elif status is HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not possible at {request.url.path[:TEXT_SHOWN_MAX]}."
        headers["Allow"] = ", ".join(_allowed_methods(request))
    answer = build_problem(status=error.status_code, code=code, detail=detail)
    answer.headers.update(headers)
    return answer


def _allowed_methods(request: Request) -> list[str]:
    """Starlette names the methods of the first route of this path only."""
    paths: dict[str, dict[str, Any]] = request.app.openapi()["paths"]
    return sorted(
        method.upper()
        for template, operations in paths.items()
        if compile_path(template)[0].match(request.url.path)
        for method in operations
    )


def _place(location: Sequence[int | str]) -> str:
    """("files", 0, "path") reads files[0].path."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text[:TEXT_SHOWN_MAX] or "body"
