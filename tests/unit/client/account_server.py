"""A server of accounts, scripted: what it was asked, and what it answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

SERVER = "http://127.0.0.1"
PREFIX = "/api/v1"
WHEN = "2026-01-02T03:04:05Z"
ACCOUNT = {
    "id": "01A",
    "name": "maria",
    "email": "maria@example.org",
    "role": "admin",
    "suspended": False,
    "totp": True,
    "created_at": WHEN,
}
OWN_ACCOUNT = ACCOUNT | {
    "must_enrol_totp": False,
    "recovery_codes_left": 9,
    "scopes": ["account:read"],
}
TOKEN = {
    "id": "01T",
    "name": "ci",
    "scopes": ["account:read"],
    "created_at": WHEN,
    "expires_at": None,
    "used_at": WHEN,
}
SESSION = {
    "id": "01S",
    "created_at": WHEN,
    "used_at": WHEN,
    "expires_at": WHEN,
    "user_agent": "x",
    "address": "::1",
    "current": True,
}
INVITATION = {"id": "01I", "email": None, "role": "user", "created_at": WHEN, "expires_at": WHEN}


@dataclass
class AccountServer:
    """Access tokens are access-1, access-2, …; only the newest is good. So are refresh tokens."""

    answers: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    issued: int = 0
    is_session_ended: bool = False
    api_token: str = "secret-api-token"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix(PREFIX)
        if (request.method, path) in self.answers:
            status, body = self.answers[request.method, path]
            return (
                problem(status, body)
                if isinstance(body, str)
                else httpx.Response(status, json=body)
            )
        if path in ("/auth/login", "/auth/setup", "/auth/sign-up"):
            return self._issue()
        if path == "/auth/refresh":
            used = f"runyard_refresh=refresh-{self.issued}" in request.headers.get("cookie", "")
            if self.is_session_ended or not used:
                return problem(401, "invalid_token")
            return self._issue()
        if not self._knows(request):
            return problem(401, "invalid_token")
        return httpx.Response(200, json=OWN_ACCOUNT | {"items": []})

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)

    def asked(self) -> list[str]:
        return [f"{each.method} {each.url.path.removeprefix(PREFIX)}" for each in self.requests]

    def bodies(self) -> list[Any]:
        return [json.loads(each.content) for each in self.requests if each.content]

    def _knows(self, request: httpx.Request) -> bool:
        good = {f"Bearer access-{self.issued}", f"Bearer {self.api_token}"}
        return request.headers.get("authorization") in good

    def _issue(self) -> httpx.Response:
        self.issued += 1
        cookie = f"runyard_refresh=refresh-{self.issued}; Path={PREFIX}/auth; HttpOnly"
        body = {
            "access_token": f"access-{self.issued}",
            "expires_seconds": 900,
            "account": ACCOUNT,
            "must_enrol_totp": False,
        }
        return httpx.Response(200, json=body, headers={"set-cookie": cookie})


def problem(status: int, code: str, **members: Any) -> httpx.Response:
    body = {"status": status, "code": code, "detail": f"Refused: {code}.", **members}
    return httpx.Response(status, json=body)
