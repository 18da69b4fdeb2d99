"""What the web site answers, and what stays the API's."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from runyard.api.app import build_app
from runyard.client.in_process import InProcessTransport
from tests.unit.api.conftest import SERVER
from tests.unit.api.fakes import FakeApplication, FakeSettings

INDEX = f"<!doctype html><title>Runyard</title>{' ' * 600}".encode()
START = b"import './other.js';\n" * 100
FILES = {
    "index.html": INDEX,
    "_app/immutable/entry/start.abc.js": START,
    "_app/immutable/assets/font.woff2": b"wOF2" * 400,
    "_app/version.json": b'{"version": "1"}',
    "favicon.svg": b"<svg/>",
    "theme.js": b"let theme;",
}
ASSET = "/_app/immutable/entry/start.abc.js"
PAGES = ("/", "/setup", "/projects/01JD/", "/gallery/tag/c%2B%2B", "/index.html", "/embed/01JD")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
# What would be read outside the folder, or be read otherwise by a browser or a proxy.
ODD_PATHS = (
    "/../index.html",
    "/..%2findex.html",
    "/%2e%2e/secret",
    "/_app/../secret",
    "/setup/..%2f..%2fsecret",
    "/..%5csecret",
    "/setup%5c..%5csecret",
    "//evil.example/",
    "/%2fevil.example",
    "/setup//x",
    "/.env",
    "/.git/config",
    "/setup/.env",
    "/%00",
    "/setup%00.html",
    "/setup%0d%0ax",
    "/favicon.svg%00",
    "/favicon.svg%2f..",
    "/....//secret",
    "/..%252fsecret",
)


def put_site(folder: Path) -> Path:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def open_client(app: FastAPI) -> httpx.AsyncClient:
    headers = {"Accept-Encoding": "identity"}
    return httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER, headers=headers)


@pytest.fixture(scope="module")
def site_app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "secret").write_text("secret")
    settings = FakeSettings(web=True, web_dir=put_site(folder / "site"))
    return build_app(FakeApplication(settings=settings))  # type: ignore[arg-type]


@pytest.fixture
async def http(site_app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(site_app) as client:
        yield client


async def ask_raw(
    app: FastAPI, target: str, *, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Ask for a path as it is, as a server hands it over; httpx would tidy it up."""
    given = {"host": "127.0.0.1", **(headers or {})}
    scope = {
        "type": "http",
        "method": "GET",
        "path": str(httpx.QueryParams(f"path={target}")["path"]),
        "raw_path": target.encode(),
        "query_string": b"",
        "headers": [(key.lower().encode(), value.encode()) for key, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    await app(scope, receive, send)
    return int(str(sent[0]["status"])), b"".join(bytes(each.get("body", b"")) for each in sent)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["anything", "browser"])
async def test_every_page_is_the_index(
    http: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await http.get(path, headers=headers)

    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", FILES)
async def test_file_is_itself(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/{name}?v=1")

    assert (answer.status_code, answer.content) == (200, FILES[name])
    is_immutable = name.startswith("_app/immutable/")
    expected = "public, max-age=31536000, immutable" if is_immutable else "no-cache"
    assert answer.headers["cache-control"] == expected


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/missing.js", {}),
        ("/setup/missing.css", {"Accept": "*/*"}),
        ("/_app/immutable/entry/old.js", {}),
        ("/_app/immutable/entry/old.js", BROWSER),
        ("/_app/missing", BROWSER),
    ],
)
async def test_missing_asset_is_no_page(
    http: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    answer = await http.get(path, headers=headers)

    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_address_with_a_dot_is_a_page_for_browsers_only(http: httpx.AsyncClient) -> None:
    page = await http.get("/gallery/node.js", headers=BROWSER)
    asset = await http.get("/gallery/node.js")

    assert (page.status_code, asset.status_code) == (200, 404)


@pytest.mark.parametrize("target", ODD_PATHS)
@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["anything", "browser"])
async def test_odd_path_leads_nowhere(
    site_app: FastAPI, target: str, headers: dict[str, str]
) -> None:
    status, content = await ask_raw(site_app, target, headers=headers)

    assert status == 404
    assert content == b"There is no such file.\n"


async def test_plain_path_is_found_when_asked_as_it_is(site_app: FastAPI) -> None:
    assert await ask_raw(site_app, "/setup") == (200, INDEX)


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/x", "/api/index.html"),
        *("/healthz/x", "/readyz/", "/metrics/x", "/api/v1/executions/"),
    ],
)
async def test_unknown_path_of_the_api_stays_a_problem(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers=BROWSER)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["content-security-policy"].endswith("; sandbox")


