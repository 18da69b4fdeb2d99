"""Files and classes are named for what they do."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.tree import tracked_files

BANNED = {
    "util", "utils", "helper", "helpers", "common", "misc", "base", "manager", "handler",
    "processor", "wrapper", "impl", "data", "info", "factory",
}  # fmt: skip
SOURCES = [path for path in tracked_files(".py", ".c", ".h") if "examples" not in path.parts]
# A two-file program needs a name for its second file; its author is a person learning a language.
PROGRAMS = {"catalogue", "programs"}


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_file_has_no_junk_drawer_name(path: Path) -> None:
    if PROGRAMS & set(path.parts):
        return

    assert not BANNED & set(re.split(r"[_.]", path.stem.lower()))


@pytest.mark.parametrize("path", tracked_files(".py"), ids=str)
def test_classes_have_no_junk_drawer_name(path: Path) -> None:
    if PROGRAMS & set(path.parts) or "examples" in path.parts:
        return
    tree = ast.parse(path.read_text())

    named = {
        node.name: {word.lower() for word in re.findall(r"[A-Z][a-z]+", node.name)}
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    assert not [name for name, words in named.items() if words & BANNED]


def test_product_modules_say_what_they_are_for() -> None:
    silent = [
        str(path)
        for path in tracked_files(".py")
        if path.parts[0] == "src"
        and not PROGRAMS & set(path.parts)
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert not silent
