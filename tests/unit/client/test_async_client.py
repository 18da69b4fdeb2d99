"""The asynchronous client against the HTTP interface over a scripted application."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from runyard.client import (
    AsyncClient,
    Case,
    Check,
    ConflictError,
    ConnectionFailedError,
    Event,
    InProcessTransport,
    InvalidRequestError,
    NotFoundError,
    RefusedError,
    RuntimeUnavailableError,
    ServerError,
    SourceFile,
    Terminal,
    TooLargeError,
    UnexpectedAnswerError,
    UnknownRuntimeError,
)
from runyard.domain.identifiers import new_identifier
from tests.unit.api.apps import app_over
from tests.unit.api.fakes import FakeApplication

SERVER = "http://127.0.0.1"
HELLO = {"main.py": "print('hello')"}
DEADLINE_SECONDS = 5.0


@pytest.fixture
def application() -> FakeApplication:
    return FakeApplication()


@pytest.fixture
def app(application: FakeApplication) -> FastAPI:
    return app_over(application)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(SERVER, transport=InProcessTransport(app)) as client:
        yield client


async def test_run_returns_the_finished_execution(client: AsyncClient) -> None:
    execution = await client.run("python3", HELLO)

    assert execution.is_finished
    assert execution.succeeded
    assert (execution.stdout, execution.stderr, execution.exit_code) == (b"hello\n", b"", 0)
    assert execution.steps[0].usage.wall_seconds == pytest.approx(0.1)
    assert execution.artifacts[0].name == "out/a b.html"
    assert execution.finished_at is not None


async def test_every_option_arrives(client: AsyncClient, application: FakeApplication) -> None:
    await client.submit(
        "python3",
        [SourceFile("a.py", b"\xff", executable=True), SourceFile("b.py", "é")],
        entry="a.py",
        args=["x"],
        env={"A": "1"},
        stdin=b"\xfe",
        limits={"wall_seconds": 1.5},
        compile_limits={"processes": 2},
        tests=[
            Case(
                name="t",
                stdin="in",
                expected_stdout="1",
                checker=Check(kind="float", tolerance=0.1),
            )
        ],
        artifacts=["*.txt"],
        interactive=True,
        merge_stderr=True,
        terminal=(3, 4),
        execution_wall_seconds=7,
    )

    (submission,) = application.executions.submissions
    assert [file.content for file in submission.files] == [b"\xff", "é".encode()]
    assert submission.files[0].executable
    assert submission.stdin == b"\xfe"
    assert submission.terminal == (3, 4)
    assert submission.tests[0].checker.tolerance == pytest.approx(0.1)
    assert submission.limits == {"wall_seconds": 1.5}
    assert submission.execution_wall_seconds == 7


async def test_events_stream_until_finished(
    client: AsyncClient, application: FakeApplication
) -> None:
    execution = await client.submit("python3", HELLO)
    kinds = []

    async with asyncio.timeout(DEADLINE_SECONDS):
        async for event in client.events(execution.id):
            kinds.append(event.kind)
            if event.kind == "output":
                application.executions.finish.set()

    assert kinds == ["state", "output", "finished"]


async def test_events_after_the_end_are_none(
    client: AsyncClient, application: FakeApplication
) -> None:
    execution = await client.run("python3", HELLO)
    application.executions.finish.set()

    assert [event async for event in client.events(execution.id, after=3)] == []


class _Breaking(httpx.AsyncBaseTransport):
    """Breaks off every event stream after its first bytes, a number of times."""

    def __init__(self, app: FastAPI, times: int) -> None:
        self._inner = InProcessTransport(app)
        self.times = times
        self.resumed_from: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/events"):
            self.resumed_from.append(request.headers["last-event-id"])
            if self.times:
                self.times -= 1
                return httpx.Response(answer.status_code, stream=_Cut(answer))
        return answer


class _Cut(httpx.AsyncByteStream):
    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_raw():
            yield chunk
            raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        await self._answer.aclose()


async def test_broken_event_stream_is_taken_up_where_it_broke_off(
    app: FastAPI, application: FakeApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.client.async_client.RECONNECT_SECONDS", 0.0)
    application.executions.finish.set()
    transport = _Breaking(app, times=2)
    async with AsyncClient(SERVER, transport=transport) as client:
        execution = await client.submit("python3", HELLO)

        sequences = [event.sequence async for event in client.events(execution.id)]

    assert sequences == [1, 2, 3]
    assert transport.resumed_from == ["0", "1", "2"]


async def test_event_stream_that_never_works_fails(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.client.async_client.RECONNECT_SECONDS", 0.0)

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with AsyncClient(SERVER, transport=httpx.MockTransport(refuse)) as client:
        with pytest.raises(ConnectionFailedError, match="refused"):
            await anext(client.events(new_identifier()))


async def test_stdin_cancel_list_and_artifacts(
    client: AsyncClient, application: FakeApplication
) -> None:
    execution = await client.submit("python3", HELLO, interactive=True)

    await client.write_stdin(execution.id, b"\xff", eof=True)
    cancelled = await client.cancel(execution.id)
    page = await client.list(limit=1)

    assert application.executions.stdin == [b"\xff"]
    assert cancelled.outcome == "cancelled"
    assert [item.id for item in page.items] == [execution.id]
    assert page.next_before is None
    assert await client.artifact(execution.id, "out/a b.html") == b"<p>"


async def test_runtimes(client: AsyncClient) -> None:
    assert [runtime.id for runtime in await client.runtimes()] == ["python3", "broken"]
    assert (await client.runtime("py")).entry == "main.py"


async def test_terminal_carries_both_directions(
    client: AsyncClient, application: FakeApplication
) -> None:
    execution = await client.submit("python3", HELLO, interactive=True)

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        client.terminal(execution.id) as terminal,
    ):
        await terminal.write(b"a")
        await terminal.resize(5, 6)
        await terminal.send_signal(2)
        await terminal.close_stdin()
        kinds = [event.kind async for event in terminal]

    assert application.executions.stdin == [b"a"]
    assert application.executions.controls == [(5, 6), 2, "eof"]
    assert kinds == ["state", "output", "finished"]


async def test_refusal_within_a_terminal_has_a_type(client: AsyncClient) -> None:
    execution = await client.submit("python3", HELLO, terminal=(5, 5))

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        client.terminal(execution.id) as terminal,
    ):
        await terminal.write(b"a")
        with pytest.raises(ConflictError, match="not open"):
            await _read_all(terminal)


async def _read_all(terminal: Terminal) -> list[Event]:
    return [event async for event in terminal]


async def test_refusals_have_types(client: AsyncClient, application: FakeApplication) -> None:
    with pytest.raises(UnknownRuntimeError) as unknown:
        await client.run("cobol", HELLO)
    with pytest.raises(RuntimeUnavailableError):
        await client.run("broken", HELLO)
    with pytest.raises(InvalidRequestError) as invalid:
        await client.run("python3", {})
    with pytest.raises(TooLargeError):
        await client.run("python3", {"main.py": "x" * 10_000_000})
    with pytest.raises(NotFoundError):
        await client.get("nothing")
    with pytest.raises(NotFoundError):
        await client.artifact(new_identifier(), "a")
    execution = await client.submit("python3", HELLO)
    with pytest.raises(ConflictError):
        await client.write_stdin(execution.id, b"x")
    application.live_settings.is_anonymous_allowed = False
    with pytest.raises(RefusedError):
        await client.run("python3", HELLO)

    assert (unknown.value.status, unknown.value.code) == (404, "unknown_runtime")
    assert invalid.value.fields[0]["field"] == "files"


async def test_bug_of_the_server_is_a_server_error(
    client: AsyncClient, application: FakeApplication
) -> None:
    application.executions.failure = ZeroDivisionError()

    with pytest.raises(ServerError) as caught:
        await client.run("python3", HELLO)

    assert caught.value.code == "internal_error"
    assert caught.value.request_id


async def test_what_is_no_runyard_server_is_said_so() -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))
    async with AsyncClient(SERVER, transport=page) as client:
        with pytest.raises(UnexpectedAnswerError, match="is this a Runyard server"):
            await client.runtimes()


async def test_error_page_of_a_proxy_is_an_api_error() -> None:
    page = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))
    async with AsyncClient(SERVER, transport=page) as client:
        with pytest.raises(ServerError) as caught:
            await client.runtimes()

    assert caught.value.code == "http_502"


def test_server_comes_from_argument_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNYARD_SERVER", "http://one")

    assert AsyncClient("http://two/").server == "http://two"
    assert AsyncClient().server == "http://one"

    monkeypatch.delenv("RUNYARD_SERVER")

    assert AsyncClient().server == "http://127.0.0.1:8080"
