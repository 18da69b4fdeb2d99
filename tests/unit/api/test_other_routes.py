"""Runtimes, health, metrics, the document, and what is nowhere."""

import httpx
import pytest

from runyard.api.schemas.answers import RuntimeAnswer, RuntimesAnswer
from tests.unit.api.fakes import FakeApplication
from tests.unit.api.test_executions import problem


async def test_runtimes_say_what_works_and_why_not(http: httpx.AsyncClient) -> None:
    body = (await http.get("/api/v1/runtimes")).json()

    RuntimesAnswer.model_validate(body)
    assert [(item["id"], item["state"], item["reason"]) for item in body["items"]] == [
        ("python3", "available", None),
        ("broken", "unavailable", "no compiler"),
    ]
    assert "image" not in body["items"][0]


@pytest.mark.parametrize("name", ["python3", "py"])
async def test_runtime_is_found_by_id_and_alias(http: httpx.AsyncClient, name: str) -> None:
    body = (await http.get(f"/api/v1/runtimes/{name}")).json()

    RuntimeAnswer.model_validate(body)
    assert body["id"] == "python3"


@pytest.mark.parametrize("name", ["cobol", "%00", "%ff"])
async def test_unknown_runtime_is_not_found(http: httpx.AsyncClient, name: str) -> None:
    problem(await http.get(f"/api/v1/runtimes/{name}"), 404, "unknown_runtime")


async def test_health_and_readiness(http: httpx.AsyncClient, application: FakeApplication) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    assert (await http.get("/readyz")).json() == {"ready": True, "checks": {"store": True}}

    application.standing.is_ready = False

    assert (await http.get("/readyz")).status_code == 503
    assert (await http.get("/healthz")).status_code == 200


async def test_metrics_are_shown_to_this_machine(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "runyard_queue_length" in answer.text


async def test_metrics_are_not_shown_through_a_proxy(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})

    problem(answer, 401, "authentication_required")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/docs", 404, "not_found"),
        ("DELETE", "/api/v1/executions", 405, "method_not_allowed"),
        ("TRACE", "/healthz", 405, "method_not_allowed"),
        ("GET", "/api/v1/executions/", 404, "not_found"),
    ],
)
async def test_what_is_not_there_is_a_problem(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)

    problem(answer, status, code)


async def test_document_describes_bodies_and_problems(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/v1/openapi.json")).json()

    schemas = document["components"]["schemas"]
    assert {"ExecutionBody", "StdinBody", "ExecutionAnswer", "ProblemAnswer"} <= set(schemas)
    assert "HTTPValidationError" not in schemas
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            problems = operation["responses"]["403"]["content"]
            assert "application/problem+json" in problems, (method, path)
