"""Each problem becomes the error that stands for it."""

import pytest

from runyard.client import errors
from runyard.client.errors import Problem, build_error


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "invalid_json", errors.InvalidRequestError),
        (401, "authentication_required", errors.AuthenticationError),
        (401, "totp_required", errors.AuthenticationError),
        (403, "host_not_allowed", errors.RefusedError),
        (404, "not_found", errors.NotFoundError),
        (404, "unknown_runtime", errors.UnknownRuntimeError),
        (409, "conflict", errors.ConflictError),
        (409, "runtime_unavailable", errors.RuntimeUnavailableError),
        (412, "revision_conflict", errors.RevisionConflictError),
        (413, "too_large", errors.TooLargeError),
        (415, "unsupported_media_type", errors.InvalidRequestError),
        (418, "teapot", errors.ApiError),
        (422, "limit_out_of_range", errors.InvalidRequestError),
        (429, "too_many_attempts", errors.TooManyAttemptsError),
        (500, "internal_error", errors.ServerError),
        (503, "busy", errors.ServerError),
    ],
)
def test_problem_becomes_its_error(status: int, code: str, expected: type) -> None:
    error = build_error(Problem(status=status, code=code, detail="why", retry=True))

    assert type(error) is expected
    assert (error.status, error.code, str(error), error.retry) == (status, code, "why", True)


@pytest.mark.parametrize(
    ("members", "seconds"),
    [({"retry_after_seconds": 7}, 7), ({}, 60), ({"retry_after_seconds": "soon"}, 60)],
)
def test_too_many_attempts_say_when_to_try_again(members: dict[str, object], seconds: int) -> None:
    problem = Problem(status=429, code="too_many_attempts", detail="why", raw=members)

    error = build_error(problem)

    assert isinstance(error, errors.TooManyAttemptsError)
    assert error.retry_after_seconds == seconds
