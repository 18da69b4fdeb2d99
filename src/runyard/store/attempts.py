"""How often things were tried lately, counted where all servers of an installation see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam, case, delete, update

from runyard.store.account_tables import attempts
from runyard.store.database import Database
from runyard.store.statements import Upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How many attempts of one key are allowed in one window."""

    key: str
    window_us: int
    count_max: int


class AttemptRecords:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, bounds: Sequence[Bound], *, now: int) -> Sequence[tuple[int, int]]:
        """Count one more of each, up to the first that is passed: what is refused by one leaves no
        trace in those after it. Return for each that was counted how many there are within its
        window, this one included, and when the window began.
        """

        def write(connection: Connection) -> list[tuple[int, int]]:
            counted: list[tuple[int, int]] = []
            for bound in bounds:
                counted.append(count_attempt(connection, bound, now=now))
                if counted[-1][0] > bound.count_max:
                    break
            return counted

        return await self._database.write(write)

    async def take_back(self, keys: Sequence[str]) -> None:
        """Uncount what turned out to be no failure."""

        # In the order in which they are counted: whoever counts at the same time and locked them
        # in another one would wait for this, and this for him.
        def write(connection: Connection) -> None:
            for key in keys:
                connection.execute(
                    update(attempts)
                    .where(attempts.c.key == key, attempts.c.count > 0)
                    .values(count=attempts.c.count - 1)
                )

        await self._database.write(write)

    async def delete_old(self, *, before: int) -> int:
        statement = delete(attempts).where(attempts.c.began_us < before)
        return await self._database.write(lambda connection: connection.execute(statement).rowcount)


def count_attempt(connection: Connection, bound: Bound, *, now: int) -> tuple[int, int]:
    """Count one more, or the first of a new window. Of those beyond the bound one is counted: a
    crowd that comes at once is not refused any longer than those of it who were let in take.
    """
    values = {
        "new_key": bound.key,
        "new_began_us": now,
        "limit_us": now - bound.window_us,
        "count_max": bound.count_max,
    }
    [(count, began)] = _COUNT.on(connection).rows(connection, values)
    return count, began


def _build_count(insert: Any) -> Executable:
    is_over = attempts.c.began_us <= bindparam("limit_us")
    began: BindParameter[int] = bindparam("new_began_us")
    changes: dict[str, Any] = {
        "count": case(
            (is_over, 1),
            (attempts.c.count > bindparam("count_max"), attempts.c.count),
            else_=attempts.c.count + 1,
        ),
        "began_us": case((is_over, began), else_=attempts.c.began_us),
    }
    added = insert(attempts).values(key=bindparam("new_key"), began_us=began, count=1)
    executable: Executable = added.on_conflict_do_update(
        index_elements=[attempts.c.key], set_=changes
    ).returning(attempts.c.count, attempts.c.began_us)
    return executable


_COUNT = Upsert(_build_count)
