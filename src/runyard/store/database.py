"""Runs transactions, each an ordinary function of a connection.

A transaction is written once, for a synchronous connection. On SQLite it runs in one thread, so
that its statements cost no switches between threads and writers never meet SQLITE_BUSY; on
PostgreSQL it runs over asyncpg. What a reader sees is one moment on both. A transaction that writes
may be run again if it was rolled back, so it changes nothing but the database.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, Protocol, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, make_url

from runyard.store.writer import Writer

T = TypeVar("T")
# Of SQLite's log: "normal" hands a commit to the kernel, "full" waits until the disk has it.
Synchronous = Literal["normal", "full"]

_BUSY_SECONDS = 5.0
_READERS = 2
# A log that grew in a burst is cut back to it at a checkpoint.
_JOURNAL_BYTES_MAX = 64 * 1024 * 1024


class Database(Protocol):
    @property
    def keeps_order(self) -> bool:
        """Whether a write sees all that was asked to be written before it."""
        ...

    async def write(self, transaction: Callable[[Connection], T]) -> T:
        """Run `transaction` and commit, or roll back what it raised."""
        ...

    async def read(self, transaction: Callable[[Connection], T]) -> T: ...

    async def aclose(self) -> None: ...


def open_database(url: str, *, synchronous: Synchronous = "normal") -> Database:
    """PostgreSQL decides by its own settings how long a commit waits for the disk."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed.set(drivername="sqlite"), synchronous=synchronous)
    return ServerDatabase(parsed)


class SqliteDatabase:
    keeps_order = True

    def __init__(self, url: URL, *, synchronous: Synchronous) -> None:
        self._engine = create_engine(
            url,
            connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
            isolation_level="AUTOCOMMIT",
        )
        event.listen(self._engine, "connect", partial(_set_up_sqlite, synchronous))
        # A deferred transaction that reads and then writes fails when another process wrote.
        self._writer = Writer(partial(self._run, "BEGIN IMMEDIATE"))
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._of_thread = threading.local()
        self._connections: list[Connection] = []

    async def write(self, transaction: Callable[[Connection], T]) -> T:
        return await self._writer.write(transaction)

    async def read(self, transaction: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, self._run, "BEGIN", transaction
        )

    async def aclose(self) -> None:
        await asyncio.to_thread(self._close)

    def _run(self, begin: str, transaction: Callable[[Connection], T]) -> T:
        """Each thread keeps its connection, and begins and ends transactions on the driver's:
        the pool and the transactions of SQLAlchemy would double what a small one costs.
        """
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = self._engine.connect()
            self._connections.append(self._of_thread.connection)
        connection: Connection = self._of_thread.connection
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(begin)
        try:
            result = transaction(connection)
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise
        return result

    def _close(self) -> None:
        self._readers.shutdown()
        self._writer.close()
        for connection in self._connections:
            connection.close()
        self._engine.dispose()


class ServerDatabase:
    keeps_order = False

    def __init__(self, url: URL) -> None:
        # Costs every start a tenth of a second, and only servers with PostgreSQL need it.
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

        # Named, because the server may be set up for another default: under a stricter one, writers
        # that wait for each other fail, and whoever waited to migrate does not see what was done.
        try:
            self._writer = create_async_engine(
                url, pool_pre_ping=True, isolation_level="READ COMMITTED"
            )
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"The database needs {error.name}, which is not installed here;"
                " PostgreSQL is reached with pip install 'runyard[server,postgres]' and an address"
                " postgresql+asyncpg://…",
                name=error.name,
            ) from error
        # Shares the writer's connections.
        self._reader = self._writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def write(self, transaction: Callable[[Connection], T]) -> T:
        async with self._writer.begin() as connection:
            return await connection.run_sync(transaction)

    async def read(self, transaction: Callable[[Connection], T]) -> T:
        async with self._reader.connect() as connection:
            return await connection.run_sync(transaction)

    async def aclose(self) -> None:
        await self._writer.dispose()


def _set_up_sqlite(
    synchronous: Synchronous, connection: sqlite3.Connection, _record: object
) -> None:
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        f"journal_size_limit={_JOURNAL_BYTES_MAX}",
    ):
        connection.execute(f"PRAGMA {pragma}")
