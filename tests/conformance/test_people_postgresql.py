"""The records of accounts and projects on PostgreSQL keep their promises, between transactions that
run at the same time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from runyard.store import schema
from runyard.store.account_tables import accounts, attempts, device_logins, signing_keys, tickets
from runyard.store.database import Database, open_database
from runyard.store.tables import executions
from runyard.testing.store_conformance import (
    FigureConformance,
    OversightConformance,
    PeopleConformance,
    ProjectConformance,
)
from tests.conformance.clusters import Cluster, open_cluster

_TABLES = (accounts, attempts, device_logins, executions, signing_keys, tickets)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with open_cluster() as cluster:
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(cluster: Cluster) -> AsyncIterator[Database]:
    database = open_database(cluster.create_database("people"))
    await schema.upgrade(database)
    yield database
    await database.aclose()


@pytest.fixture
async def database(opened: Database) -> Database:
    names = ", ".join(table.name for table in _TABLES)
    await opened.write(lambda connection: connection.execute(text(f"TRUNCATE {names} CASCADE")))
    return opened


class TestPeopleOnPostgresql(PeopleConformance):
    pass


class TestProjectsOnPostgresql(ProjectConformance):
    pass


class TestOversightOnPostgresql(OversightConformance, FigureConformance):
    pass
