"""The table of errors in the docstring is the truth about the classes."""

import re

import pytest

from runyard.domain import errors
from runyard.domain.errors import RunyardError

ROW = re.compile(
    r"(?P<lead>[│├└─ ]*)(?P<name>\w+Error) +(?P<code>\w+) +(?P<status>\d+) +(?P<retry>\w+)"
)


def _table() -> dict[str, tuple[str, int, bool]]:
    found = ROW.finditer(errors.__doc__ or "")
    return {row["name"]: (row["code"], int(row["status"]), row["retry"] == "yes") for row in found}


def _tree(root: type[RunyardError]) -> list[type[RunyardError]]:
    return [each for child in root.__subclasses__() for each in (child, *_tree(child))]


def _own_errors() -> list[type[RunyardError]]:
    return [each for each in _tree(RunyardError) if each.__module__ == errors.__name__]


def test_table_names_every_error_and_no_other() -> None:
    assert set(_table()) == {each.__name__ for each in _own_errors()}


@pytest.mark.parametrize("error", _own_errors(), ids=lambda error: error.__name__)
def test_table_tells_code_status_and_retry(error: type[RunyardError]) -> None:
    assert _table()[error.__name__] == (error.code, error.status, error.retry)


def test_codes_are_unique() -> None:
    codes = [each.code for each in _own_errors()]

    assert len(codes) == len(set(codes))


def test_error_carries_message_and_detail() -> None:
    error = errors.LimitError("Too much.", limit="memory_bytes")

    assert (error.message, str(error), error.detail) == (
        "Too much.",
        "Too much.",
        {"limit": "memory_bytes"},
    )
