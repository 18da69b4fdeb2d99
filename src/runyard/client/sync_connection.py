"""How the synchronous client reaches its server, and as whom."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from typing import Any

import httpx

from runyard.client import session_cookie, wire
from runyard.client.async_connection import CONNECT_SECONDS_MAX, READ_SECONDS_MAX
from runyard.client.errors import ConnectionFailedError


class Connection:
    """Method by method the asynchronous one."""

    def __init__(
        self, server: str, *, token: str | None, transport: httpx.BaseTransport | None
    ) -> None:
        self.server = server
        self._http = httpx.Client(
            base_url=server,
            transport=transport,
            headers=wire.render_authorization(token),
            timeout=httpx.Timeout(READ_SECONDS_MAX, connect=CONNECT_SECONDS_MAX),
            follow_redirects=False,
        )
        self._renewing = threading.Lock()

    def close(self) -> None:
        self._http.close()

    def adopt(self, access_token: str) -> None:
        """Talk as whoever the token belongs to from now on."""
        self._http.headers.update(wire.render_authorization(access_token))

    def forget(self) -> None:
        """Talk as nobody from now on."""
        self._http.headers.pop("Authorization", None)
        self._http.cookies.delete(session_cookie.REFRESH_COOKIE)

    def call(self, method: str, path: str, **content: Any) -> Any:
        return wire.parse_answer(self.request(method, path, **content))

    def download(self, path: str) -> bytes:
        """Return an answer that is no JSON, whole."""
        response = self.request("GET", path)
        if not response.is_success:
            wire.parse_answer(response)
        return response.content

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        response = self._send(method, path, **content)
        if session_cookie.is_expired(path, response) and self._renew(response):
            response = self._send(method, path, **content)
        return response

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open an answer that comes over time."""
        try:
            with ExitStack() as stack:
                response = self._open(stack, path, headers)
                if session_cookie.is_expired(path, response) and self._renew(response):
                    response = self._open(stack, path, headers)
                if not response.is_success:
                    wire.parse_answer(response)
                yield response
        except httpx.TransportError as error:
            raise ConnectionFailedError(wire.describe_failure(self.server, error)) from error

    def refresh(self) -> Any:
        """Get another access token and return the server's answer."""
        with self._renewing:
            return self._refresh()

    def _renew(self, refused: httpx.Response) -> bool:
        """Say whether the request that was refused is worth sending again."""
        with self._renewing:
            if not session_cookie.has_session(self._http.cookies):
                return False
            # Another request may have renewed it while this one waited.
            if refused.request.headers.get("Authorization") == self._http.headers.get(
                "Authorization"
            ):
                self._refresh()
            return True

    def _refresh(self) -> Any:
        response = self._send("POST", session_cookie.REFRESH)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self.forget()
        body = wire.parse_answer(response)
        self.adopt(body["access_token"])
        return body

    def _open(self, stack: ExitStack, path: str, headers: Mapping[str, str]) -> httpx.Response:
        response = stack.enter_context(self._http.stream("GET", path, headers=dict(headers)))
        if not response.is_success:
            response.read()
        return response

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx.TransportError as error:
            raise ConnectionFailedError(wire.describe_failure(self.server, error)) from error
