"""Every program in examples/ prints what its expected.txt says, in a sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from runyard.domain.execution import Outcome
from runyard.domain.files import File
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import ROOT, require

EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())


def test_there_are_at_least_ten_languages() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("name", EXAMPLES)
async def test_example_prints_what_is_expected(runner: Runner, name: str) -> None:
    runtime = require(name, runner)
    folder = ROOT / "examples" / name
    given = folder / "input.txt"

    result = await runner.run(
        runtime, files_of(folder), stdin=given.read_bytes() if given.exists() else b""
    )

    assert result.outcome is Outcome.SUCCEEDED, (result.message, result.stderr[-2000:])
    assert result.stdout.decode() == (folder / "expected.txt").read_text()


def files_of(folder: Path) -> list[File]:
    """Return what `runyard run` would send of this folder."""
    return [
        File(path=path.relative_to(folder).as_posix(), content=path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
