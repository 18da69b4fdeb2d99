"""Every route says who may use it, and anonymous running has bounds of its own."""

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request

from runyard.api.addresses import find_client_address, is_secure
from runyard.api.app import API_PREFIX
from runyard.api.openapi import find_rule, is_described
from runyard.domain.limits import ANONYMOUS_POLICY, Policy
from tests.unit.api.fakes import FakeApplication
from tests.unit.api.test_executions import EXECUTIONS, hello, problem

PROXIES = ("10.0.0.0/8", "::1/128")


def test_every_route_has_one_rule(app: FastAPI) -> None:
    routes = list(iter_route_contexts(app.routes))

    for route in routes:
        assert not is_described(route) or find_rule(route).name
    assert len(routes) > 40
    assert [each.path for each in routes if not is_described(each)] == [
        f"{API_PREFIX}/openapi.json"
    ]
    assert f"{API_PREFIX}/executions/{{execution_id}}/terminal" in {each.path for each in routes}


def test_route_without_a_rule_is_refused() -> None:
    app = FastAPI()
    app.add_api_route("/open", lambda: None)

    [route] = [each for each in iter_route_contexts(app.routes) if each.path == "/open"]

    with pytest.raises(AssertionError, match="/open must have one rule"):
        find_rule(route)


def test_document_tells_who_may_use_each_route(app: FastAPI) -> None:
    document = app.openapi()

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            must_prove = operation.get("security") == [{"token": []}]
            assert operation["x-access"], (method, path)
            assert must_prove == operation["x-access"].startswith(
                ("scoped", "person", "newcomer")
            ), (method, path)
            if "security" in operation:
                assert "401" in operation["responses"], (method, path)


class TestAnonymousRunning:
    async def test_who_is_known_has_everybodys_policy(
        self, http: httpx.AsyncClient, application: FakeApplication
    ) -> None:
        await http.post(EXECUTIONS, json=hello())

        assert application.executions.policies == [Policy()]
        assert application.accounts.attempts.spent == []

    async def test_who_is_not_known_has_the_small_policy_and_a_rate(
        self, http: httpx.AsyncClient, application: FakeApplication
    ) -> None:
        application.settings.anonymous_owner_id = None

        answers = [await http.post(EXECUTIONS, json=hello()) for _ in range(3)]

        assert application.executions.policies == [ANONYMOUS_POLICY] * 2
        body = problem(answers[2], 429, "too_many_attempts")
        assert (body["retry"], body["retry_after_seconds"]) == (True, 42)
        assert answers[2].headers["retry-after"] == "42"

    async def test_who_is_not_known_has_no_list(
        self, http: httpx.AsyncClient, application: FakeApplication
    ) -> None:
        application.settings.anonymous_owner_id = None
        created = (await http.post(EXECUTIONS, json=hello())).json()

        listed = await http.get(EXECUTIONS)
        seen = await http.get(f"{EXECUTIONS}/{created['id']}")

        assert listed.json() == {"items": [], "next_before": None}
        assert seen.json()["id"] == created["id"]

    async def test_what_is_somebodys_is_not_there_for_others(
        self, http: httpx.AsyncClient, application: FakeApplication
    ) -> None:
        created = (await http.post(EXECUTIONS, json=hello())).json()
        application.settings.anonymous_owner_id = None

        seen = await http.get(f"{EXECUTIONS}/{created['id']}")

        problem(seen, 404, "not_found")


def request(peer: str, *, scheme: str = "http", **headers: str) -> Request:
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {
            "type": "http",
            "scheme": scheme,
            "client": (peer, 1),
            "server": ("server", 80),
            "path": "/",
            "headers": encoded,
        }
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        # Whoever is no proxy of ours may write what he likes.
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_client_is_the_last_address_that_no_proxy_of_ours_added(
    peer: str, forwarded: str, found: str
) -> None:
    headers = {"x_forwarded_for": forwarded} if forwarded else {}

    assert find_client_address(request(peer, **headers), PROXIES) == found


@pytest.mark.parametrize(
    ("peer", "scheme", "protocol", "secure"),
    [
        ("192.0.2.1", "https", "", True),
        ("192.0.2.1", "http", "https", False),
        ("10.0.0.1", "http", "https", True),
        ("10.0.0.1", "http", "http", False),
    ],
)
def test_tls_is_what_this_server_or_its_proxy_saw(
    peer: str, scheme: str, protocol: str, *, secure: bool
) -> None:
    headers = {"x_forwarded_proto": protocol} if protocol else {}

    assert is_secure(request(peer, scheme=scheme, **headers), PROXIES) is secure
