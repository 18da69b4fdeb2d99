"""Everything real but the network: services, SQLite and the linux engine in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from runyard.api.app import build_app
from runyard.bootstrap import Application, lay_groundwork, open_application
from runyard.client import AsyncClient
from runyard.client.in_process import InProcessTransport
from runyard.domain.errors import EngineUnavailableError
from runyard.settings import Settings
from tests.conformance.platforms import give_up
from tests.integration.serving import reachable

SERVER = "http://127.0.0.1"


@pytest.fixture(scope="session")
async def application(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("integration"),
        profile="development",
        log_level="error",
        worker_concurrency=2,
        # Other suites of this run count who is in a sandbox.
        pool_count_max=0,
    )
    try:
        groundwork = lay_groundwork(settings, keep_user=True)
    except EngineUnavailableError as error:
        give_up("linux", error.message)
    try:
        async with open_application(
            settings, groundwork.launcher, found=groundwork.found, self_tests=False
        ) as application:
            yield application
    finally:
        groundwork.launcher.close()


@pytest.fixture(scope="session")
def app(application: Application) -> FastAPI:
    return build_app(application)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=InProcessTransport(app), base_url=SERVER, timeout=60
    ) as client:
        yield client


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(SERVER, transport=InProcessTransport(app)) as client:
        yield client


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A directory that every user of the machine may enter, for programs to be run."""
    return reachable(tmp_path)
