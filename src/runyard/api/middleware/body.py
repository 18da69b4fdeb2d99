"""Bounds the bytes of a request's body, whether or not it announces its length."""

from __future__ import annotations

from runyard.api.middleware.messages import (
    ASGIApp,
    Message,
    Receive,
    Scope,
    Send,
    find_headers,
    refuse,
)
from runyard.api.problems import problem_of
from runyard.domain.errors import TooLargeError
from runyard.domain.limits import MIB, Policy


class BodyLimit:
    def __init__(self, app: ASGIApp, *, bytes_max: int) -> None:
        self._app = app
        self._bytes_max = bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = find_headers(scope, b"content-length")
        if any(value.isdecimal() and int(value[:20]) > self._bytes_max for value in announced):
            await refuse(problem_of(self._error()), scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._bytes_max:
                raise self._error()
            return message

        await self._app(scope, receive_counted, send)

    def _error(self) -> TooLargeError:
        return TooLargeError(
            f"The request's body has more than {self._bytes_max} bytes, the most allowed.",
            bytes_max=self._bytes_max,
        )


def derive_body_bytes_max(policy: Policy) -> int:
    """Return what a request within the policy can need: base64 makes four bytes of three."""
    contents = policy.source_bytes_max + policy.stdin_bytes_max
    return contents * 4 // 3 + 1 * MIB
