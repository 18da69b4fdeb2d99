"""The records of accounts and projects on SQLite keep their promises."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runyard.store import schema
from runyard.store.database import Database, open_database
from runyard.testing.store_conformance import (
    FigureConformance,
    OversightConformance,
    PeopleConformance,
    ProjectConformance,
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'runyard.db'}")
    await schema.upgrade(database)
    yield database
    await database.aclose()


class TestPeopleOnSqlite(PeopleConformance):
    pass


class TestProjectsOnSqlite(ProjectConformance):
    pass


class TestOversightOnSqlite(OversightConformance, FigureConformance):
    pass
