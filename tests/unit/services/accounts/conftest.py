"""An office for each test, over a copy of one migrated database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from runyard.store import schema
from runyard.store.database import Database, open_database
from tests.unit.services.accounts.office import PASSWORD, Clock, Office


@pytest.fixture(scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("accounts") / "migrated.db"
    database = open_database(f"sqlite:///{path}")
    await schema.upgrade(database)
    await database.aclose()
    return path


@pytest.fixture(scope="session")
def password_hash() -> str:
    """Return one that takes a hundredth of the work to try that others take."""
    return Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "runyard.db"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    yield database
    await database.aclose()


@pytest.fixture
def office(database: Database, password_hash: str) -> Office:
    return Office(database=database, password_hash=password_hash)


@pytest.fixture
def clock(office: Office) -> Clock:
    return office.clock
