"""A server with an administrator and a user, and a runtime that is easily made."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from runyard.client import Client, ConflictError, NotFoundError
from runyard.testing import server
from runyard.testing.server import Server
from tests.integration.serving import environment, reachable

API = "/api/v1/admin/runtimes"
PASSWORD = "correct horse battery"
LOOP = {"main.script": "BEGIN { while (1); }\n"}
HELLO = {"main.script": 'BEGIN { print "hello" }\n'}
TOOLCHAIN = {
    "programs": ["mawk"],
    "packages": ["mawk"],
    "version": ["mawk", "-W", "version"],
    "version_pattern": r"mawk (\d+(?:\.\d+)+)",
    "run": ["mawk", "-f", "{entry}"],
}
SCRIPT = {
    "language": "Script",
    "name": "Script",
    "description": "Programs for mawk.",
    "entry": "main.script",
    "extensions": [".script"],
    "run_limits": {"memory_mib": 64, "processes": 16},
    "example": {
        "expected_stdout": "hello\n",
        "files": [{"path": "main.script", "content": HELLO["main.script"]}],
    },
    "self_test": {
        "expected_stdout": "works\n",
        "files": [{"path": "main.script", "content": 'BEGIN { print "works" }\n'}],
    },
    "toolchain": [TOOLCHAIN],
}
# For runtimes beside the first one, to which the name of the files belongs.
PLAIN = SCRIPT | {"extensions": []}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = reachable(tmp_path_factory.mktemp("administered"))
    settings = environment(directory, RUNYARD_POOL_COUNT_MAX="0")
    with server.serve(directory, profile="production", environment=settings) as served:
        yield served


@pytest.fixture(scope="module")
def chief(served: Server) -> Iterator[Client]:
    """Make the first administrator, with the link that the server printed."""
    found = re.search(r"/setup#([\w-]+)", served.log.read_text())
    assert found
    with Client(served.url, token="") as client:
        client.accounts.set_up(found[1], name="chief", email="chief@example.org", password=PASSWORD)
        yield client


@pytest.fixture(scope="module")
def user(chief: Client) -> Iterator[Client]:
    chief.admin.create(name="user", email="user@example.org", password=PASSWORD)
    with Client(chief.server, token="") as client:
        client.accounts.log_in("user", PASSWORD)
        yield client


@pytest.fixture
def script(chief: Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """Add a runtime of a test's own, named after it."""
    words = re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_").lower())
    name = words[:30].strip("-")
    chief.admin.runtimes.put(name, PLAIN | {"language": f"Script {name}"}, base=0)
    yield name
    try:
        chief.admin.runtimes.reset(name)
    except (ConflictError, NotFoundError):
        return


def put_raw(client: Client, name: str, body: bytes, if_match: str = '"0"') -> httpx.Response:
    headers = {"Content-Type": "application/json", "If-Match": if_match}
    return client._connection.request("PUT", f"{API}/{name}", content=body, headers=headers)


def toolchain(**fields: Any) -> dict[str, Any]:
    return {"toolchain": [TOOLCHAIN | fields]}
