"""What must not stand in any file of the repository."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.tree import tracked_files

# Spelled in parts, so that this file does not contain what it looks for.
REGISTRY_HOSTS = "|".join(
    (
        r"pypi\.o" + "rg",
        "pythonho" + "sted",
        "registry\\.npm" + "js",
        "deb\\.debian\\.o" + "rg",
        "proxy\\.gol" + "ang",
        "static\\.crat" + "es",
        "repo1?\\.mav" + "en",
    )
)
SOURCES = {".py", ".c", ".h", ".ts", ".js", ".svelte", ".css"}
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
TEXT_FILES = [
    path
    for path in tracked_files()
    if path.suffix not in {".png", ".ico", ".woff2", ".bin"} and "corpus" not in path.parts
]


@pytest.mark.parametrize("path", TEXT_FILES, ids=str)
def test_file_names_no_package_registry(path: Path) -> None:
    assert not re.search(REGISTRY_HOSTS, path.read_text(errors="replace"))


@pytest.mark.parametrize("path", [path for path in TEXT_FILES if path.suffix in SOURCES], ids=str)
def test_source_has_no_unfinished_work(path: Path) -> None:
    assert not UNFINISHED.search(path.read_text(errors="replace"))


def test_tests_do_not_sleep() -> None:
    programs = {"programs", "examples", "catalogue"}

    sleeping = [
        f"{path}:{number}"
        for path in tracked_files(".py")
        if path.parts[0] == "tests" and not programs & set(path.parts)
        for number in _sleeps(path.read_text())
    ]

    assert not sleeping


def test_tests_of_the_site_do_not_sleep() -> None:
    assert not [
        path
        for path in tracked_files(".spec.ts", ".test.ts")
        if "waitForTimeout" in path.read_text()
    ]


def _sleeps(source: str) -> list[int]:
    """Return the lines that sleep, but for a turn of the event loop or a marked poll."""
    lines = source.splitlines()
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in {"time.sleep", "asyncio.sleep"}
        and ast.unparse(node.args[0]) != "0"
        and "# tidy: " not in lines[node.lineno - 1]
    ]
