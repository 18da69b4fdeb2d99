"""The routes of executions: what is accepted, what is refused with which words."""

import base64
import json
from typing import Any

import httpx
import pytest

from runyard.api.schemas.answers import ExecutionAnswer, ExecutionsAnswer, ProblemAnswer
from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from tests.unit.api.fakes import FakeApplication

EXECUTIONS = "/api/v1/executions"


def hello(**fields: Any) -> dict[str, Any]:
    return {
        "runtime": "python3",
        "files": [{"path": "main.py", "content": "print('hello')"}],
        **fields,
    }


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    ProblemAnswer.model_validate(body)
    assert body["code"] == code, body
    assert body["status"] == status
    assert "Traceback" not in answer.text
    return body


async def test_submit_without_wait_answers_queued_with_location(http: httpx.AsyncClient) -> None:
    answer = await http.post(EXECUTIONS, json=hello())

    assert answer.status_code == httpx.codes.CREATED
    body = answer.json()
    ExecutionAnswer.model_validate(body)
    assert body["state"] == "queued"
    assert body["outcome"] is None
    assert answer.headers["location"] == f"{EXECUTIONS}/{body['id']}"


async def test_submit_with_wait_answers_finished(http: httpx.AsyncClient) -> None:
    answer = await http.post(EXECUTIONS, json=hello(wait=5))

    body = answer.json()
    ExecutionAnswer.model_validate(body)
    assert (body["state"], body["outcome"]) == ("finished", "succeeded")
    assert body["steps"][0]["stdout"] == "hello\n"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (False, None)),
        ({"interactive": True}, (True, None)),
        ({"terminal": {"rows": 30, "columns": 100}}, (False, {"rows": 30, "columns": 100})),
    ],
)
async def test_an_execution_says_how_it_is_steered(
    http: httpx.AsyncClient, asked: dict[str, object], expected: object
) -> None:
    body = (await http.post(EXECUTIONS, json=hello(**asked))).json()

    again = (await http.get(f"{EXECUTIONS}/{body['id']}")).json()
    assert (again["interactive"], again["terminal"]) == expected


@pytest.mark.parametrize(
    ("owner", "headers", "expected"),
    [
        ("local", {}, "local"),
        # Somebody behind a proxy need not be on this machine.
        ("local", {"X-Forwarded-For": "192.0.2.1"}, None),
        (None, {}, None),
    ],
)
async def test_submit_says_whose_it_is(
    http: httpx.AsyncClient,
    application: FakeApplication,
    *,
    owner: str | None,
    headers: dict[str, str],
    expected: str | None,
) -> None:
    application.settings.anonymous_owner_id = owner

    body = (await http.post(EXECUTIONS, json=hello(), headers=headers)).json()

    assert application.executions.stored[body["id"]].owner_id == expected
    assert "owner_id" not in body


