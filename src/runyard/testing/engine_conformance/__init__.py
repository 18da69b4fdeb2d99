"""What every engine must do, as tests against the real platform.

An engine's author writes one module: a fixture `engine` that yields a fresh Engine for each test
and `class TestMyEngine(EngineConformance)`, which may override the fixtures `spec` and `tools`.
Sandboxes need /bin/sh and /usr/bin/python3; four of them must be possible at the same time. Only
what `Capabilities` declares as not enforced is skipped.
"""

from runyard.testing.engine_conformance.commands import CommandConformance
from runyard.testing.engine_conformance.file_exchange import FileConformance
from runyard.testing.engine_conformance.isolation import IsolationConformance
from runyard.testing.engine_conformance.lifecycle import LifecycleConformance
from runyard.testing.engine_conformance.limits import LimitConformance
from runyard.testing.engine_conformance.session import LIMITS, Session, open_session
from runyard.testing.engine_conformance.starts import StartConformance
from runyard.testing.engine_conformance.steps import StepConformance
from runyard.testing.engine_conformance.streams import StreamConformance
from runyard.testing.engine_conformance.terminals import TerminalConformance
from runyard.testing.engine_conformance.tools import Tool, ToolConformance, find_tools
from runyard.testing.engine_conformance.usage import UsageConformance

__all__ = [
    "LIMITS",
    "CommandConformance",
    "EngineConformance",
    "FileConformance",
    "IsolationConformance",
    "LifecycleConformance",
    "LimitConformance",
    "Session",
    "StartConformance",
    "StepConformance",
    "StreamConformance",
    "TerminalConformance",
    "Tool",
    "ToolConformance",
    "UsageConformance",
    "find_tools",
    "open_session",
]


class EngineConformance(
    LifecycleConformance,
    CommandConformance,
    StreamConformance,
    TerminalConformance,
    FileConformance,
    LimitConformance,
    UsageConformance,
    StepConformance,
    StartConformance,
    IsolationConformance,
    ToolConformance,
):
    """The whole suite."""
