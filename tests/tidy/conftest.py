"""Runs these tests from the root of the repository, whatever the caller's directory."""

import pytest

from tests.tidy.tree import ROOT


@pytest.fixture(autouse=True)
def at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