async def test_submit_passes_every_field_on(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    content = base64.b64encode(b"\x00\xff").decode()
    request = hello(
        files=[
            {"path": "main.py", "content": "x"},
            {"path": "a.bin", "content": content, "encoding": "base64", "executable": True},
        ],
        entry="main.py",
        args=["-x", "é"],
        env={"A": "b"},
        stdin="/w==",
        stdin_encoding="base64",
        limits={"wall_seconds": 2, "memory_bytes": 1 << 26},
        compile_limits={"processes": 3},
        execution_wall_seconds=9,
        tests=[
            {
                "name": "one",
                "stdin": "1",
                "args": ["a"],
                "expected_stdout": "2",
                "checker": {"kind": "float", "tolerance": 0.5},
            }
        ],
        artifacts=["*.png"],
        interactive=True,
        terminal={"rows": 10, "columns": 20},
        merge_stderr=True,
    )

    answer = await http.post(EXECUTIONS, json=request)

    assert answer.status_code == httpx.codes.CREATED, answer.text
    (submission,) = application.executions.submissions
    assert submission.files == (File("main.py", b"x"), File("a.bin", b"\x00\xff", executable=True))
    assert submission.stdin == b"\xff"
    assert submission.limits == {"wall_seconds": 2.0, "memory_bytes": 1 << 26}
    assert submission.compile_limits == {"processes": 3}
    assert submission.terminal == (10, 20)
    assert submission.tests[0].checker.tolerance == 0.5
    assert (submission.interactive, submission.merge_stderr) == (True, True)
    assert (submission.args, submission.env) == (("-x", "é"), {"A": "b"})
    assert submission.artifacts == ("*.png",)
    assert submission.execution_wall_seconds == 9


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"files": []}, "files"),
        ({"files": [{"path": "a"}]}, "files[0].content"),
        ({"files": [{"path": "a", "content": 1}]}, "files[0].content"),
        ({"files": [{"path": "a", "content": "", "encoding": "hex"}]}, "files[0].encoding"),
        ({"runtime": 3}, "runtime"),
        ({"runtime": "r" * 101}, "runtime"),
        ({"unknown": 1}, "unknown"),
        ({"limits": {"wall_secs": 1}}, "limits.wall_secs"),
        ({"limits": {"wall_seconds": True}}, "limits.wall_seconds"),
        ({"limits": {"wall_seconds": "1"}}, "limits.wall_seconds"),
        ({"limits": {"memory_bytes": 1.5}}, "limits.memory_bytes"),
        ({"limits": {"processes": True}}, "limits.processes"),
        ({"wait": -1}, "wait"),
        ({"wait": 1e9}, "wait"),
        ({"interactive": 1}, "interactive"),
        ({"terminal": {"rows": 0, "columns": 1}}, "terminal.rows"),
        ({"args": "x"}, "args"),
        ({"env": {"A": 1}}, "env.A"),
        ({"tests": [{"name": ""}]}, "tests[0].name"),
        ({"tests": [{"name": "a", "checker": {"kind": "magic"}}]}, "tests[0].checker.kind"),
    ],
)
async def test_submit_with_wrong_field_names_it_and_stores_nothing(
    http: httpx.AsyncClient, application: FakeApplication, fields: dict[str, Any], place: str
) -> None:
    answer = await http.post(EXECUTIONS, json=hello(**fields))

    body = problem(answer, 422, "invalid_request")
    assert place in [error["field"] for error in body["errors"]], body
    assert not application.executions.submissions


async def test_submit_with_several_wrong_fields_lists_each(http: httpx.AsyncClient) -> None:
    answer = await http.post(EXECUTIONS, json=hello(runtime=1, wait="x", more=2))

    body = problem(answer, 422, "invalid_request")
    assert {error["field"] for error in body["errors"]} == {"runtime", "wait", "more"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{'runtime': 1}",
        b'{"runtime": "\xff"}',
        b'{"runtime": "\\ud800"}',
        b"[" * 10_000,
        b'{"a":' * 10_000,
    ],
    ids=["empty", "cut", "quotes", "not-utf-8", "surrogate", "deep-list", "deep-object"],
)
async def test_submit_with_malformed_json_is_refused(
    http: httpx.AsyncClient, application: FakeApplication, content: bytes
) -> None:
    answer = await http.post(
        EXECUTIONS, content=content, headers={"Content-Type": "application/json"}
    )

    problem(answer, 400, "invalid_json")
    assert not application.executions.submissions


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_submit_with_a_number_that_is_none_is_refused(
    http: httpx.AsyncClient, number: str
) -> None:
    text = json.dumps(hello(limits={"wall_seconds": 0})).replace(": 0}", f": {number}}}")

    answer = await http.post(EXECUTIONS, content=text, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
async def test_submit_of_another_media_type_is_refused(
    http: httpx.AsyncClient, media_type: str | None
) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}

    answer = await http.post(EXECUTIONS, content=json.dumps(hello()), headers=headers)

    problem(answer, 415, "unsupported_media_type")


async def test_submit_for_unknown_runtime_is_refused(http: httpx.AsyncClient) -> None:
    problem(await http.post(EXECUTIONS, json=hello(runtime="cobol")), 404, "unknown_runtime")


async def test_submit_for_unavailable_runtime_says_why(http: httpx.AsyncClient) -> None:
    answer = await http.post(EXECUTIONS, json=hello(runtime="broken"))

    assert "no compiler" in problem(answer, 409, "runtime_unavailable")["detail"]


@pytest.mark.parametrize("field", ["stdin", "content"])
async def test_submit_with_broken_base64_names_the_field(
    http: httpx.AsyncClient, field: str
) -> None:
    file = {"path": "main.py", "content": "!" if field == "content" else "", "encoding": "base64"}
    stdin = "!" if field == "stdin" else ""

    answer = await http.post(
        EXECUTIONS, json=hello(files=[file], stdin=stdin, stdin_encoding="base64")
    )

    assert field in problem(answer, 422, "invalid_request")["field"]


