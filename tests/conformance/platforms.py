"""A platform that is missing skips its tests, unless RUNYARD_REQUIRE_ENGINES names it."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def give_up(engine: str, reason: str) -> NoReturn:
    """End the test: skipped, or failed where this engine is required."""
    if engine in os.environ.get("RUNYARD_REQUIRE_ENGINES", "").split(","):
        pytest.fail(f"engine {engine} is required here: {reason}")
    pytest.skip(f"engine {engine}: {reason}")
