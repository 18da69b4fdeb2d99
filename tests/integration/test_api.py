"""The HTTP interface over real executions."""

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from runyard.api.schemas.answers import ExecutionAnswer
from runyard.bootstrap import Application
from runyard.client import AsyncClient, Case, Check, ConflictError, NotFoundError
from runyard.domain.limits import LIMITS_MIN, Policy
from runyard.settings import LOCAL_OWNER_ID

EXECUTIONS = "/api/v1/executions"
POLICY = Policy()
DEADLINE_SECONDS = 30.0
ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)\n"


def python(content: str, **fields: Any) -> dict[str, Any]:
    return {
        "runtime": "python3",
        "files": [{"path": "main.py", "content": content}],
        "wait": 30,
        **fields,
    }


async def run(http: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(EXECUTIONS, json=body)
    assert answer.status_code == 201, answer.text
    ExecutionAnswer.model_validate(answer.json())
    result: dict[str, Any] = answer.json()
    return result


async def test_program_runs_and_is_measured(http: httpx.AsyncClient) -> None:
    execution = await run(
        http,
        python(
            "import os, sys\nprint(sys.argv[1:], os.environ['A'], input())\nsys.exit(3)",
            args=["x", "é"],
            env={"A": "b"},
            stdin="in",
        ),
    )

    (step,) = execution["steps"]
    assert (execution["outcome"], step["exit_code"]) == ("failed", 3)
    assert step["stdout"] == "['x', 'é'] b in\n"
    assert step["usage"]["wall_seconds"] > 0
    assert step["usage"]["memory_peak_bytes"] > 0
    again = (await http.get(f"{EXECUTIONS}/{execution['id']}")).json()
    assert again == execution


async def test_output_that_is_no_text_comes_as_base64(http: httpx.AsyncClient) -> None:
    execution = await run(http, python("import sys; sys.stdout.buffer.write(b'\\xff\\x00')"))

    (step,) = execution["steps"]
    assert step["stdout_encoding"] == "base64"
    assert base64.b64decode(step["stdout"]) == b"\xff\x00"


async def test_tests_are_run_after_one_compilation_and_checked(client: AsyncClient) -> None:
    source = '#include <stdio.h>\nint main(void){int a;scanf("%d",&a);printf("%d\\n",a*2);}\n'
    execution = await client.run(
        "c",
        {"main.c": source},
        tests=[
            Case(name="right", stdin="2", expected_stdout="4"),
            Case(name="wrong", stdin="2", expected_stdout="5"),
            Case(
                name="near",
                stdin="3",
                expected_stdout="6.1",
                checker=Check(kind="float", tolerance=0.1),
            ),
        ],
    )

    assert [step.kind for step in execution.steps] == ["compile", "test", "test", "test"]
    assert [step.passed for step in execution.steps[1:]] == [True, False, True]
    assert execution.raw["tests"] == {"total": 3, "passed": 2}


async def test_artifacts_are_kept(client: AsyncClient) -> None:
    execution = await client.run(
        "python3",
        {"main.py": "import os\nos.mkdir('out')\nopen('out/a.bin','wb').write(b'\\xff')\n"},
        artifacts=["out/*"],
    )

    assert [artifact.name for artifact in execution.artifacts] == ["out/a.bin"]
    assert await client.artifact(execution.id, "out/a.bin") == b"\xff"
    with pytest.raises(NotFoundError):
        await client.artifact(execution.id, "main.py")


async def test_events_come_while_the_program_runs_and_again_afterwards(
    client: AsyncClient,
) -> None:
    execution = await client.submit("python3", {"main.py": ECHO}, interactive=True)
    live = []

    async with asyncio.timeout(DEADLINE_SECONDS):
        await client.write_stdin(execution.id, "one\n")
        async for event in client.events(execution.id):
            live.append(event)
            if event.kind == "output" and "one" in event.data["text"]:
                await client.write_stdin(execution.id, "two\n", eof=True)

    replayed = [event async for event in client.events(execution.id)]
    text = "".join(event.data["text"] for event in live if event.kind == "output")
    assert text == "got one\ngot two\n"
    assert live[-1].kind == "finished"
    assert [event.sequence for event in live] == sorted(event.sequence for event in live)
    assert [(event.sequence, event.kind) for event in replayed] == [
        (event.sequence, event.kind) for event in live
    ]
    resumed = [event async for event in client.events(execution.id, after=live[-2].sequence)]
    assert [event.sequence for event in resumed] == [live[-1].sequence]


async def test_terminal_is_a_terminal(client: AsyncClient) -> None:
    program = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "size = os.get_terminal_size()\n"
        "print(sys.stdin.isatty(), size.lines, size.columns, flush=True)\n"
        "signal.sigwait([signal.SIGWINCH])\n"
        "print('resized', os.get_terminal_size().lines, flush=True)\n"
        "print('read', input())\n"
    )
    execution = await client.submit(
        "python3", {"main.py": program}, terminal=(20, 70), interactive=True
    )
    shown = ""

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        client.terminal(execution.id) as terminal,
    ):
        async for event in terminal:
            if event.kind != "output":
                continue
            before = shown
            shown += event.data["text"]
            if "True 20 70" in shown and "True 20 70" not in before:
                await terminal.resize(30, 80)
            if "resized 30" in shown and "resized 30" not in before:
                await terminal.write(b"keys\n")

    assert "read keys" in shown


async def test_cancel_ends_a_running_program(client: AsyncClient) -> None:
    execution = await client.submit(
        "python3", {"main.py": "print(1, flush=True)\nwhile True: pass"}
    )

    async with asyncio.timeout(DEADLINE_SECONDS):
        async for event in client.events(execution.id):
            if event.kind == "output":
                await client.cancel(execution.id)
        finished = await client.get(execution.id)

    assert finished.outcome == "cancelled"
    assert (await client.cancel(execution.id)).outcome == "cancelled"
    with pytest.raises(ConflictError):
        await client.write_stdin(execution.id, "x")


