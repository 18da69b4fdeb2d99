"""The synchronous client; what it shares with the asynchronous one is tested there."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from runyard.client import AsyncClient, Client, ConnectionFailedError, NotFoundError
from runyard.client.in_process import InProcessTransport
from tests.unit.api.apps import app_over
from tests.unit.api.fakes import FakeApplication

SERVER = "http://127.0.0.1"
HELLO = {"main.py": "print('hello')"}


class _Bridge(httpx.BaseTransport):
    """Answers each request from the application in a loop of its own."""

    def __init__(self, application: FakeApplication) -> None:
        self._inner = InProcessTransport(app_over(application))
        self.failures: list[int] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            self.failures.pop()
            raise httpx.ReadError("cut")

        async def answer() -> httpx.Response:
            sent = httpx.Request(
                request.method, request.url, headers=request.headers, content=request.read()
            )
            received = await self._inner.handle_async_request(sent)
            content = await received.aread()
            return httpx.Response(received.status_code, headers=received.headers, content=content)

        with asyncio.Runner() as runner:
            return runner.run(answer())


@pytest.fixture
def application() -> FakeApplication:
    application = FakeApplication()
    application.executions.finish.set()
    return application


@pytest.fixture
def transport(application: FakeApplication) -> _Bridge:
    return _Bridge(application)


@pytest.fixture
def client(transport: _Bridge) -> Iterator[Client]:
    with Client(SERVER, transport=transport) as client:
        yield client


def test_run(client: Client) -> None:
    assert client.run("python3", HELLO).stdout == b"hello\n"


def test_submit_follow_and_wait(client: Client) -> None:
    execution = client.submit("python3", HELLO, interactive=True)

    client.write_stdin(execution.id, "x", eof=True)
    kinds = [event.kind for event in client.events(execution.id)]

    assert kinds == ["state", "output", "finished"]
    assert client.wait(execution.id).succeeded
    assert client.get(execution.id).id == execution.id
    assert client.list().items[0].id == execution.id
    assert client.artifact(execution.id, "out/a b.html") == b"<p>"
    assert client.cancel(execution.id).outcome == "cancelled"


def test_runtimes(client: Client) -> None:
    assert client.runtimes()[0].id == client.runtime("py").id


def test_refusal(client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.artifact("x", "y")


def test_broken_stream_is_taken_up_again(
    client: Client, transport: _Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.client.sync_client.RECONNECT_SECONDS", 0.0)
    execution = client.submit("python3", HELLO)
    transport.failures = [1, 2]

    assert [event.sequence for event in client.events(execution.id)] == [1, 2, 3]


def test_stream_that_never_works_fails(
    client: Client, transport: _Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.client.sync_client.RECONNECT_SECONDS", 0.0)
    transport.failures = list(range(100))

    with pytest.raises(ConnectionFailedError):
        next(client.events("x"))


def test_both_clients_have_the_same_methods() -> None:
    def methods(of: type) -> set[str]:
        return {name for name in vars(of) if not name.startswith("_")}

    assert methods(AsyncClient) - methods(Client) == {"aclose", "terminal"}
    assert methods(Client) - methods(AsyncClient) == {"close"}
