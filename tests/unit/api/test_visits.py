"""What a page of another site may open: pages of the site, as a link or as a frame; nothing of the
API.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from runyard.api.app import build_app
from runyard.client.in_process import InProcessTransport
from tests.unit.api.conftest import SERVER
from tests.unit.api.fakes import FakeApplication, FakeSettings

LINK = {
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html,*/*;q=0.8",
}
FRAME = LINK | {"Sec-Fetch-Dest": "iframe"}
PAGES = ("/", "/setup", "/gallery/node.js", "/index.html")
EMBED = "/embed/01JD"
ASSETS = ("/_app/start.js", "/_app/missing.js", "/favicon.svg")
API = (
    *("/api", "/api/", "/api/v1/executions", "/api/v1/openapi.json", "/api/v1/nothing"),
    *("/api/v1/auth/options", "/healthz", "/readyz", "/metrics", "/metrics/x"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("visits")
    for name in ("index.html", "_app/start.js", "favicon.svg"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    settings = FakeSettings(web=True, web_dir=folder, allowed_origins=("https://page.example",))
    return build_app(FakeApplication(settings=settings))  # type: ignore[arg-type]


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER) as client:
        yield client


def is_refused(answer: httpx.Response) -> bool:
    is_json = answer.headers["content-type"] == "application/problem+json"
    return is_json and answer.json()["code"] == "origin_not_allowed"


@pytest.mark.parametrize("path", [*PAGES, EMBED])
async def test_link_to_a_page_opens_it(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers=LINK)

    assert (answer.status_code, answer.text) == (200, "index.html")
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("path", [*API, *ASSETS])
@pytest.mark.parametrize("headers", [LINK, FRAME], ids=["link", "frame"])
async def test_link_to_anything_else_is_refused(
    http: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    assert is_refused(await http.get(path, headers=headers))


async def test_only_an_embed_opens_in_a_frame(http: httpx.AsyncClient) -> None:
    assert (await http.get(EMBED, headers=FRAME)).text == "index.html"
    for path in (*PAGES, "/embed"):
        assert is_refused(await http.get(path, headers=FRAME))


@pytest.mark.parametrize("path", [*PAGES, EMBED, *ASSETS, *API])
@pytest.mark.parametrize(
    "changed",
    [
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "websocket", "Sec-Fetch-Dest": "websocket"},
        {"Sec-Fetch-Mode": ""},
        {"Sec-Fetch-Dest": ""},
        {"Sec-Fetch-Dest": "object"},
        {"Sec-Fetch-Dest": "embed"},
        {"Sec-Fetch-Dest": "frame"},
    ],
    ids=str,
)
async def test_what_is_not_shown_to_a_person_is_refused(
    http: httpx.AsyncClient, path: str, changed: dict[str, str]
) -> None:
    assert is_refused(await http.get(path, headers=LINK | changed))


@pytest.mark.parametrize("path", [*PAGES, EMBED, "/api/v1/executions"])
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_get_opens_a_page(http: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await http.request(method, path, headers=LINK)

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ""])
async def test_page_is_refused_to_who_names_another_origin(
    http: httpx.AsyncClient, origin: str
) -> None:
    assert is_refused(await http.get("/", headers=LINK | {"Origin": origin}))


@pytest.mark.parametrize("path", [*PAGES, EMBED, *ASSETS])
async def test_page_is_refused_under_another_name(http: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, LINK, FRAME):
        answer = await http.get(path, headers=headers | {"Host": "evil.example"})
        assert (answer.status_code, answer.json()["code"]) == (403, "host_not_allowed")


@pytest.mark.parametrize("name", ["Sec-Fetch-Mode", "Sec-Fetch-Dest"])
async def test_header_that_comes_twice_opens_nothing(http: httpx.AsyncClient, name: str) -> None:
    headers = [*LINK.items(), (name, LINK[name])]

    assert is_refused(await http.get("/", headers=headers))


@pytest.mark.parametrize("site", ["same-origin", "none", "same-site"])
async def test_own_pages_load_everything(http: httpx.AsyncClient, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}

    for path in ("/", *ASSETS[::2], EMBED):
        assert (await http.get(path, headers=headers)).status_code == 200


async def test_link_never_reaches_a_route(tmp_path: Path) -> None:
    """Not even one whose path nobody reserved."""
    (tmp_path / "index.html").write_text("index.html")
    app = build_app(FakeApplication(settings=FakeSettings(web=True, web_dir=tmp_path)))  # type: ignore[arg-type]
    app.add_api_route("/later", lambda: "routed")

    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER) as client:
        assert (await client.get("/later")).json() == "routed"
        assert (await client.get("/later", headers=LINK)).text == "index.html"


async def test_links_are_refused_where_there_is_no_site() -> None:
    app = build_app(FakeApplication(settings=FakeSettings(web=False)))  # type: ignore[arg-type]

    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER) as client:
        assert is_refused(await client.get("/", headers=LINK))
