"""Functions and files stay small enough to read."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.tree import tracked_files

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
PYTHON_FILES = tracked_files(".py")
C_FILES = tracked_files(".c", ".h")
SITE_FILES = tracked_files(".svelte", ".ts", ".css")


@pytest.mark.parametrize("path", PYTHON_FILES + C_FILES + SITE_FILES, ids=str)
def test_file_is_short(path: Path) -> None:
    lines = len(path.read_text().splitlines())

    assert lines <= FILE_LINES_MAX, f"{path} has {lines} lines, at most {FILE_LINES_MAX}"


@pytest.mark.parametrize("path", PYTHON_FILES, ids=str)
def test_python_functions_are_short(path: Path) -> None:
    tree = ast.parse(path.read_text())

    long = [
        f"{path}:{node.lineno} {node.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]

    assert not long


@pytest.mark.parametrize("path", C_FILES, ids=str)
def test_c_functions_are_short(path: Path) -> None:
    long, start, name = [], 0, ""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if re.match(r"^[a-z_].*\)\s*\{?$", line):
            start, name = number, line
        elif line == "}" and start:
            if number - start + 1 > FUNCTION_LINES_MAX:
                long.append(f"{path}:{start} {name}")
            start = 0

    assert not long
