"""What the command line says and how it ends: one exit code for each way to end.

code  means
----  ------------------------------------------------------------------------
0     the program succeeded
n     the program's own exit code; 128 + n when signal n ended it
2     the command line was used wrongly
124   a time limit was reached
125   Runyard itself failed, or cannot be reached
126   the request was refused
127   there is no such runtime, or it does not work here
130   cancelled
137   the memory limit was reached
153   the output limit was reached
"""

from __future__ import annotations

import sys

from runyard.client.errors import (
    ApiError,
    ClientError,
    RuntimeUnavailableError,
    ServerError,
    UnknownRuntimeError,
    UnusableTokenError,
)
from runyard.client.models import Execution
from runyard.domain.errors import RuntimeUnavailableError as LocalRuntimeUnavailableError
from runyard.domain.errors import RunyardError
from runyard.domain.errors import UnknownRuntimeError as LocalUnknownRuntimeError

FAILED = 1
TIME_LIMIT = 124
PLATFORM = 125
REFUSED = 126
UNKNOWN_RUNTIME = 127
SIGNAL_BASE = 128
CANCELLED = 130
MEMORY_LIMIT = 137
# 128 + SIGXFSZ, what a shell shows for a file that grew over its limit.
OUTPUT_LIMIT = 153

_BY_OUTCOME = {
    "succeeded": 0,
    "time_limit_exceeded": TIME_LIMIT,
    "memory_limit_exceeded": MEMORY_LIMIT,
    "output_limit_exceeded": OUTPUT_LIMIT,
    "cancelled": CANCELLED,
    "superseded": CANCELLED,
    "internal_error": PLATFORM,
}


class UsageError(ClientError):
    """The files or options given make no sense; nothing was sent."""


class ChangedElsewhereError(ClientError):
    """Somebody changed the same meanwhile; nothing was overwritten."""


def say(text: str) -> None:
    """Write one line to stderr; stdout belongs to the program that runs."""
    sys.stderr.write(f"runyard: {text}\n")
    sys.stderr.flush()


def exit_code_of_error(error: ClientError | RunyardError) -> int:
    match error:
        case UsageError() | UnusableTokenError():
            return 2
        case (
            UnknownRuntimeError()
            | RuntimeUnavailableError()
            | LocalUnknownRuntimeError()
            | LocalRuntimeUnavailableError()
        ):
            return UNKNOWN_RUNTIME
        case ServerError():
            return PLATFORM
        case ApiError() | ChangedElsewhereError():
            return REFUSED
        case _:
            return PLATFORM


def exit_code_of(execution: Execution) -> int:
    """Return the code with which `runyard run` ends for a finished execution."""
    known = _BY_OUTCOME.get(execution.outcome or "")
    if known is not None:
        return known
    last = execution.steps[-1] if execution.steps else None
    if last is None:
        return FAILED
    if last.signal is not None:
        return SIGNAL_BASE + last.signal
    return last.exit_code or FAILED


def describe_end(execution: Execution) -> str | None:
    """Return what a person should hear beside the program's own output, if anything."""
    step = execution.steps[-1] if execution.steps else None
    match execution.outcome:
        case "succeeded":
            # What was not kept, for example.
            return execution.message or (step.message if step else None)
        case "failed":
            return step.message if step else execution.message
        case "signalled" if step:
            return f"the program was ended by signal {step.signal}"
        case "compile_failed" if step and step.limit_hit:
            return f"compiling reached its limit of {step.limit_hit}"
        case "compile_failed":
            return execution.message or "the program does not compile"
        case "time_limit_exceeded" | "memory_limit_exceeded" | "output_limit_exceeded":
            return execution.message or _describe_limit(execution)
        case outcome:
            return execution.message or (outcome or "").replace("_", " ")


def _describe_limit(execution: Execution) -> str:
    step = execution.steps[-1] if execution.steps else None
    name = step.limit_hit if step else None
    if name is None:
        return (execution.outcome or "").replace("_", " ")
    limit = execution.raw.get("limits", {}).get(name)
    return f"the program reached its limit of {name}" + (f" ({limit})" if limit else "")
