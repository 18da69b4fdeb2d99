"""Which files of a folder are the site, and what is said where there is none."""

import gzip
import os
from pathlib import Path

import pytest

from runyard.api import site as module
from runyard.api.site import open_site
from runyard.domain.errors import InvalidRequestError


def write(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    write(folder / "index.html", b"<!doctype html>")
    return folder


def test_files_are_found_in_every_folder(folder: Path) -> None:
    write(folder / "_app" / "immutable" / "entry" / "start.js")

    site = open_site(folder)

    assert site is not None
    assert set(site.files) == {"index.html", "_app/immutable/entry/start.js"}
    assert [file.is_immutable for file in site.files.values()] == [False, True]


def test_hidden_files_links_and_pipes_are_left_out(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret.txt")
    write(tmp_path / "secrets" / "key.txt")
    write(folder / ".env")
    write(folder / ".git" / "config")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "inner.txt").symlink_to(folder / "index.html")
    (folder / "linked").symlink_to(tmp_path / "secrets")
    os.mkfifo(folder / "pipe.txt")

    site = open_site(folder)

    assert site is not None
    assert set(site.files) == {"index.html"}


def test_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    """As where releases lie beside each other."""
    (tmp_path / "current").symlink_to(folder)

    assert open_site(tmp_path / "current") is not None


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.svg", "image/svg+xml"),
        ("a.woff2", "font/woff2"),
        ("a.json", "application/json"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.PNG", "image/png"),
        ("favicon.ico", "image/x-icon"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.wasm", "application/wasm"),
        ("LICENSE", "application/octet-stream"),
        ("a.odd", "application/octet-stream"),
    ],
)
def test_media_type_is_that_of_the_name(folder: Path, name: str, media_type: str) -> None:
    write(folder / name)

    site = open_site(folder)

    assert site is not None
    assert site.files[name].media_type == media_type


async def test_text_is_compressed_once_where_it_is_worth_it(folder: Path) -> None:
    write(folder / "long.js", b"let x;" * 1000)
    write(folder / "short.js", b"let x;")
    write(folder / "picture.png", b"x" * 6000)

    site = open_site(folder)

    assert site is not None
    compressible = {name for name, file in site.files.items() if file.is_compressible}
    assert compressible == {"long.js"}
    compressed = await site.files["long.js"].compress()
    assert gzip.decompress(compressed) == site.files["long.js"].content
    assert await site.files["long.js"].compress() is compressed


def test_chosen_folder_without_a_build_is_said(tmp_path: Path) -> None:
    write(tmp_path / "src" / "app.html")

    for wrong in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InvalidRequestError, match=r"RUNYARD_WEB_DIR is .* no index\.html"):
            open_site(wrong)


def test_package_without_a_build_has_no_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "packaged_folder", lambda: tmp_path / "_web")
    assert open_site(None) is None

    write(tmp_path / "_web" / "index.html")
    assert open_site(None) is not None


def test_folder_that_is_too_large_for_a_site_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder / "film.mp4", b"x" * 2000)
    monkeypatch.setattr(module, "_BYTES_MAX", 1000)

    with pytest.raises(InvalidRequestError, match="RUNYARD_WEB_DIR has to name"):
        open_site(folder)


def test_too_many_files_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "a.txt")
    monkeypatch.setattr(module, "_FILE_COUNT_MAX", 1)

    with pytest.raises(InvalidRequestError, match="more than 1 files"):
        open_site(folder)
