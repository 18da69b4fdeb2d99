"""A platform that is missing skips its tests, unless RUNYARD_REQUIRE_ENGINES names it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from runyard.domain.errors import EngineUnavailableError
from runyard.engines.linux.launcher import LauncherHandle, start_launcher
from runyard.engines.linux.options import LinuxOptions


def give_up(engine: str, reason: str) -> NoReturn:
    """End the test: skipped, or failed where this engine is required."""
    if engine in os.environ.get("RUNYARD_REQUIRE_ENGINES", "").split(","):
        pytest.fail(f"engine {engine} is required here: {reason}")
    pytest.skip(f"engine {engine}: {reason}")


def start_linux(options: LinuxOptions) -> LauncherHandle:
    """Start a launcher, or give up where there can be none."""
    try:
        return start_launcher(options)
    except EngineUnavailableError as error:
        give_up("linux", error.message)