async def test_routes_are_answered_by_themselves(http: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/api/v1/openapi.json", "/api/v1/runtimes"):
        answer = await http.get(path, headers=BROWSER)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "cross-origin-opener-policy" not in answer.headers
    assert "runyard_" in (await http.get("/metrics")).text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/setup", ASSET])
async def test_other_methods_stay_a_problem(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await http.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", ASSET, "/missing.js"])
async def test_head_is_get_without_content(http: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        got = await http.get(path, headers=headers)
        headed = await http.head(path, headers=headers)

        assert headed.status_code == got.status_code
        assert headed.content == b""
        assert _without_id(headed.headers) == _without_id(got.headers)


def _without_id(headers: httpx.Headers) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != "x-request-id"}


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip;q=1.0, *;q=0", True),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("", False),
    ],
)
async def test_text_is_compressed_for_who_takes_it(
    site_app: FastAPI, accepted: str, *, is_compressed: bool
) -> None:
    asked = {"Accept-Encoding": accepted}
    async with open_client(site_app) as http, http.stream("GET", ASSET, headers=asked) as answer:
        content = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert answer.headers.get("content-encoding") == ("gzip" if is_compressed else None)
    assert (gzip.decompress(content) if is_compressed else content) == START
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_what_is_compressed_already_is_left_alone(http: httpx.AsyncClient) -> None:
    answer = await http.get(
        "/_app/immutable/assets/font.woff2", headers={"Accept-Encoding": "gzip"}
    )

    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/setup", ASSET, "/favicon.svg"])
async def test_known_content_is_not_sent_again(http: httpx.AsyncClient, path: str) -> None:
    first = await http.get(path)
    tag = first.headers["etag"]

    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = await http.get(path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "cache-control", "content-security-policy"):
            assert answer.headers[name] == first.headers[name]
    for unknown in ('"other"', tag.strip('"'), ""):
        answer = await http.get(path, headers={"If-None-Match": unknown})
        assert answer.status_code == 200


async def test_forms_of_a_file_have_tags_of_their_own(http: httpx.AsyncClient) -> None:
    plain = await http.get(ASSET)
    compressed = await http.get(ASSET, headers={"Accept-Encoding": "gzip"})
    asked = {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["etag"]}

    assert plain.headers["etag"] != compressed.headers["etag"]
    assert (await http.get(ASSET, headers=asked)).status_code == 200


async def test_pages_have_headers_of_their_own(http: httpx.AsyncClient) -> None:
    for path in ("/", "/setup", ASSET, "/favicon.svg", "/embed.svg/", "/embedded"):
        headers = (await http.get(path, headers=BROWSER)).headers
        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self';"
            " style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
            " media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self';"
            " frame-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self';"
            " object-src 'none'; frame-ancestors 'none'"
        )
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        for feature in ("camera", "microphone", "geolocation"):
            assert f"{feature}=()" in headers["permissions-policy"]
        assert headers["x-request-id"]


async def test_only_embeds_may_be_framed(http: httpx.AsyncClient) -> None:
    embed = (await http.get("/embed/01JD")).headers

    assert embed["content-security-policy"].endswith("; frame-ancestors *")
    assert "cross-origin-opener-policy" not in embed
    assert embed["referrer-policy"] == "same-origin"
    for path in ("/embed", "/setup/embed/x", "/Embed/x", ASSET):
        policy = (await http.get(path)).headers["content-security-policy"]
        assert policy.endswith("; frame-ancestors 'none'")


async def test_headers_of_one_answer_do_not_reach_the_next(tmp_path: Path) -> None:
    """What reads another origin's request adds headers to the list that it is given."""
    settings = FakeSettings(
        web=True, web_dir=put_site(tmp_path / "site"), allowed_origins=("https://page.example",)
    )
    async with open_client(build_app(FakeApplication(settings=settings))) as http:  # type: ignore[arg-type]
        before = await http.get("/")
        listed = await http.get("/", headers={"Origin": "https://page.example"})
        after = await http.get("/")

    assert listed.headers["access-control-allow-origin"] == "https://page.example"
    assert _without_id(after.headers) == _without_id(before.headers)
    assert after.headers.get_list("vary") == ["Accept-Encoding, Origin"]


async def test_site_that_is_not_built_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runyard.api.site.packaged_folder", lambda: tmp_path)
    app = build_app(FakeApplication(settings=FakeSettings(web=True)))  # type: ignore[arg-type]

    async with open_client(app) as http:
        root, page = await http.get("/"), await http.get("/setup", headers=BROWSER)
        other, api = await http.get("/nothing"), await http.get("/api/x", headers=BROWSER)

    assert not app.state.has_site
    for answer in (root, page):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "make web" in answer.text
        assert "/api/v1" in answer.text
    assert other.json()["code"] == api.json()["code"] == "not_found"


async def test_site_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    settings = FakeSettings(web=False, web_dir=put_site(tmp_path / "site"))
    app = build_app(FakeApplication(settings=settings))  # type: ignore[arg-type]

    async with open_client(app) as http:
        for path in ("/", ASSET):
            answer = await http.get(path, headers=BROWSER)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert not app.state.has_site


async def test_site_is_shown_where_the_application_is_mounted(site_app: FastAPI) -> None:
    outer = FastAPI()
    outer.mount("/below", site_app)

    async with open_client(outer) as http:
        page, asset = await http.get("/below/setup"), await http.get(f"/below{ASSET}")
        api = await http.get("/below/api/x")

    assert (page.content, asset.content) == (INDEX, START)
    assert api.json()["code"] == "not_found"
