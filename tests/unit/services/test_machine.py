"""What a process may use of its machine."""

import os
from pathlib import Path

import pytest

from runyard.services.machine import count_processors, find_memory_bytes

TOTAL = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_processors_are_those_this_process_may_use() -> None:
    assert 1 <= count_processors() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("content", "found"),
    [("1048576\n", 1048576), ("max\n", TOTAL), ("9223372036854771712\n", TOTAL), (None, TOTAL)],
)
def test_memory_is_the_machines_or_what_was_given_of_it(
    tmp_path: Path, content: str | None, found: int
) -> None:
    limit = tmp_path / "memory.max"
    if content is not None:
        limit.write_text(content)

    assert find_memory_bytes((limit,)) == found
