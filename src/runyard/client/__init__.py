"""The SDK: talks to a Runyard server over HTTP and imports nothing of it."""

from runyard.client.async_client import AsyncClient
from runyard.client.errors import (
    ApiError,
    ClientError,
    ConflictError,
    ConnectionFailedError,
    InvalidRequestError,
    NotFoundError,
    Problem,
    RefusedError,
    RuntimeUnavailableError,
    ServerError,
    TooLargeError,
    UnexpectedAnswerError,
    UnknownRuntimeError,
)
from runyard.client.in_process import InProcessTransport
from runyard.client.models import (
    Artifact,
    Case,
    Check,
    Event,
    Execution,
    ExecutionPage,
    RunOptions,
    Runtime,
    SourceFile,
    Step,
    Usage,
)
from runyard.client.sync_client import Client
from runyard.client.terminal import Terminal

__all__ = [
    "ApiError",
    "Artifact",
    "AsyncClient",
    "Case",
    "Check",
    "Client",
    "ClientError",
    "ConflictError",
    "ConnectionFailedError",
    "Event",
    "Execution",
    "ExecutionPage",
    "InProcessTransport",
    "InvalidRequestError",
    "NotFoundError",
    "Problem",
    "RefusedError",
    "RunOptions",
    "Runtime",
    "RuntimeUnavailableError",
    "ServerError",
    "SourceFile",
    "Step",
    "Terminal",
    "TooLargeError",
    "UnexpectedAnswerError",
    "UnknownRuntimeError",
    "Usage",
]
