"""Requests made up from the API's own description, sent by an administrator who has logged in:
every answer is one it describes.
"""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case, SerializationContext
from schemathesis.config import SchemathesisConfig as Config

from runyard.api.app import build_app
from runyard.testing.server import Server
from tests.integration.serving import reachable, serve
from tests.unit.api.fakes import FakeApplication

EXAMPLES_MAX = 25
# What JSON Schema cannot say is refused as well: two files of one name, a limit above the policy, a
# password that is wrong, a name that is taken.
REFUSED_BY_MEANING = ["2xx", "401", "403", "404", "409", "412", "413", "422", "428", "429", "503"]
CONFIG = Config.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": REFUSED_BY_MEANING}}}
)
PERSON = {"name": "ada", "email": "ada@example.org", "password": "a long enough secret"}


@schemathesis.serializer("application/zip")
def send_as_it_is(_: SerializationContext, value: Any) -> bytes:
    """What is made up is hardly ever an archive, and has to be refused."""
    return value if isinstance(value, bytes) else str(value).encode()


def describe() -> dict[str, Any]:
    """Return the description, which depends on the routes only; the server that is asked is a real
    one. Who may use what is asked by tests/security/test_api_authorization.py.
    """
    document = build_app(FakeApplication()).openapi()  # type: ignore[arg-type]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return document


schema = schemathesis.openapi.from_dict(describe(), config=CONFIG)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = reachable(tmp_path_factory.mktemp("schemathesis"))
    with serve(directory) as served:
        yield served


@pytest.fixture(scope="module")
def token(served: Server) -> str:
    ticket = re.search(r"/setup#([\w-]+)", served.log.read_text())
    assert ticket is not None
    body = PERSON | {"ticket": ticket[1]}
    answer = httpx.post(f"{served.url}/api/v1/auth/setup", json=body)
    return str(answer.json()["access_token"])


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
@schema.parametrize()
@settings(max_examples=EXAMPLES_MAX, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case: Case, served: Server, token: str) -> None:
    answer = case.call(base_url=served.url, headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code != 500, served.log.read_text()[-4000:]
    case.validate_response(answer)
