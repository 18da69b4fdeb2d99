"""What holds for every request: names, origins, sizes, headers."""

from collections.abc import AsyncIterator

import httpx
import pytest

from runyard.api.app import build_app
from runyard.api.middleware.body import derive_body_bytes_max
from runyard.api.middleware.origin import build_allow_list, is_loopback, split_host
from runyard.client.in_process import InProcessTransport
from runyard.domain.limits import MIB, Policy
from tests.unit.api.conftest import SERVER
from tests.unit.api.fakes import FakeApplication, FakeSettings

EXECUTIONS = "/api/v1/executions"
ROUTES = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/v1/runtimes",
    "/api/v1/openapi.json",
    EXECUTIONS,
    "/nothing",
]


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "127.0.0.1:8080@evil.example",
        "",
        "[::1",
    ],
)
async def test_foreign_host_is_refused_everywhere(
    http: httpx.AsyncClient, path: str, host: str
) -> None:
    answer = await http.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert answer.json()["code"] == "host_not_allowed"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:1", "[::1]:8080", "127.9.9.9", "LOCALHOST"]
)
async def test_loopback_host_is_answered(http: httpx.AsyncClient, host: str) -> None:
    assert (await http.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://127.0.0.1:9", "http://localhost:8080", ""]
)
async def test_foreign_origin_is_refused_everywhere(
    http: httpx.AsyncClient, path: str, origin: str
) -> None:
    answer = await http.get(path, headers={"Origin": origin})

    assert answer.status_code == 403
    assert answer.json()["code"] == "origin_not_allowed"


async def test_own_origin_is_answered(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz", headers={"Origin": SERVER})).status_code == 200


async def test_cross_site_request_without_origin_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.get(EXECUTIONS, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.json()["code"] == "origin_not_allowed"


@pytest.fixture
async def public() -> AsyncIterator[httpx.AsyncClient]:
    settings = FakeSettings(
        allowed_hosts=("run.example", "*.run.example"), allowed_origins=("https://page.example",)
    )
    app = build_app(FakeApplication(settings=settings))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER) as client:
        yield client


@pytest.mark.parametrize("host", ["run.example", "a.run.example", "RUN.example:443"])
async def test_listed_host_is_answered(public: httpx.AsyncClient, host: str) -> None:
    assert (await public.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["run.example.evil.example", "xrun.example"])
async def test_host_that_resembles_a_listed_one_is_refused(
    public: httpx.AsyncClient, host: str
) -> None:
    assert (await public.get("/healthz", headers={"Host": host})).status_code == 403


async def test_listed_origin_may_read_answers(public: httpx.AsyncClient) -> None:
    answer = await public.get("/healthz", headers={"Origin": "https://page.example"})

    assert answer.headers["access-control-allow-origin"] == "https://page.example"


async def test_preflight_of_unlisted_origin_is_refused(public: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    assert (await public.options(EXECUTIONS, headers=headers)).status_code == 403


async def test_body_at_the_bound_is_read_and_above_it_refused(http: httpx.AsyncClient) -> None:
    bytes_max = derive_body_bytes_max(Policy())
    headers = {"Content-Type": "application/json"}

    at = await http.post(EXECUTIONS, content=b" " * bytes_max, headers=headers)
    above = await http.post(EXECUTIONS, content=b" " * (bytes_max + 1), headers=headers)

    assert at.json()["code"] == "invalid_json"
    assert (above.status_code, above.json()["code"]) == (413, "too_large")
    assert above.json()["bytes_max"] == bytes_max


async def test_body_without_announced_length_is_counted(http: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * MIB

    answer = await http.post(
        EXECUTIONS, content=endless(), headers={"Content-Type": "application/json"}
    )

    assert answer.request.headers.get("content-length") is None
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_every_answer_has_security_headers_and_a_request_id(http: httpx.AsyncClient) -> None:
    for path in ROUTES:
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-request-id"]


async def test_sane_request_id_is_kept_and_another_replaced(http: httpx.AsyncClient) -> None:
    kept = await http.get("/healthz", headers={"X-Request-Id": "abc-1"})
    replaced = await http.get("/healthz", headers={"X-Request-Id": "a b"})

    assert kept.headers["x-request-id"] == "abc-1"
    assert replaced.headers["x-request-id"] != "a b"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("a:1", "a"),
        ("[::1]:2", "::1"),
        ("A", "a"),
        ("", None),
        ("a@b", None),
        ("a/b", None),
        ("a:x", None),
        ("a b", None),
    ],
)
def test_split_host(host: str, name: str | None) -> None:
    assert split_host(host) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("1.1.1.1", False),
        ("x", False),
    ],
)
def test_is_loopback(name: str, expected: bool) -> None:  # noqa: FBT001
    assert is_loopback(name) is expected


def test_wildcard_allows_any_origin() -> None:
    allowed = build_allow_list(hosts=("*",), origins=("*",))

    assert allowed.allows_host("anything")
    assert allowed.allows_origin("https://x.example", host="y")
