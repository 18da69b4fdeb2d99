"""Gives every answer its security headers and request id, and every bug a readable answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from runyard.api.middleware.messages import (
    ASGIApp,
    Message,
    Receive,
    Scope,
    Send,
    find_headers,
)
from runyard.api.problems import internal_problem

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Answers are data; where one is shown as a page after all, it may load and run nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ENCODED = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Answers:
    def __init__(self, app: ASGIApp, *, count_bug: Callable[[], None]) -> None:
        self._app = app
        self._count_bug = count_bug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _choose_request_id(scope)
        # For the audit log.
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                headers.append((b"x-request-id", request_id.encode("ascii")))
                headers += [each for each in _ENCODED if each[0] not in present]
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except Exception as error:
            self._count_bug()
            answer = internal_problem(error, request_id=request_id, path=scope["path"])
            if started:
                raise
            await answer(scope, receive, send_marked)


def _choose_request_id(scope: Scope) -> str:
    """A proxy's id is kept, so that its log and this one can be read together."""
    given = find_headers(scope, b"x-request-id")
    if len(given) == 1 and REQUEST_ID.fullmatch(given[0]):
        return given[0]
    return secrets.token_hex(8)
