"""How the asynchronous client reaches its server, and as whom. The synchronous one is the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx

from runyard.client import session_cookie, wire
from runyard.client.errors import ConnectionFailedError

# Above the longest a server waits before it answers, and above the heartbeat of a stream.
READ_SECONDS_MAX = 90.0
CONNECT_SECONDS_MAX = 10.0


class AsyncConnection:
    """Sends the token, and renews that of a session when it has expired. Redirects are not
    followed: the token is for this server only.
    """

    def __init__(
        self, server: str, *, token: str | None, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self.server = server
        self._http = httpx.AsyncClient(
            base_url=server,
            transport=transport,
            headers=wire.render_authorization(token),
            timeout=httpx.Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            follow_redirects=False,
        )
        self._renewing = asyncio.Lock()

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def has_session(self) -> bool:
        return session_cookie.has_session(self._http.cookies)

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header that says who talks, for what is not sent from here."""
        header = self._http.headers.get("Authorization")
        return {} if header is None else {"Authorization": header}

    def adopt(self, access_token: str) -> None:
        """Talk as whoever the token belongs to from now on."""
        self._http.headers.update(wire.render_authorization(access_token))

    def forget(self) -> None:
        """Talk as nobody from now on."""
        self._http.headers.pop("Authorization", None)
        self._http.cookies.delete(session_cookie.REFRESH_COOKIE)

    async def call(self, method: str, path: str, **content: Any) -> Any:
        return wire.parse_answer(await self.request(method, path, **content))

    async def download(self, path: str) -> bytes:
        """Return an answer that is no JSON, whole."""
        response = await self.request("GET", path)
        if not response.is_success:
            wire.parse_answer(response)
        return response.content

    async def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        response = await self._send(method, path, **content)
        if session_cookie.is_expired(path, response) and await self._renew(response):
            response = await self._send(method, path, **content)
        return response

    @asynccontextmanager
    async def stream(self, path: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """Open an answer that comes over time."""
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(stack, path, headers)
                if session_cookie.is_expired(path, response) and await self._renew(response):
                    response = await self._open(stack, path, headers)
                if not response.is_success:
                    wire.parse_answer(response)
                yield response
        except httpx.TransportError as error:
            raise ConnectionFailedError(wire.describe_failure(self.server, error)) from error

    async def refresh(self) -> Any:
        """Get another access token and return the server's answer."""
        async with self._renewing:
            return await self._refresh()

    async def _renew(self, refused: httpx.Response) -> bool:
        """Say whether the request that was refused is worth sending again."""
        async with self._renewing:
            if not self.has_session:
                return False
            # Another request may have renewed it while this one waited.
            if refused.request.headers.get("Authorization") == self._http.headers.get(
                "Authorization"
            ):
                await self._refresh()
            return True

    async def _refresh(self) -> Any:
        response = await self._send("POST", session_cookie.REFRESH)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self.forget()
        body = wire.parse_answer(response)
        self.adopt(body["access_token"])
        return body

    async def _open(
        self, stack: AsyncExitStack, path: str, headers: Mapping[str, str]
    ) -> httpx.Response:
        response = await stack.enter_async_context(
            self._http.stream("GET", path, headers=dict(headers))
        )
        if not response.is_success:
            await response.aread()
        return response

    async def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return await self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise ConnectionFailedError(wire.describe_failure(self.server, error)) from error