async def test_wait_that_is_too_short_answers_with_the_present_state(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post(EXECUTIONS, json=python("while True: pass", wait=0.2))

    body = answer.json()
    assert (answer.status_code, body["outcome"]) == (201, None)
    await http.post(f"{EXECUTIONS}/{body['id']}/cancel")


async def test_list_shows_newest_first(client: AsyncClient) -> None:
    execution = await client.run("python3", {"main.py": "print('secret output')"})

    page = await client.list(limit=5)

    assert page.items[0].id == execution.id
    assert "secret" not in json.dumps([item.raw for item in page.items])


TOO_MANY = POLICY.file_count_max + 1
BAD = [
    ({"runtime": "no-such"}, 404, "unknown_runtime", "no-such"),
    ({"files": [{"path": "../x", "content": ""}]}, 422, "invalid_path", "'..'"),
    ({"files": [{"path": "/etc/x", "content": ""}]}, 422, "invalid_path", "absolute"),
    ({"files": [{"path": "a\u0000b", "content": ""}]}, 422, "invalid_path", "control"),
    ({"files": [{"path": "a/" * 300, "content": ""}]}, 422, "invalid_request", "512"),
    ({"files": [{"path": "x" * 201, "content": ""}]}, 422, "invalid_path", "200"),
    (
        {"files": [{"path": "a", "content": ""}, {"path": "a", "content": ""}]},
        422,
        "invalid_path",
        "twice",
    ),
    (
        {"files": [{"path": f"{n}", "content": ""} for n in range(TOO_MANY)]},
        413,
        "too_large",
        str(POLICY.file_count_max),
    ),
    (
        {"files": [{"path": "main.py", "content": "x" * (POLICY.file_bytes_max + 1)}]},
        413,
        "too_large",
        str(POLICY.file_bytes_max),
    ),
    (
        {"files": [{"path": f"{n}", "content": "x" * POLICY.file_bytes_max} for n in range(6)]},
        413,
        "too_large",
        str(POLICY.source_bytes_max),
    ),
    ({"entry": "other.py"}, 422, "invalid_request", "other.py"),
    ({"limits": {"wall_seconds": -1}}, 422, "limit_out_of_range", str(LIMITS_MIN.wall_seconds)),
    (
        {"limits": {"memory_bytes": 1 << 50}},
        422,
        "limit_out_of_range",
        str(POLICY.limits_max.memory_bytes),
    ),
    (
        {"compile_limits": {"processes": 10**30}},
        422,
        "limit_out_of_range",
        "compile_limits.processes",
    ),
    (
        {"execution_wall_seconds": 1e6},
        422,
        "limit_out_of_range",
        str(POLICY.execution_wall_seconds_max),
    ),
    ({"args": ["x"] * 1000}, 422, "limit_out_of_range", str(POLICY.arg_count_max)),
    ({"args": ["a\u0000b"]}, 422, "invalid_request", "NUL"),
    ({"env": {"A=B": "x"}}, 422, "invalid_request", "A=B"),
    ({"env": {"A": "x" * POLICY.env_bytes_max}}, 422, "limit_out_of_range", "env"),
    ({"stdin": "x" * (POLICY.stdin_bytes_max + 1)}, 413, "too_large", "stdin"),
    (
        {"tests": [{"name": str(n)} for n in range(POLICY.test_count_max + 1)]},
        422,
        "too_many_tests",
        str(POLICY.test_count_max),
    ),
    (
        {"tests": [{"name": "a", "expected_stdout": "(", "checker": {"kind": "regex"}}]},
        422,
        "invalid_request",
        "regular expression",
    ),
    ({"artifacts": ["../*"]}, 422, "invalid_path", "artifacts"),
    ({"artifacts": ["*"] * 100}, 422, "limit_out_of_range", str(POLICY.artifact_glob_count_max)),
    ({"unknown": 1}, 422, "invalid_request", "unknown"),
]


@pytest.mark.parametrize("bad", BAD, ids=[f"{index}-{bad[2]}" for index, bad in enumerate(BAD)])
async def test_bad_input_is_refused_with_a_code_and_stores_nothing(
    http: httpx.AsyncClient,
    application: Application,
    bad: tuple[dict[str, Any], int, str, str],
) -> None:
    fields, status, code, says = bad
    before = await application.executions.list(owner_id=LOCAL_OWNER_ID, limit=1)

    answer = await http.post(EXECUTIONS, json=python("print(1)", **fields))

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert says in problem["detail"], problem
    assert await application.executions.list(owner_id=LOCAL_OWNER_ID, limit=1) == before


async def test_ten_megabytes_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(EXECUTIONS, json=python("x" * 10_000_000))

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_every_limit_at_its_bound_is_accepted(http: httpx.AsyncClient) -> None:
    maximum = POLICY.limits_max

    execution = await run(
        http,
        python(
            "print(1)",
            limits={
                "wall_seconds": maximum.wall_seconds,
                "cpu_seconds": maximum.cpu_seconds,
                "memory_bytes": maximum.memory_bytes,
                "processes": maximum.processes,
                "output_bytes": maximum.output_bytes,
            },
        ),
    )

    assert execution["outcome"] == "succeeded"


async def test_answers_name_no_worker_platform_or_image(http: httpx.AsyncClient) -> None:
    execution = await run(http, python("print(1)"))
    text = json.dumps(execution) + (await http.get(f"{EXECUTIONS}/{execution['id']}/events")).text

    assert not [word for word in ("worker", "platform", "image", "slot", "lease") if word in text]
