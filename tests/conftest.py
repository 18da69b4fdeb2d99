"""What the servers of one run of the tests know of each other."""

import pytest

from runyard.testing.server import Server


@pytest.fixture(scope="session", autouse=True)
def known_runtimes(tmp_path_factory: pytest.TempPathFactory) -> None:
    Server.known_runtimes = tmp_path_factory.getbasetemp() / "runtimes.json"
