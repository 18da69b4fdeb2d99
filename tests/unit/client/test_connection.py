"""Whose requests they are: tokens, sessions that go on, and what is never told to others."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from runyard.client import (
    ApiError,
    AsyncClient,
    AuthenticationError,
    Client,
    UnusableTokenError,
)
from tests.unit.client.account_server import SERVER, AccountServer, problem

API_TOKEN = AccountServer.api_token
REFUSED = (401, "invalid_token")


def sent_tokens(server: AccountServer) -> list[str | None]:
    return [each.headers.get("authorization") for each in server.requests]


def test_token_comes_from_argument_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    server = AccountServer(answers={("GET", "/runtimes"): (200, {"items": []})})
    monkeypatch.setenv("RUNYARD_TOKEN", " from-environment\n")
    for token in ("given", None, ""):
        Client(SERVER, token=token, transport=server.transport()).runtimes()
    monkeypatch.delenv("RUNYARD_TOKEN")
    Client(SERVER, transport=server.transport()).runtimes()

    assert sent_tokens(server) == ["Bearer given", "Bearer from-environment", None, None]


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "é", "\x00"])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(UnusableTokenError) as caught:
        AsyncClient(SERVER, token=token)

    assert token not in str(caught.value)


@pytest.mark.parametrize("status", [301, 307])
def test_redirects_are_not_followed(status: int) -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(status, headers={"location": "http://evil.example/api/v1/account"})

    with (
        Client(SERVER, token=API_TOKEN, transport=httpx.MockTransport(redirect)) as client,
        pytest.raises(ApiError) as caught,
    ):
        client.accounts.me()

    assert asked == ["127.0.0.1"]
    assert caught.value.status == status


def test_token_is_in_no_message() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    with Client(SERVER, token=API_TOKEN, transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(Exception, match="Cannot talk") as caught:
            client.accounts.me()

        assert API_TOKEN not in f"{caught.value!r} {client!r} {client.accounts!r}"


def test_who_logs_in_stays_logged_in() -> None:
    server = AccountServer()
    with Client(SERVER, token=API_TOKEN, transport=server.transport()) as client:
        client.accounts.log_in("maria", "p")
        client.accounts.me()
        server.requests.clear()
        client.accounts.refresh()
        client.accounts.me()

    assert server.asked() == ["POST /auth/refresh", "GET /account"]
    assert sent_tokens(server)[-1] == "Bearer access-2"
    assert "cookie" not in server.requests[-1].headers, "the refresh token goes to /auth only"


class _Expiring:
    """Refuses the access token access-1, as if its time were over."""

    def __init__(self, server: AccountServer) -> None:
        self.server = server

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get(
            "authorization"
        ) == "Bearer access-1" and not request.url.path.startswith("/api/v1/auth"):
            self.server.requests.append(request)
            return problem(*REFUSED)
        return self.server(request)


def test_expired_access_token_is_renewed_and_the_request_repeated() -> None:
    server = AccountServer()
    transport = httpx.MockTransport(_Expiring(server))
    with Client(SERVER, token="", transport=transport) as client:
        client.accounts.log_in("maria", "p")

        assert client.accounts.me().name == "maria"

    assert server.asked()[1:] == ["GET /account", "POST /auth/refresh", "GET /account"]


async def test_requests_at_once_renew_once() -> None:
    server = AccountServer()
    transport = httpx.MockTransport(_Expiring(server))
    async with AsyncClient(SERVER, token="", transport=transport) as client:
        await client.accounts.log_in("maria", "p")
        await asyncio.gather(*(client.accounts.me() for _ in range(5)))

    # A second use of the same refresh token would have ended the session.
    assert server.asked().count("POST /auth/refresh") == 1
    assert server.issued == 2


def _stream(server: AccountServer) -> Callable[[httpx.Request], httpx.Response]:
    expiring = _Expiring(server)

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/events"):
            return expiring(request)
        if (refusal := expiring(request)).status_code == 401:
            return refusal
        return httpx.Response(200, text='id: 1\nevent: finished\ndata: {"outcome": "x"}\n\n')

    return answer


async def test_stream_of_an_expired_token_is_opened_again() -> None:
    server = AccountServer()
    transport = httpx.MockTransport(_stream(server))
    async with AsyncClient(SERVER, token="", transport=transport) as client:
        await client.accounts.log_in("maria", "p")
        events = [event.kind async for event in client.events("x")]
    with Client(SERVER, token="", transport=httpx.MockTransport(_stream(server))) as other:
        server.issued = 0
        other.accounts.log_in("maria", "p")
        same = [event.kind for event in other.events("x")]

    assert events == same == ["finished"]
    assert server.asked().count("POST /auth/refresh") == 2


def test_session_that_has_ended_is_said_and_forgotten() -> None:
    server = AccountServer(is_session_ended=True)
    transport = httpx.MockTransport(_Expiring(server))
    with Client(SERVER, token="", transport=transport) as client:
        client.accounts.log_in("maria", "p")
        for _ in range(2):
            with pytest.raises(AuthenticationError) as caught:
                client.accounts.me()

    assert caught.value.code == "invalid_token"
    assert server.asked().count("POST /auth/refresh") == 1
    assert sent_tokens(server)[-1] is None


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.accounts.sign_up(name="n", email="e", password="p", invitation="x"),
        lambda client: client.accounts.choose_password("x", "p"),
        lambda client: client.accounts.take_device_token("x"),
    ],
    ids=["sign-up", "password", "device"],
)
async def test_bad_link_or_code_renews_nothing(
    call: Callable[[AsyncClient], Awaitable[object]],
) -> None:
    paths = ("/auth/sign-up", "/auth/password", "/auth/device-token")
    server = AccountServer(answers={("POST", path): REFUSED for path in paths})
    async with AsyncClient(SERVER, token="", transport=server.transport()) as client:
        await client.accounts.log_in("maria", "p")
        with pytest.raises(AuthenticationError):
            await call(client)

    assert len(server.requests) == 2


def test_refused_api_token_is_not_renewed() -> None:
    server = AccountServer()
    with (
        Client(SERVER, token="other", transport=server.transport()) as client,
        pytest.raises(AuthenticationError),
    ):
        client.accounts.me()

    assert server.asked() == ["GET /account"]


def test_who_logs_out_is_nobody() -> None:
    server = AccountServer(answers={("POST", "/auth/logout"): (204, {})})
    with Client(SERVER, token=API_TOKEN, transport=server.transport()) as client:
        client.accounts.log_in("maria", "p")
        client.accounts.log_out()
        with pytest.raises(AuthenticationError):
            client.accounts.me()

    assert sent_tokens(server)[-1] is None
