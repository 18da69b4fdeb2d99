"""A file's name stays below the work directory."""

import os.path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runyard.domain.errors import InvalidPathError
from runyard.domain.files import NAME_BYTES_MAX, PATH_BYTES_MAX, check_path


@pytest.mark.parametrize(
    "path", ["main.py", "a/b/c.txt", ".hidden", "ä/ö.py", "a b", "...", "-x", "a" * NAME_BYTES_MAX]
)
def test_check_path_of_a_plain_name_returns_it(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("..", "the part '..'"),
        ("a/../b", "the part '..'"),
        ("a/./b", "the part '.'"),
        ("a//b", "the part ''"),
        ("a/", "the part ''"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\x7fb", "control character"),
        ("\ud800", "not valid Unicode"),
        ("a" * (NAME_BYTES_MAX + 1), str(NAME_BYTES_MAX)),
        ("ä" * (NAME_BYTES_MAX // 2 + 1), str(NAME_BYTES_MAX)),
        ("a/" * (PATH_BYTES_MAX // 2) + "b", str(PATH_BYTES_MAX)),
    ],
)
def test_check_path_of_anything_else_says_why(path: str, said: str) -> None:
    with pytest.raises(InvalidPathError) as refusal:
        check_path(path)

    assert said in refusal.value.message


@given(st.text(st.sampled_from("a./\0-\n"), max_size=12))
def test_check_path_never_lets_a_path_out(path: str) -> None:
    try:
        check_path(path)
    except InvalidPathError:
        return

    below = os.path.normpath(f"/work/{path}")
    assert below == f"/work/{path}"
