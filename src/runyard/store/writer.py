"""The one thread that writes to SQLite, and commits together what came together.

A commit costs more than most transactions do before it: pages are written once for all that is in
it, and on a disk that is asked to sync it waits once. Whatever has gathered while the thread was
busy therefore becomes one transaction of SQLite. Nothing ever waits to be joined by more.

If one of several fails, all of them are rolled back and then run again, each on its own, so that
nobody hears of another's failure. A transaction has to allow for that: it changes only the
database.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

# So many that a commit is cheap for each, so few that none waits long for the others.
_TOGETHER_MAX = 32


class Writer:
    """`run` calls a function within a transaction: commits what it did, or rolls back and raises
    what it raised.
    """

    def __init__(self, run: Callable[[Callable[[Connection], Any]], Any]) -> None:
        self._run = run
        self._waiting: SimpleQueue[_Work[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def write(self, transaction: Callable[[Connection], T]) -> asyncio.Future[T]:
        """Return the future result of `transaction`, which is done once it is committed."""
        if self._is_closed:
            raise RuntimeError("The database is closed.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
            self._thread.start()
        work = _Work(transaction, asyncio.get_running_loop())
        self._waiting.put(work)
        return work.future

    def close(self) -> None:
        """Write what waits, and end the thread."""
        self._is_closed = True
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            works = [self._waiting.get()]
            with suppress(Empty):
                while len(works) < _TOGETHER_MAX:
                    works.append(self._waiting.get_nowait())
            batch = [work for work in works if work is not None]
            is_open = len(batch) == len(works)
            self._write([work for work in batch if not work.future.cancelled()])

    def _write(self, batch: list[_Work[Any]]) -> None:
        if not batch:
            return

        def write(connection: Connection) -> None:
            for work in batch:
                work.run(connection)

        try:
            self._run(write)
        except BaseException as error:  # noqa: BLE001  It belongs to whoever waits for the result.
            if len(batch) > 1:
                for work in batch:
                    self._write([work])
                return
            batch[0].error = error
        for work in batch:
            work.announce()


class _Work(Generic[T]):
    def __init__(
        self, transaction: Callable[[Connection], T], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._transaction = transaction
        self._loop = loop
        self._result: T | None = None
        self.error: BaseException | None = None
        self.future: asyncio.Future[T] = loop.create_future()

    def run(self, connection: Connection) -> None:
        self._result = self._transaction(connection)

    def announce(self) -> None:
        # Where the loop is closed nobody waits any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self._result)  # type: ignore[arg-type]
