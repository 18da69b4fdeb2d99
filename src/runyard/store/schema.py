"""Brings a database's tables up to date at start."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from runyard.store.database import Database

# The newest migration. Alembic itself is slow to import, so it is only asked when this differs.
HEAD = "0005"

# An arbitrary number that all servers of one PostgreSQL database agree on.
_MIGRATION_LOCK = 0x52_59


async def upgrade(database: Database) -> None:
    """Run the missing migrations in one transaction. Servers that start together take turns."""
    await database.write(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if _version(connection) == HEAD:
        return
    from alembic import command  # noqa: PLC0415 (slow to import)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "runyard.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version
