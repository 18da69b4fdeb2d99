"""The words of ASGI, typed."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ASGIApp", "Message", "Receive", "Scope", "Send"]

# RFC 6455: the message violates the policy of this endpoint.
POLICY_VIOLATION = 1008


def find_headers(scope: Scope, name: bytes) -> list[str]:
    """Return every value of a header; a request may carry one several times to confuse."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without asking the application, also where a WebSocket was asked for."""
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await response(scope, receive, send)
        return
    message = await receive()
    assert message["type"] == "websocket.connect"
    await send({"type": "websocket.close", "code": POLICY_VIOLATION})
