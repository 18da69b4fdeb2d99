"""Refuses requests that a web page elsewhere sent, and names that are not this server's.

A server on a loopback address is reachable from every page the same person has open: a page may
send requests there (Origin tells), open WebSockets there (no same-origin policy holds for them),
or point a name of its own at 127.0.0.1 (DNS rebinding; the Host header tells).

Links are what the web is made of: a page of the site opens from a link of another one, and those
below /embed/ within a frame. Such a request is given to the site itself, past every route.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from runyard.api.middleware.messages import ASGIApp, Receive, Scope, Send, find_headers, refuse
from runyard.api.pages import Pages, is_embed_path
from runyard.api.problems import build_problem

# What a browser says of a request that another site's page caused.
CROSS_SITE = "cross-site"
_OTHER_SITE = ("origin_not_allowed", "Pages of other sites may not use this server.")
TEXT_SHOWN_MAX = 100
# Clients say the same few names again and again.
NAMES_KEPT_MAX = 64


@dataclass(frozen=True, slots=True)
class AllowList:
    """Names this server answers to beside loopback, and origins whose pages may use it.

    A leading "*." stands for one or more labels; a lone "*" for anything.
    """

    hosts: frozenset[str]
    origins: frozenset[str]
    loopback: bool

    @lru_cache(maxsize=NAMES_KEPT_MAX)  # noqa: B019  There is one list for a server.
    def allows_host(self, host: str) -> bool:
        name = split_host(host)
        return name is not None and (
            (self.loopback and is_loopback(name))
            or any(_matches(pattern, name) for pattern in self.hosts)
        )

    def allows_origin(self, origin: str, *, host: str) -> bool:
        """A page of this very server, or of an origin on the list."""
        if origin in self.origins or "*" in self.origins:
            return True
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def build_allow_list(
    *, hosts: Iterable[str], origins: Iterable[str], loopback: bool = True
) -> AllowList:
    return AllowList(
        hosts=frozenset(host.lower() for host in hosts),
        origins=frozenset(origin.lower().rstrip("/") for origin in origins),
        loopback=loopback,
    )


class OriginGuard:
    def __init__(self, app: ASGIApp, *, allowed: AllowList, pages: Pages | None = None) -> None:
        self._app = app
        self._allowed = allowed
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._find_refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
            return
        if refusal is _OTHER_SITE and self._pages is not None and is_visit(scope, self._pages):
            await self._pages(scope, receive, send)
            return
        code, detail = refusal
        await refuse(build_problem(status=403, code=code, detail=detail), scope, receive, send)

    def _find_refusal(self, scope: Scope) -> tuple[str, str] | None:
        hosts = find_headers(scope, b"host")
        if len(hosts) != 1 or not self._allowed.allows_host(hosts[0]):
            shown = hosts[0][:TEXT_SHOWN_MAX] if hosts else ""
            return "host_not_allowed", (
                f"This server does not answer to the name {shown!r}; "
                "RUNYARD_ALLOWED_HOSTS lists the names it answers to."
            )
        for origin in find_headers(scope, b"origin"):
            if not self._allowed.allows_origin(origin.lower(), host=hosts[0]):
                return "origin_not_allowed", (
                    f"Pages of {origin[:TEXT_SHOWN_MAX]!r} may not use this server; "
                    "RUNYARD_ALLOWED_ORIGINS lists those that may."
                )
            return None
        # Browsers leave Origin out of simple GET requests but not this.
        if CROSS_SITE in find_headers(scope, b"sec-fetch-site"):
            return _OTHER_SITE
        return None


def is_visit(scope: Scope, pages: Pages) -> bool:
    """Say whether a browser asks for a page of the site in order to show it: in a tab of its own,
    or in a frame if that page is for frames.
    """
    if scope["type"] != "http" or scope["method"] != "GET" or not pages.opens(scope):
        return False
    if find_headers(scope, b"sec-fetch-mode") != ["navigate"]:
        return False
    place = find_headers(scope, b"sec-fetch-dest")
    return place == ["document"] or (place == ["iframe"] and is_embed_path(scope))


def split_host(host: str) -> str | None:
    """Return the name of a Host header without its port, or None if it is malformed."""
    if not host or any(character in host for character in "@/\\ \t?#,"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


@lru_cache(maxsize=NAMES_KEPT_MAX)
def is_loopback(name: str) -> bool:
    # RFC 6761: localhost and everything below it resolve to loopback in browsers.
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return pattern in ("*", name)
