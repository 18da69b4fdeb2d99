"""Requests that the tests send, and how to send them."""

from typing import Any

import httpx


def python(content: str, **fields: Any) -> dict[str, Any]:
    return {
        "runtime": "python3",
        "files": [{"path": "main.py", "content": content}],
        "wait": 60,
        **fields,
    }


def c(content: str, **fields: Any) -> dict[str, Any]:
    return {"runtime": "c", "files": [{"path": "main.c", "content": content}], "wait": 60, **fields}


def run(client: httpx.Client, request: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/v1/executions", json=request)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    execution: dict[str, Any] = answer.json()
    assert execution["state"] == "finished", execution
    return execution


def stdout(execution: dict[str, Any]) -> str:
    text: str = execution["steps"][-1]["stdout"]
    return text
