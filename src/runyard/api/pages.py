"""Answers with the web site wherever the API has no route: a file of its build, or the one page
that shows every address of the application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from starlette.responses import PlainTextResponse

from runyard.api.answering import API_PREFIX
from runyard.api.middleware.messages import ASGIApp, Receive, Scope, Send, find_headers
from runyard.api.site import Site, SiteFile

Headers = list[tuple[bytes, bytes]]

METHODS = frozenset({"GET", "HEAD"})
EMBED_FOLDER = "embed/"
# What a build made: where one of these is missing, a page would be taken for it.
ASSET_FOLDER = "_app/"
IMMUTABLE = b"public, max-age=31536000, immutable"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    # The editor and the terminal make style elements while they run. Styles only: no script does.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "frame-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
DENIED_FEATURES = (
    *("accelerometer", "browsing-topics", "camera", "display-capture"),
    *("geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
NO_BUILD = f"""\
This is a Runyard server. Its API is under {API_PREFIX} ({API_PREFIX}/openapi.json describes it).

Its web site has not been built. In a copy of Runyard's sources

    make web

builds it; then start the server again. RUNYARD_WEB_DIR names a build that lies elsewhere, and
RUNYARD_WEB=false serves the API alone. Everything can also be done by the command line:
runyard --help.
"""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_NO_WEIGHT = re.compile(r"q=0(\.0{0,3})?")
# Browsers say the same few lines again and again.
_LINES_KEPT_MAX = 64


class Pages:
    """An ASGI application. Without a build it says how to make one.

    `reserved` are the first segments of paths that belong to the API, whether or not there is a
    route behind them.
    """

    def __init__(self, site: Site | None, *, reserved: Iterable[str]) -> None:
        self._site = site
        self._reserved = frozenset(reserved)
        self._headers = _build_headers(is_embed=False)
        self._embed_headers = _build_headers(is_embed=True)

    def takes(self, scope: Scope) -> bool:
        """Say whether a request that no route is for is answered here."""
        if scope["type"] != "http" or scope["method"] not in METHODS:
            return False
        name = _name_of(scope)
        if name is None or name.partition("/")[0] in self._reserved:
            return False
        return self._site is not None or not name or _accepts_page(scope)

    def opens(self, scope: Scope) -> bool:
        """Say whether the answer is a page for a person to look at, and not an asset."""
        if not self.takes(scope):
            return False
        return self._site is None or self._find(scope) is self._site.index

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._site is None:
            await _answer_text(NO_BUILD, scope, receive, send)
            return
        file = self._find(scope)
        if file is None:
            await _answer_text("There is no such file.\n", scope, receive, send)
            return
        is_embed = file is self._site.index and is_embed_path(scope)
        await _answer_file(file, self._embed_headers if is_embed else self._headers, scope, send)

    def _find(self, scope: Scope) -> SiteFile | None:
        assert self._site is not None
        name = _name_of(scope) or ""
        file = self._site.files.get(name)
        if file is None and _is_page_name(name) and _asks_for_page(scope, name):
            return self._site.index
        return file


def show_pages(pages: Pages, *, otherwise: ASGIApp) -> ASGIApp:
    """Return what answers the requests that no route is for."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await (pages if pages.takes(scope) else otherwise)(scope, receive, send)

    return answer


def is_embed_path(scope: Scope) -> bool:
    """Say whether this is the address of a page that other sites may show within theirs."""
    return (_name_of(scope) or "").startswith(EMBED_FOLDER)


def _name_of(scope: Scope) -> str | None:
    """Return the path below where the application is mounted."""
    path = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return path[1:] if path.startswith("/") else None


def _is_page_name(name: str) -> bool:
    """Say whether a page can have this address. One that a browser or a proxy reads as another
    (dots, a backslash, two slashes) has none, and hidden files are not to be asked for.
    """
    *folders, last = name.split("/")
    return (
        not _CONTROL.search(name)
        and all(folders)
        and not any(part.startswith(".") for part in (*folders, last))
    )


def _asks_for_page(scope: Scope, name: str) -> bool:
    if name.startswith(ASSET_FOLDER):
        return False
    return "." not in name.rpartition("/")[2] or _accepts_page(scope)


def _accepts_page(scope: Scope) -> bool:
    return any("text/html" in value for value in find_headers(scope, b"accept"))


def _build_headers(*, is_embed: bool) -> Headers:
    policy = POLICY | ({"frame-ancestors": "*"} if is_embed else {})
    headers = {
        "content-security-policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
        # Whoever has the address of an unlisted project may see it: no other site is told.
        "referrer-policy": "same-origin",
        "permissions-policy": ", ".join(f"{feature}=()" for feature in DENIED_FEATURES),
    }
    if not is_embed:
        headers["cross-origin-opener-policy"] = "same-origin"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def _answer_text(text: str, scope: Scope, receive: Receive, send: Send) -> None:
    answer = PlainTextResponse(text, status_code=404, headers={"Cache-Control": "no-store"})
    if scope["method"] == "HEAD":
        answer.body = b""
    await answer(scope, receive, send)


async def _answer_file(file: SiteFile, page_headers: Headers, scope: Scope, send: Send) -> None:
    is_compressed = file.is_compressible and _accepts_gzip(
        ",".join(find_headers(scope, b"accept-encoding"))
    )
    # Two forms of one file are two representations, which a strong tag tells apart.
    tag = f'"{file.digest}-gzip"' if is_compressed else f'"{file.digest}"'
    headers = [
        (b"etag", tag.encode()),
        (b"cache-control", IMMUTABLE if file.is_immutable else b"no-cache"),
        *page_headers,
    ]
    if file.is_compressible:
        headers.append((b"vary", b"Accept-Encoding"))
    if _is_known(tag, scope):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    content = await file.compress() if is_compressed else file.content
    if is_compressed:
        headers.append((b"content-encoding", b"gzip"))
    headers.append((b"content-type", file.media_type.encode()))
    headers.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body})


def _is_known(tag: str, scope: Scope) -> bool:
    known = ",".join(find_headers(scope, b"if-none-match")).split(",")
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in known)


@lru_cache(maxsize=_LINES_KEPT_MAX)
def _accepts_gzip(line: str) -> bool:
    weights = {}
    for part in line.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";")
        weights[name] = not _NO_WEIGHT.fullmatch(weight)
    return weights.get("gzip", weights.get("*", False))