async def test_anonymous_running_off_refuses_every_route(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    application.live_settings.is_anonymous_allowed = False
    path = f"{EXECUTIONS}/{new_identifier()}"

    answers = [
        await http.post(EXECUTIONS, json=hello()),
        await http.get(EXECUTIONS),
        await http.get(path),
        await http.get(f"{path}/events"),
        await http.post(f"{path}/cancel"),
        await http.post(f"{path}/stdin", json={}),
        await http.get(f"{path}/artifacts/a"),
    ]

    for answer in answers:
        problem(answer, 401, "authentication_required")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("execution_id", ["x", "%00", "01JD000000000000000000000", "..", "é"])
async def test_malformed_id_is_not_found(http: httpx.AsyncClient, execution_id: str) -> None:
    problem(await http.get(f"{EXECUTIONS}/{execution_id}/artifacts/a"), 404, "not_found")


async def test_list_pages_through_everything(http: httpx.AsyncClient) -> None:
    submitted = [(await http.post(EXECUTIONS, json=hello())).json()["id"] for _ in range(5)]
    found: list[str] = []
    before: str | None = None

    while True:
        query = {"limit": "2"} | ({"before": before} if before else {})
        page = (await http.get(EXECUTIONS, params=query)).json()
        ExecutionsAnswer.model_validate(page)
        found += [item["id"] for item in page["items"]]
        before = page["next_before"]
        if before is None:
            break

    assert found == sorted(submitted, reverse=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=%00", "before=-"])
async def test_list_with_wrong_query_is_refused(http: httpx.AsyncClient, query: str) -> None:
    body = problem(await http.get(f"{EXECUTIONS}?{query}"), 422, "invalid_request")

    assert body["errors"][0]["field"] == query.partition("=")[0]


async def test_cancel_answers_the_execution(http: httpx.AsyncClient) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello())).json()

    answer = await http.post(f"{EXECUTIONS}/{submitted['id']}/cancel")

    assert answer.json()["outcome"] == "cancelled"


async def test_stdin_is_written_then_closed(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello(interactive=True))).json()
    path = f"{EXECUTIONS}/{submitted['id']}/stdin"

    answer = await http.post(path, json={"data": "/w==", "encoding": "base64", "eof": True})

    assert (answer.status_code, answer.content) == (204, b"")
    assert application.executions.stdin == [b"\xff"]
    assert application.executions.controls == ["eof"]


@pytest.mark.parametrize(("body", "status"), [({"data": "x"}, 204), ({}, 409)])
async def test_program_may_end_with_the_last_it_is_given(
    http: httpx.AsyncClient, application: FakeApplication, body: dict[str, str], status: int
) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello(interactive=True))).json()
    application.executions.ends_after_input = True

    answer = await http.post(f"{EXECUTIONS}/{submitted['id']}/stdin", json=body | {"eof": True})

    assert answer.status_code == status


async def test_stdin_of_a_program_that_reads_slowly_may_be_retried(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello(interactive=True))).json()
    application.executions.busy_times = 1

    answer = await http.post(f"{EXECUTIONS}/{submitted['id']}/stdin", json={"data": "x"})

    assert problem(answer, 503, "busy")["retry"] is True
    assert answer.headers["retry-after"]


async def test_stdin_that_is_not_open_conflicts(http: httpx.AsyncClient) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello())).json()

    answer = await http.post(f"{EXECUTIONS}/{submitted['id']}/stdin", json={"data": "x"})

    problem(answer, 409, "conflict")


async def test_artifact_is_an_attachment_in_which_nothing_runs(http: httpx.AsyncClient) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello(wait=1))).json()

    answer = await http.get(f"{EXECUTIONS}/{submitted['id']}/artifacts/out/a%20b.html")

    assert answer.content == b"<p>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%20b.html"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%00", "/etc/passwd", "missing"])
async def test_artifact_of_another_name_is_refused(http: httpx.AsyncClient, name: str) -> None:
    submitted = (await http.post(EXECUTIONS, json=hello(wait=1))).json()

    answer = await http.get(f"{EXECUTIONS}/{submitted['id']}/artifacts/{name}")

    assert answer.status_code in (404, 422)
    problem(answer, answer.status_code, answer.json()["code"])


async def test_a_bug_is_counted_and_answered_without_its_traceback(
    http: httpx.AsyncClient, application: FakeApplication
) -> None:
    application.executions.failure = ZeroDivisionError("the secret reason")

    answer = await http.post(EXECUTIONS, json=hello())

    body = problem(answer, 500, "internal_error")
    assert body["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    assert (
        'runyard_unhandled_errors_total{where="api"} 1.0' in application.metrics.render().decode()
    )
