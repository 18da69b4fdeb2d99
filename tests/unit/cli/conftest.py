"""The command line over a scripted application, in this process."""

import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest

from runyard.cli.app import run_command_line
from runyard.cli.local import Diagnosis, Finding, NewAccount, ServeChoices
from runyard.client import AsyncClient, Client
from runyard.client.in_process import InProcessTransport
from runyard.domain.errors import ConflictError
from tests.unit.api.apps import app_over
from tests.unit.api.fakes import FakeApplication
from tests.unit.client.account_server import AccountServer

CommandLine = Callable[..., int]
Answers = Callable[..., None]


@dataclass
class FakeInstallation:
    application: FakeApplication = field(default_factory=FakeApplication)
    served: list[ServeChoices] = field(default_factory=list)
    accounts: dict[str, NewAccount] = field(default_factory=dict)
    diagnosis: Diagnosis = field(
        default_factory=lambda: Diagnosis(usable=True, findings=(Finding("cgroups", works=True),))
    )

    @asynccontextmanager
    async def open_transport(
        self, *, keep_records: bool
    ) -> AsyncIterator[httpx.AsyncBaseTransport]:
        yield InProcessTransport(app_over(self.application))

    def serve(self, choices: ServeChoices) -> int:
        self.served.append(choices)
        return 0

    def work(self) -> int:
        return 3

    def diagnose(self) -> Diagnosis:
        return self.diagnosis

    def create_account(self, account: NewAccount) -> str:
        name = account.name.lower()
        if name in self.accounts:
            raise ConflictError("The name is taken.")
        self.accounts[name] = account
        return name


@pytest.fixture
def installation() -> FakeInstallation:
    installation = FakeInstallation()
    installation.application.executions.finish.set()
    return installation


@pytest.fixture(autouse=True)
def no_logins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RUNYARD_SERVER", "RUNYARD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def account_server(monkeypatch: pytest.MonkeyPatch) -> AccountServer:
    """What every server that is named is."""
    server = AccountServer()
    for client in (Client, AsyncClient):
        monkeypatch.setattr(
            f"runyard.cli.connection.{client.__name__}",
            partial(client, transport=server.transport()),
        )
    return server


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Put lines into stdin, which is no terminal."""

    def put(*lines: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    return put


@pytest.fixture
def runyard(installation: FakeInstallation) -> CommandLine:

    def run(*words: str, local: FakeInstallation | None = installation) -> int:
        return run_command_line(words, local=local)

    return run
