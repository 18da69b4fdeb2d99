"""A server with a web site: over the network, and what it says of itself."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from runyard.testing import server
from runyard.testing.server import Server
from tests.integration.serving import environment, reachable

SCRIPT = b"export const value = 1;\n" * 200
ASSET = "/_app/immutable/start.js"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = reachable(tmp_path_factory.mktemp("site"))
    (directory / f"web{ASSET}").parent.mkdir(parents=True)
    (directory / f"web{ASSET}").write_bytes(SCRIPT)
    (directory / "web" / "index.html").write_text("<!doctype html>")
    return directory


@pytest.fixture(scope="module")
def served(directory: Path) -> Iterator[Server]:
    settings = environment(directory, RUNYARD_WEB_DIR=str(directory / "web"))
    with server.serve(directory, profile="production", environment=settings) as served:
        yield served


def test_server_says_where_its_site_is(served: Server) -> None:
    assert f"shows its web site at {served.url}/\n" in served.log.read_text()


def test_link_of_the_set_up_opens_a_page(served: Server) -> None:
    link = re.search(r"open '(\S+/setup#\S+)'", served.log.read_text())
    assert link is not None

    answer = httpx.get(link[1], headers={"Accept": "text/html", "Sec-Fetch-Site": "none"})

    assert (answer.status_code, answer.text) == (200, "<!doctype html>")


def test_asset_is_sent_once(served: Server) -> None:
    with httpx.Client(base_url=served.url, headers={"Accept-Encoding": "gzip"}) as client:
        first = client.get(ASSET)
        again = client.get(ASSET, headers={"If-None-Match": first.headers["etag"]})
        headed = client.head(ASSET)

    assert first.content == SCRIPT
    assert int(first.headers["content-length"]) < len(SCRIPT) / 10
    assert (again.status_code, again.content) == (304, b"")
    assert headed.headers["content-length"] == first.headers["content-length"]


def test_folder_without_a_build_ends_the_start(tmp_path: Path) -> None:
    reachable(tmp_path)
    settings = environment(tmp_path, RUNYARD_WEB_DIR=str(tmp_path))

    with (
        pytest.raises(AssertionError, match=r"RUNYARD_WEB_DIR is .* no index\.html"),
        server.serve(tmp_path, profile="production", environment=settings),
    ):
        pass
