"""Every way in which Runyard itself refuses or fails. A user's failing program is never one.

class                     code                    status  retry
------------------------  ----------------------  ------  -----
RunyardError              (abstract)
├─ InvalidRequestError    invalid_request         422     no
│  ├─ LimitError          limit_out_of_range      422     no
│  ├─ InvalidPathError    invalid_path            422     no
│  └─ TooManyTestsError   too_many_tests          422     no
├─ TooLargeError          too_large               413     no
├─ UnknownRuntimeError    unknown_runtime         404     no
├─ RuntimeUnavailableError runtime_unavailable    409     no
├─ NotFoundError          not_found               404     no
├─ ConflictError          conflict                409     no
│  ├─ ProjectBusyError    project_busy            409     yes
│  ├─ AuthorizationPendingError authorization_pending 409 yes
│  └─ MailUnavailableError mail_unavailable     409     no
├─ RevisionConflictError  revision_conflict       412     no
├─ AuthenticationError    authentication_failed   401     no
│  ├─ TotpRequiredError   totp_required           401     no
│  └─ InvalidTokenError   invalid_token           401     no
├─ ForbiddenError         forbidden               403     no
│  ├─ SuspendedError      account_suspended       403     no
│  ├─ TotpEnrolmentRequiredError totp_enrolment_required 403 no
│  └─ SignUpClosedError   sign_up_closed          403     no
├─ TooManyAttemptsError   too_many_attempts       429     yes
├─ QuotaError             quota_exceeded          429     yes
├─ BusyError              busy                    503     yes
├─ CatalogueError         invalid_catalogue       500     no
└─ EngineError            engine_error            503     yes
   ├─ EngineUnavailableError engine_unavailable   503     no
   └─ ProtocolError       agent_protocol_error    503     yes
"""

from __future__ import annotations

from typing import ClassVar


class RunyardError(Exception):
    """The root of the tree. `detail` values are shown to the client beside the message."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False

    def __init__(self, message: str, **detail: object) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class InvalidRequestError(RunyardError):
    code = "invalid_request"
    status = 422


class LimitError(InvalidRequestError):
    code = "limit_out_of_range"


class InvalidPathError(InvalidRequestError):
    code = "invalid_path"


class TooManyTestsError(InvalidRequestError):
    code = "too_many_tests"


class TooLargeError(RunyardError):
    code = "too_large"
    status = 413


class UnknownRuntimeError(RunyardError):
    code = "unknown_runtime"
    status = 404


class RuntimeUnavailableError(RunyardError):
    code = "runtime_unavailable"
    status = 409


class NotFoundError(RunyardError):
    code = "not_found"
    status = 404


class ConflictError(RunyardError):
    code = "conflict"
    status = 409


class ProjectBusyError(ConflictError):
    """The project runs already. `execution` is the id of what runs there."""

    code = "project_busy"
    retry = True


class AuthorizationPendingError(ConflictError):
    """Nobody has approved of a program yet. `interval_seconds` says when to ask again."""

    code = "authorization_pending"
    retry = True


class MailUnavailableError(ConflictError):
    code = "mail_unavailable"


class RevisionConflictError(RunyardError):
    """What is to be changed was changed by somebody else; `revision` is the newest one."""

    code = "revision_conflict"
    status = 412


class AuthenticationError(RunyardError):
    code = "authentication_failed"
    status = 401


class TotpRequiredError(AuthenticationError):
    code = "totp_required"


class InvalidTokenError(AuthenticationError):
    code = "invalid_token"


class ForbiddenError(RunyardError):
    code = "forbidden"
    status = 403


class SuspendedError(ForbiddenError):
    code = "account_suspended"


class TotpEnrolmentRequiredError(ForbiddenError):
    code = "totp_enrolment_required"


class SignUpClosedError(ForbiddenError):
    code = "sign_up_closed"


class TooManyAttemptsError(RunyardError):
    """`retry_after_seconds` says when the next attempt is looked at."""

    code = "too_many_attempts"
    status = 429
    retry = True


class QuotaError(RunyardError):
    """An account has had what its policy grants. `limit` names it, `retry_after_seconds` says when
    to ask again.
    """

    code = "quota_exceeded"
    status = 429
    retry = True


class BusyError(RunyardError):
    code = "busy"
    status = 503
    retry = True


class CatalogueError(RunyardError):
    code = "invalid_catalogue"


class EngineError(RunyardError):
    code = "engine_error"
    status = 503
    retry = True


class EngineUnavailableError(EngineError):
    code = "engine_unavailable"
    retry = False


class ProtocolError(EngineError):
    code = "agent_protocol_error"
