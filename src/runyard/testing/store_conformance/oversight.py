"""Administrators find everybody's executions, stop an owner's, and are told true figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, insert, select

from runyard.domain.audit import SERVER, AuditEntry
from runyard.domain.execution import Outcome, State
from runyard.domain.identifiers import encode_identifier, new_identifier
from runyard.store.admin_tables import audit_entries
from runyard.store.database import Database
from runyard.store.figures import FigureRecords
from runyard.store.moments import SECOND_US, from_us
from runyard.store.oversight import ExecutionSearch, OversightRecords, Owner
from runyard.store.packing import pack_request
from runyard.store.rows import insertable
from runyard.store.tables import executions, requests
from runyard.testing.store_conformance.people_samples import NOW, insert_account
from runyard.testing.store_conformance.samples import build_execution, build_request

_MINUTE_US = 60 * SECOND_US


async def keep(
    database: Database, *, at: int = NOW, runtime: str = "python", **columns: Any
) -> str:
    """Add an execution that was asked for at a moment; return its id."""
    execution = build_execution(
        id=encode_identifier(at // 1000, at % 1000, int(columns.pop("number", 0))),
        owner_id=columns.pop("owner_id", None),
        project_id=columns.pop("project_id", None),
        request=build_request(runtime_id=runtime),
        created_at=from_us(at),
    )
    body, contents = pack_request(execution.request)

    def add(connection: Connection) -> None:
        connection.execute(insert(executions).values(insertable(execution) | columns))
        request = {"execution_id": execution.id, "body": body, "contents": contents}
        connection.execute(insert(requests).values(request))

    await database.write(add)
    return execution.id


async def finish(
    database: Database, *, ago: int, wait: float = 1.0, duration: float = 1.0, **columns: Any
) -> str:
    """Add one that finished so many microseconds before NOW."""
    started = NOW - ago - round(duration * SECOND_US)
    filled: dict[str, Any] = {"outcome": Outcome.SUCCEEDED, "started_us": started}
    return await keep(
        database,
        at=started - round(wait * SECOND_US),
        state=State.FINISHED,
        finished_us=NOW - ago,
        **(filled | columns),
    )


def entry() -> AuditEntry:
    return AuditEntry(
        id=new_identifier(), at=from_us(NOW), actor=SERVER, action="execution.stop", target="x"
    )


async def count_entries(database: Database, entry_id: str) -> int:
    statement = select(func.count()).where(audit_entries.c.id == entry_id)
    return await database.read(lambda connection: connection.scalar(statement) or 0)


class OversightConformance:
    async def test_each_filter_finds_what_it_names(self, database: Database) -> None:
        ada = await insert_account(database, name="ada")
        project = new_identifier()
        mine = await keep(database, number=1, owner_id=ada.id, project_id=project, runtime="c")
        waiting = await keep(database, number=2)
        done = await finish(database, ago=_MINUTE_US, outcome=Outcome.FAILED, number=3)
        records = OversightRecords(database)

        async def found(**search: Any) -> list[str]:
            listed = await records.list(ExecutionSearch(**({"limit": 10} | search)))
            return [each.execution.id for each in listed]

        minute = timedelta(minutes=1)
        assert await found() == [waiting, mine, done]
        assert await found(limit=2) == [waiting, mine]
        assert await found(before=waiting) == [mine, done]
        assert await found(state=State.QUEUED) == [waiting, mine]
        assert await found(state=State.FINISHED) == [done]
        assert await found(state=State.RUNNING) == []
        assert await found(outcome=Outcome.FAILED) == [done]
        assert await found(owner=Owner(ada.id)) == [mine]
        assert await found(owner=Owner(None)) == [waiting, done]
        assert await found(runtime_id="c") == [mine]
        assert await found(runtime_id="%") == []
        assert await found(project_id=project) == [mine]
        assert await found(since=from_us(NOW)) == [waiting, mine]
        assert await found(since=from_us(NOW) + minute) == []
        assert await found(until=from_us(NOW)) == [done]
        assert await found(since=from_us(NOW) - minute, until=from_us(NOW)) == []

    async def test_found_execution_names_its_owner_and_has_no_contents(
        self, database: Database
    ) -> None:
        ada = await insert_account(database, name="ada")
        await keep(database, number=1, owner_id=ada.id)
        await keep(database, number=2, owner_id="local")
        await keep(database, number=3)

        listed = await OversightRecords(database).list(ExecutionSearch(limit=10))

        assert [each.owner_name for each in listed] == [None, None, "ada"]
        for each in listed:
            assert each.execution.request.runtime_id == "python"
            assert not any(file.content for file in each.execution.request.files)
            assert not each.execution.request.stdin

    @pytest.mark.parametrize("owner", [Owner("01B"), Owner(None)], ids=["account", "nobody"])
    async def test_stop_asks_for_the_end_of_those_that_run_first(
        self, database: Database, owner: Owner
    ) -> None:
        queued = [await keep(database, number=n, owner_id=owner.id, turn=n) for n in (1, 2, 3)]
        running = await keep(
            database, number=9, owner_id=owner.id, turn=9, state=State.RUNNING, lease_owner="w"
        )
        other = await keep(database, number=10, owner_id="01C")
        await finish(database, ago=_MINUTE_US, owner_id=owner.id)
        records, written = OversightRecords(database), entry()

        first = await records.request_stop(owner, count_max=3, entry=written)

        assert (first.ids, first.left) == ((running, queued[0], queued[1]), 1)
        assert await count_entries(database, written.id) == 1
        asked = select(executions.c.id).where(executions.c.is_cancel_requested)
        marked = await database.read(lambda connection: set(connection.scalars(asked)))
        assert marked == set(first.ids)
        assert other not in marked
        # Those that run know it now; those that are queued are still to be finished.
        second = await records.request_stop(owner, count_max=3, entry=entry())
        assert (second.ids, second.left) == (tuple(queued), 0)

    async def test_nothing_to_stop_is_not_told_of(self, database: Database) -> None:
        done = await finish(database, ago=_MINUTE_US, owner_id="01B")
        records, stop, cancel = OversightRecords(database), entry(), entry()

        stopping = await records.request_stop(Owner("01B"), count_max=3, entry=stop)
        is_asked = await records.request_cancel(done, entry=cancel)

        assert (stopping.ids, stopping.left, is_asked) == ((), 0, False)
        assert await count_entries(database, stop.id) == 0
        assert await count_entries(database, cancel.id) == 0


class FigureConformance:
    async def test_figures_of_nothing_are_none(self, database: Database) -> None:
        figures = await FigureRecords(database).read(now=NOW)

        assert (figures.queued, figures.running) == (0, 0)
        assert (figures.last_hour, figures.last_day) == ({}, {})
        assert (figures.wait.median_seconds, figures.duration.p95_seconds) == (None, None)
        assert (figures.owners, figures.runtimes) == ([], [])

    async def test_figures_count_what_is_there(self, database: Database) -> None:
        ada = await insert_account(database, name="ada")
        for number in range(3):
            await keep(database, number=number)
        await keep(database, number=4, state=State.STARTING)
        await keep(database, number=5, state=State.RUNNING)
        for minutes, outcome in ((1, "failed"), (59, "succeeded"), (61, "succeeded")):
            await finish(
                database,
                ago=minutes * _MINUTE_US,
                outcome=Outcome(outcome),
                owner_id=ada.id,
                duration=0.5,
                runtime="c",
            )
        # Never started, and too long ago.
        await finish(database, ago=_MINUTE_US, outcome=Outcome.CANCELLED, started_us=None, number=1)
        await finish(database, ago=25 * 60 * _MINUTE_US)

        figures = await FigureRecords(database).read(now=NOW)

        assert (figures.queued, figures.running) == (3, 2)
        assert figures.last_hour == {"failed": 1, "succeeded": 1, "cancelled": 1}
        assert figures.last_day == {"failed": 1, "succeeded": 2, "cancelled": 1}
        assert [
            (each.id, each.name, each.execution_count, each.seconds) for each in figures.owners
        ] == [(ada.id, "ada", 3, 1.5), (None, None, 1, 0.0)]
        assert [(each.name, each.execution_count) for each in figures.runtimes] == [
            ("c", 3),
            ("python", 1),
        ]

    async def test_spread_is_of_those_that_ran_in_the_last_hour(self, database: Database) -> None:
        for number in range(1, 101):
            await finish(
                database, ago=_MINUTE_US, wait=number / 10, duration=number / 50, number=number
            )
        await finish(database, ago=61 * _MINUTE_US, wait=900.0, duration=900.0)

        figures = await FigureRecords(database).read(now=NOW)

        assert figures.wait.median_seconds == pytest.approx(5.0)
        assert figures.wait.p95_seconds == pytest.approx(9.5)
        assert figures.duration.median_seconds == pytest.approx(1.0)
        assert figures.duration.p95_seconds == pytest.approx(1.9)

    async def test_only_the_greatest_shares_are_told(self, database: Database) -> None:
        number = 0
        for owner in range(12):
            for _ in range(owner + 1):
                number += 1
                await finish(database, ago=_MINUTE_US, owner_id=f"o{owner:02}", number=number)

        figures = await FigureRecords(database).read(now=NOW)

        assert [each.execution_count for each in figures.owners] == list(range(12, 2, -1))
        assert figures.owners[0].id == "o11"
