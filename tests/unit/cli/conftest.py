"""The command line over a scripted application, in this process."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from runyard.api.app import build_app
from runyard.cli.app import run_command_line
from runyard.cli.local import Diagnosis, Finding, ServeChoices
from runyard.client.in_process import InProcessTransport
from tests.unit.api.fakes import FakeApplication

CommandLine = Callable[..., int]


@dataclass
class FakeInstallation:
    application: FakeApplication = field(default_factory=FakeApplication)
    served: list[ServeChoices] = field(default_factory=list)
    diagnosis: Diagnosis = field(
        default_factory=lambda: Diagnosis(usable=True, findings=(Finding("cgroups", works=True),))
    )

    @asynccontextmanager
    async def open_transport(
        self, *, keep_records: bool
    ) -> AsyncIterator[httpx.AsyncBaseTransport]:
        yield InProcessTransport(build_app(self.application))  # type: ignore[arg-type]

    def serve(self, choices: ServeChoices) -> int:
        self.served.append(choices)
        return 0

    def work(self) -> int:
        return 3

    def diagnose(self) -> Diagnosis:
        return self.diagnosis


@pytest.fixture
def installation() -> FakeInstallation:
    installation = FakeInstallation()
    installation.application.executions.finish.set()
    return installation


@pytest.fixture
def runyard(installation: FakeInstallation, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    monkeypatch.delenv("RUNYARD_SERVER", raising=False)

    def run(*words: str, local: FakeInstallation | None = installation) -> int:
        return run_command_line(words, local=local)

    return run
