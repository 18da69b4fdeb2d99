"""One server for the tests that do not harm it, and one for each test that does."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runyard.testing.server import Server
from tests.e2e.census import COUNTABLE
from tests.integration.serving import reachable


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(reachable(tmp_path_factory.mktemp("shared-server")))
    server.start(environment=COUNTABLE)
    server.wait_until_probed()
    yield server
    assert server.is_running(), server.log.read_text()[-4000:]
    assert server.stop() == 0


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(reachable(tmp_path))
    yield server
    if server.is_running():
        server.kill()


@pytest.fixture
def client(shared_server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared_server.url, timeout=60) as client:
        yield client
