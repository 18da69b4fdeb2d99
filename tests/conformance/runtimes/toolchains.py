"""What of the catalogue this machine has. A missing main runtime fails where engines are required;
anything else that is missing skips its tests and says how to get it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runyard.domain.runtime import Runtime
from runyard.services.catalogue import load_catalogue
from runyard.services.toolchains import ToolchainSearch, find_toolchains
from tests.conformance.runtimes.running import Runner

ROOT = Path(__file__).parents[3]
FOUND = {
    each.entry.id: each
    for each in find_toolchains(load_catalogue(), ToolchainSearch(toolchain_dirs=(ROOT / "tools",)))
}
PRESENT = [runtime_id for runtime_id, found in FOUND.items() if found.candidates]
MAIN = (
    "python", "javascript", "java", "c", "cpp", "typescript", "go", "rust", "bash", "perl", "awk",
    "sqlite",
)  # fmt: skip


def require(runtime_id: str, runner: Runner) -> Runtime:
    """Return the preferred way to run this, or end the test."""
    found = FOUND[runtime_id]
    if not found.candidates:
        if runtime_id in MAIN and os.environ.get("RUNYARD_REQUIRE_ENGINES"):
            pytest.fail(f"{runtime_id} is required here: {found.missing}")
        pytest.skip(f"{runtime_id}: {found.missing}")
    runtime = found.candidates[0].runtime
    if runtime.mounts and not runner.shows_mounts:
        pytest.skip(f"{runtime_id} wants a mount")
    return runtime
