"""What the SDK raises. A user's failing program is never an error: look at `Execution.outcome`.

class                       when
--------------------------  ---------------------------------------------------------------
ClientError                 (abstract)
├─ ConnectionFailedError    the server cannot be reached, or broke off
├─ UnusableTokenError       what was given cannot be a token; nothing was sent
├─ UnexpectedAnswerError    the answer is not what this SDK understands
└─ ApiError                 the server said no: `status`, `code`, `detail`, `fields`
   ├─ InvalidRequestError   400, 415, 422
   ├─ RefusedError          403
   │  └─ AuthenticationError   401; `code` says what is missing, totp_required for example
   ├─ NotFoundError         404
   │  └─ UnknownRuntimeError   404 with code unknown_runtime
   ├─ ConflictError         409
   │  └─ RuntimeUnavailableError  409 with code runtime_unavailable
   ├─ RevisionConflictError 412; `revision` is the newest one
   ├─ TooLargeError         413
   ├─ TooManyAttemptsError  429; `retry_after_seconds`
   └─ ServerError           5xx; `retry` says whether trying again makes sense
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RETRY_SECONDS = 60


class ClientError(Exception):
    """The root of the tree."""


class ConnectionFailedError(ClientError):
    pass


class UnusableTokenError(ClientError):
    pass


class UnexpectedAnswerError(ClientError):
    pass


@dataclass(frozen=True, slots=True)
class Problem:
    """An RFC 9457 problem as the server sent it."""

    status: int
    code: str
    detail: str
    # One entry for each field that is wrong: {"field": ..., "message": ...}.
    fields: list[dict[str, str]] = field(default_factory=list)
    request_id: str | None = None
    retry: bool = False
    raw: dict[str, Any] = field(default_factory=dict)


class ApiError(ClientError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.status = problem.status
        self.code = problem.code
        self.detail = problem.detail
        self.fields = problem.fields
        self.request_id = problem.request_id
        self.retry = problem.retry


class InvalidRequestError(ApiError):
    pass


class RefusedError(ApiError):
    pass


class AuthenticationError(RefusedError):
    pass


class NotFoundError(ApiError):
    pass


class UnknownRuntimeError(NotFoundError):
    pass


class ConflictError(ApiError):
    pass


class RuntimeUnavailableError(ConflictError):
    pass


class RevisionConflictError(ApiError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.revision: int | None = problem.raw.get("revision")


class TooLargeError(ApiError):
    pass


class TooManyAttemptsError(ApiError):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        seconds = problem.raw.get("retry_after_seconds")
        # A proxy that refuses by itself says nothing of ours.
        self.retry_after_seconds = seconds if isinstance(seconds, int) else RETRY_SECONDS


class QuotaError(TooManyAttemptsError):
    """An account has had what its policy grants; `limit` names it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.limit: str | None = problem.raw.get("limit")


class ServerError(ApiError):
    pass


_BY_CODE: dict[str, type[ApiError]] = {
    "unknown_runtime": UnknownRuntimeError,
    "runtime_unavailable": RuntimeUnavailableError,
    "quota_exceeded": QuotaError,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequestError,
    401: AuthenticationError,
    403: RefusedError,
    404: NotFoundError,
    409: ConflictError,
    412: RevisionConflictError,
    413: TooLargeError,
    415: InvalidRequestError,
    422: InvalidRequestError,
    429: TooManyAttemptsError,
}


def build_error(problem: Problem) -> ApiError:
    """Return the error whose class stands for this problem."""
    error_class = _BY_CODE.get(problem.code) or _BY_STATUS.get(problem.status)
    if error_class is None:
        error_class = ServerError if problem.status >= 500 else ApiError
    return error_class(problem)
