"""Requests made up from the API's own description: every answer is one it describes."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig as Config

from runyard.api.app import build_app
from runyard.testing.server import Server
from tests.integration.serving import serve
from tests.unit.api.fakes import FakeApplication

EXAMPLES_MAX = 25
# What JSON Schema cannot say of a submission is refused as well: two files of one name, an entry
# that is not among the files, a limit above the operator's policy.
REFUSED_BY_MEANING = ["2xx", "404", "409", "413", "422", "503"]
CONFIG = Config.from_dict(
    {
        "operations": [
            {
                "include-name": "POST /api/v1/executions",
                "checks": {"positive_data_acceptance": {"expected-statuses": REFUSED_BY_MEANING}},
            }
        ]
    }
)
# The description depends on the routes only; the server that is asked is a real one.
DOCUMENT = build_app(FakeApplication()).openapi()  # type: ignore[arg-type]

schema = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("schemathesis")
    for path in (directory, *directory.parents[:2]):
        path.chmod(0o755)
    with serve(directory) as served:
        yield served


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore")
@schema.parametrize()
@settings(max_examples=EXAMPLES_MAX, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case: Case, served: Server) -> None:
    answer = case.call(base_url=served.url)

    assert answer.status_code != 500, served.log.read_text()[-4000:]
    case.validate_response(answer)
