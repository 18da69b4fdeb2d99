"""The SDK: talks to a Runyard server over HTTP and imports nothing of it.

What speaks of accounts and projects is loaded when it is asked for: who runs a program does not
wait for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from runyard.client.async_client import AsyncClient
from runyard.client.errors import (
    ApiError,
    AuthenticationError,
    ClientError,
    ConflictError,
    ConnectionFailedError,
    InvalidRequestError,
    NotFoundError,
    Problem,
    QuotaError,
    RefusedError,
    RevisionConflictError,
    RuntimeUnavailableError,
    ServerError,
    TooLargeError,
    TooManyAttemptsError,
    UnexpectedAnswerError,
    UnknownRuntimeError,
    UnusableTokenError,
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

if TYPE_CHECKING:
    from runyard.client.account_models import (
        Account,
        AccountPage,
        ApiToken,
        DeviceOffer,
        Invitation,
        Login,
        MailTrial,
        NewApiToken,
        NewInvitation,
        OwnAccount,
        PasswordLink,
        Session,
        SignUpOptions,
        TotpOffer,
        WaitingDevice,
    )
    from runyard.client.faq_models import Faq, FaqEntry, FaqList
    from runyard.client.oversight_models import (
        ExecutionFilter,
        Overview,
        OwnedExecution,
        OwnedExecutionPage,
        Share,
        Spread,
        Stopped,
    )
    from runyard.client.platform_models import (
        EngineKind,
        HealthPart,
        Platform,
        ServerHealth,
        Setting,
        SmokeResult,
        Trial,
        TrialStep,
    )
    from runyard.client.project_models import (
        GalleryPage,
        KeptFile,
        Project,
        ProjectFile,
        ProjectPage,
        Revision,
        RevisionPage,
        Secret,
        Setup,
        SharedProject,
        SharedSummary,
    )
    from runyard.client.runtime_models import AdministeredRuntime, RuntimeTrial

_ACCOUNT_MODELS = "runyard.client.account_models"
_PROJECT_MODELS = "runyard.client.project_models"
_PLATFORM_MODELS = "runyard.client.platform_models"
_OF_PLATFORMS = {
    *("EngineKind", "HealthPart", "Platform", "ServerHealth", "Setting", "SmokeResult", "Trial"),
    "TrialStep",
}
_RUNTIME_MODELS = "runyard.client.runtime_models"
_OF_RUNTIMES = {"AdministeredRuntime", "RuntimeTrial"}
_FAQ_MODELS = "runyard.client.faq_models"
_OF_FAQ = {"Faq", "FaqEntry", "FaqList"}
_OVERSIGHT_MODELS = "runyard.client.oversight_models"
_OF_OVERSIGHT = {
    *("ExecutionFilter", "Overview", "OwnedExecution", "OwnedExecutionPage"),
    *("Share", "Spread", "Stopped"),
}
_OF_PROJECTS = {
    *("GalleryPage", "Project", "ProjectFile", "ProjectPage", "Revision", "RevisionPage", "Setup"),
    *("KeptFile", "Secret", "SharedProject", "SharedSummary"),
}

__all__ = [
    "Account",
    "AccountPage",
    "AdministeredRuntime",
    "ApiError",
    "ApiToken",
    "Artifact",
    "AsyncClient",
    "AuthenticationError",
    "Case",
    "Check",
    "Client",
    "ClientError",
    "ConflictError",
    "ConnectionFailedError",
    "DeviceOffer",
    "EngineKind",
    "Event",
    "Execution",
    "ExecutionFilter",
    "ExecutionPage",
    "Faq",
    "FaqEntry",
    "FaqList",
    "GalleryPage",
    "HealthPart",
    "InProcessTransport",
    "InvalidRequestError",
    "Invitation",
    "KeptFile",
    "Login",
    "MailTrial",
    "NewApiToken",
    "NewInvitation",
    "NotFoundError",
    "Overview",
    "OwnAccount",
    "OwnedExecution",
    "OwnedExecutionPage",
    "PasswordLink",
    "Platform",
    "Problem",
    "Project",
    "ProjectFile",
    "ProjectPage",
    "QuotaError",
    "RefusedError",
    "Revision",
    "RevisionConflictError",
    "RevisionPage",
    "RunOptions",
    "Runtime",
    "RuntimeTrial",
    "RuntimeUnavailableError",
    "Secret",
    "ServerError",
    "ServerHealth",
    "Session",
    "Setting",
    "Setup",
    "Share",
    "SharedProject",
    "SharedSummary",
    "SignUpOptions",
    "SmokeResult",
    "SourceFile",
    "Spread",
    "Step",
    "Stopped",
    "Terminal",
    "TooLargeError",
    "TooManyAttemptsError",
    "TotpOffer",
    "Trial",
    "TrialStep",
    "UnexpectedAnswerError",
    "UnknownRuntimeError",
    "UnusableTokenError",
    "Usage",
    "WaitingDevice",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        module = _PROJECT_MODELS if name in _OF_PROJECTS else _ACCOUNT_MODELS
        if name in _OF_PLATFORMS:
            module = _PLATFORM_MODELS
        if name in _OF_RUNTIMES:
            module = _RUNTIME_MODELS
        if name in _OF_FAQ:
            module = _FAQ_MODELS
        if name in _OF_OVERSIGHT:
            module = _OVERSIGHT_MODELS
        return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
