"""Statements that run for every execution, compiled once.

SQLAlchemy spends ten times as long on preparing such a statement and wrapping its result as SQLite
does on running it. Where SQLite is the database its driver is therefore asked directly, with the
text and the order of parameters that SQLAlchemy made; elsewhere SQLAlchemy runs the statement.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Values = Mapping[str, Any]


class _Compiled(NamedTuple):
    text: str
    bind: Callable[[Values], tuple[Any, ...]]
    # Makes a row of what the driver returns.
    row: Callable[[Sequence[Any]], Any]


class Statement:
    """Values and columns must be of types that the driver knows: text, numbers, bytes, None.
    Booleans are bound as such and come back as numbers.
    """

    def __init__(self, executable: Executable) -> None:
        self.executable = executable

    def change(self, connection: Connection, values: Values) -> int:
        """Return how many rows were changed."""
        driver = _sqlite_of(connection)
        if driver is None:
            return int(connection.execute(self.executable, dict(values)).rowcount)
        compiled = self._compiled
        return driver.execute(compiled.text, compiled.bind(values)).rowcount

    def change_each(self, connection: Connection, rows: Sequence[Values]) -> None:
        driver = _sqlite_of(connection)
        if driver is None:
            connection.execute(self.executable, [dict(row) for row in rows])
            return
        compiled = self._compiled
        driver.executemany(compiled.text, map(compiled.bind, rows))

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        """Return the rows, with their columns as attributes."""
        driver = _sqlite_of(connection)
        if driver is None:
            return list(connection.execute(self.executable, dict(values)).all())
        compiled = self._compiled
        found = driver.execute(compiled.text, compiled.bind(values)).fetchall()
        return [compiled.row(each) for each in found]

    def row(self, connection: Connection, values: Values) -> Any | None:
        rows = self.rows(connection, values)
        return rows[0] if rows else None

    @cached_property
    def _compiled(self) -> _Compiled:
        compiled: Any = self.executable.compile(  # type: ignore[attr-defined]
            dialect=sqlite.dialect()
        )
        names: list[str] = compiled.positiontup
        # What the statement says itself, such as the states it looks for.
        fixed = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}

        def bind(values: Values) -> tuple[Any, ...]:
            return tuple([values[name] if name in values else fixed[name] for name in names])

        columns = [column.name for column in getattr(self.executable, "exported_columns", ())]
        # Its columns are known only here, so no class can declare them.
        row: Any = namedtuple("_Row", columns, rename=True)  # type: ignore[misc]  # noqa: PYI024
        return _Compiled(str(compiled), bind, row._make)


class Upsert:
    """A statement that adds a row or says what to do about the one that is there, for each of the
    databases. `build` is given the insert of one of them.
    """

    def __init__(self, build: Callable[[Any], Executable]) -> None:
        self._of_sqlite = Statement(build(sqlite.insert))
        self._of_postgresql = Statement(build(postgresql.insert))

    def on(self, connection: Connection) -> Statement:
        return self._of_postgresql if _sqlite_of(connection) is None else self._of_sqlite


def insert_into(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that can say what to do about a row that is there."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _sqlite_of(connection: Connection) -> sqlite3.Connection | None:
    driver = connection.connection.dbapi_connection
    return driver if isinstance(driver, sqlite3.Connection) else None
