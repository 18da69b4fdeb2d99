"""A server compiles unchanged sources once, for those who have an account, and remembers it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from runyard.testing.server import Server
from tests.integration.serving import environment, reachable

SOURCE = (
    "#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) > 0) putchar(c + %d); }\n"
)


@dataclass
class Shop:
    server: Server
    settings: dict[str, str]

    @property
    def builds(self) -> Path:
        return self.server.data / "builds"

    def start(self, profile: str = "development") -> None:
        directory = self.server.data.parent
        self.server.start(profile=profile, environment=environment(directory, **self.settings))

    def run(self, number: int = 1, **fields: Any) -> dict[str, Any]:
        files = [{"path": "main.c", "content": SOURCE % number}]
        body = {"runtime": "c", "files": files, "stdin": "abc", "wait": 60, **fields}
        answer = httpx.post(f"{self.server.url}/api/v1/executions", json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        assert found["outcome"] == "succeeded", found
        return found

    def entries(self) -> list[Path]:
        return [path for path in self.builds.rglob("*") if path.is_file()]

    def wait_for_entries(self, count: int) -> None:
        """They are written behind the answer."""
        deadline = time.monotonic() + 30
        while len(self.entries()) < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)  # tidy: looks again, with a deadline.


@contextmanager
def shop_in(directory: Path, **settings: str) -> Iterator[Shop]:
    reachable(directory)
    shop = Shop(Server(directory), settings)
    try:
        yield shop
    finally:
        if shop.server.is_running():
            shop.server.stop()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with shop_in(tmp_path) as shop:
        yield shop


def cached(execution: dict[str, Any]) -> list[bool]:
    return [step["cached"] for step in execution["steps"]]


def test_rerun_skips_the_compiler_and_says_so(shop: Shop) -> None:
    shop.start()

    first = shop.run()
    other_input = shop.run(stdin="xyz")
    other_source = shop.run(2)
    other_limit = shop.run(limits={"memory_bytes": 64 << 20})

    assert cached(first) == [False, False]
    assert cached(other_input) == cached(other_limit) == [True, False]
    assert cached(other_source) == [False, False]
    assert other_input["steps"][1]["stdout"] == "yz{"
    assert other_input["steps"][0] == {**first["steps"][0], "cached": True}
    stored = httpx.get(f"{shop.server.url}/api/v1/executions/{other_input['id']}").json()
    assert cached(stored) == [True, False]


def test_another_server_on_the_same_data_finds_it_even_after_a_crash(shop: Shop) -> None:
    shop.start()
    shop.run()
    shop.wait_for_entries(1)

    shop.server.kill()
    shop.start()

    assert cached(shop.run()) == [True, False]


def test_crash_while_entries_are_written_spoils_nothing(shop: Shop) -> None:
    for attempt in range(3):
        shop.start()
        for number in range(4):
            # Of the last one nobody knows whether it reached the disk.
            shifted = "".join(chr(ord(each) + number) for each in "abc")
            assert shop.run(number)["steps"][1]["stdout"] == shifted
        shop.run(4 + attempt)
        shop.server.kill()


def test_only_the_server_reads_what_is_kept(shop: Shop) -> None:
    shop.start()
    shop.run()
    shop.wait_for_entries(1)

    server = Path(f"/proc/{shop.server.pid}").stat()
    for path in (shop.builds, *shop.builds.rglob("*")):
        facts = path.stat()
        assert facts.st_uid == server.st_uid
        assert facts.st_mode & 0o077 == 0, path


def test_who_has_no_account_neither_reads_nor_writes(tmp_path: Path) -> None:
    with shop_in(tmp_path, RUNYARD_ANONYMOUS="true") as shop:
        shop.start()
        shop.run()
        shop.wait_for_entries(1)
        shop.server.stop()
        before = {path: path.stat().st_mtime_ns for path in shop.entries()}

        shop.start("production")
        executions = [shop.run(), shop.run(), shop.run(2), shop.run(2)]

        assert [cached(each) for each in executions] == [[False, False]] * 4
        assert shop.server.stop() == 0
        assert {path: path.stat().st_mtime_ns for path in shop.entries()} == before


def test_cache_is_bounded_and_may_be_switched_off(tmp_path: Path) -> None:
    most = 100_000
    with shop_in(tmp_path, RUNYARD_BUILD_CACHE_BYTES_PER_OWNER_MAX=str(most)) as shop:
        shop.start()
        for number in range(8):
            shop.run(number)
        assert shop.server.stop() == 0
        entries = shop.entries()
        assert 1 <= len(entries) < 8
        assert sum(path.stat().st_size for path in entries) <= most

        shop.settings["RUNYARD_BUILD_CACHE_BYTES_MAX"] = "0"
        shop.start()
        assert cached(shop.run(7)) == cached(shop.run(7)) == [False, False]


def test_program_cannot_reach_or_spoil_what_is_kept(shop: Shop) -> None:
    """It replaces what the compiler left, which is what would be kept."""
    hostile = (
        "#include <stdio.h>\n#include <unistd.h>\n"
        'int main(void) { unlink(".main"); FILE *f = fopen(".main", "w");\n'
        '  fputs("#!/bin/sh\\necho evil\\n", f); fclose(f); puts("ran");\n'
        '  return access("%s", F_OK); }'
    )
    shop.start()
    files = [{"path": "main.c", "content": hostile % shop.builds}]
    body = {"runtime": "c", "files": files, "wait": 60}
    answers = [
        httpx.post(f"{shop.server.url}/api/v1/executions", json=body, timeout=60).json()
        for _ in range(3)
    ]

    assert [cached(each)[0] for each in answers] == [False, True, True]
    assert {each["steps"][1]["stdout"] for each in answers} == {"ran\n"}
    assert {each["outcome"] for each in answers} == {"failed"}, "its folder is not there"
