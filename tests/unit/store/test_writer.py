"""Transactions that wait together are committed together, and fail alone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from runyard.store.database import Database, open_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    await database.write(
        lambda connection: connection.execute(text("CREATE TABLE seen (number INTEGER)"))
    )
    yield database
    await database.aclose()


def add(number: int) -> Callable[[Connection], int]:
    def run(connection: Connection) -> int:
        connection.execute(text("INSERT INTO seen VALUES (:number)"), {"number": number})
        return number

    return run


def fail(connection: Connection) -> None:
    connection.execute(text("INSERT INTO seen VALUES (-1)"))
    raise LookupError("in the middle")


async def numbers(database: Database) -> list[int]:
    return await database.read(
        lambda connection: list(connection.scalars(text("SELECT number FROM seen")))
    )


class Gate:
    """Holds the writing thread within a transaction, so that others gather behind it."""

    def __init__(self) -> None:
        self._entered, self._open = threading.Event(), threading.Event()

    async def hold(self, database: Database) -> asyncio.Task[None]:
        task = asyncio.create_task(database.write(self._wait))
        await asyncio.to_thread(self._entered.wait, 10)
        return task

    def open(self) -> None:
        self._open.set()

    def _wait(self, _connection: Connection) -> None:
        self._entered.set()
        self._open.wait(10)


async def gather_behind(
    database: Database, *transactions: Callable[[Connection], object]
) -> list[object]:
    """Let the transactions wait together before any of them runs; return what became of each."""
    gate = Gate()
    held = await gate.hold(database)
    waiting = [asyncio.create_task(database.write(each)) for each in transactions]
    await asyncio.sleep(0)
    gate.open()
    await held
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_waits_together_keeps_its_order_and_its_results(database: Database) -> None:
    results = await gather_behind(database, *(add(number) for number in range(100)))

    assert results == list(range(100))
    assert await numbers(database) == list(range(100))


async def test_what_waits_together_is_one_transaction(database: Database) -> None:
    commits: list[str] = []

    def trace(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        driver.set_trace_callback(commits.append)  # type: ignore[union-attr]

    await database.write(trace)
    await gather_behind(database, *(add(number) for number in range(5)))

    # The one that set the trace, the one that held the thread, and that of the five.
    assert commits.count("COMMIT") == 3


async def test_failure_of_one_is_its_own(database: Database) -> None:
    first, failed, last = await gather_behind(database, add(1), fail, add(2))

    assert (first, last) == (1, 2)
    assert isinstance(failed, LookupError)
    assert await numbers(database) == [1, 2]


async def test_one_that_nobody_waits_for_any_more_is_not_begun(database: Database) -> None:
    gate = Gate()
    held = await gate.hold(database)
    abandoned = asyncio.create_task(database.write(add(1)))
    await asyncio.sleep(0)
    abandoned.cancel()
    await asyncio.wait({abandoned})
    gate.open()
    await held

    assert await numbers(database) == []


async def test_close_writes_what_waits(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'b.db'}"
    database = open_database(url)
    await database.write(
        lambda connection: connection.execute(text("CREATE TABLE seen (number INTEGER)"))
    )
    writing = [asyncio.create_task(database.write(add(number))) for number in range(3)]
    await asyncio.sleep(0)

    await database.aclose()

    await asyncio.gather(*writing)
    again = open_database(url)
    assert await numbers(again) == [0, 1, 2]
    await again.aclose()


async def test_nothing_is_written_after_close(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'c.db'}")
    await database.aclose()

    with pytest.raises(RuntimeError, match="closed"):
        await database.write(add(1))
