"""What both clients know about staying logged in; no I/O.

An access token is valid for minutes. The refresh token, in a cookie, gets the next one and is then
used up: one that is sent twice ends its session.
"""

from __future__ import annotations

from http import HTTPStatus

import httpx

from runyard.client import wire

REFRESH = f"{wire.API_PREFIX}/auth/refresh"
REFRESH_COOKIE = "runyard_refresh"
# Of these nobody is asked who he is: `invalid_token` speaks of the code or link that was sent.
_FOR_ANYBODY = frozenset(
    f"{wire.API_PREFIX}/auth{path}"
    for path in ("/login", "/logout", "/password", "/setup", "/sign-up", "/device", "/device-token")
)


def has_session(cookies: httpx.Cookies) -> bool:
    return any(cookie.name == REFRESH_COOKIE for cookie in cookies.jar)


def is_expired(path: str, response: httpx.Response) -> bool:
    """Say whether the server refused the access token that was sent."""
    return (
        response.status_code == HTTPStatus.UNAUTHORIZED
        and path not in _FOR_ANYBODY
        and wire.parse_problem(response).code == "invalid_token"
    )
