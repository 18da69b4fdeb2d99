"""The tables of projects. A revision lists its files by hash; content is kept once for each owner,
so that nobody learns from anything what others keep, and what is deleted with an account is gone.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
)

from runyard.store.account_tables import accounts
from runyard.store.tables import metadata

_ID = String(26)
_HASH = String(64)

projects = Table(
    "projects",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner_id", _ID, ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    Column("deleted_us", BigInteger),
    Column("visibility", String(16), nullable=False),
    Column("link", String(64)),
    # Words with a space before and behind each.
    Column("tags", Text, nullable=False),
    Column("star_count", Integer, nullable=False),
    Column("published_us", BigInteger),
    Column("forked_from", _ID),
    # Whether its /data is there again at the next run.
    Column("keeps_data", Boolean, nullable=False, server_default=false()),
)
_IS_PUBLIC = text("visibility = 'public'")
Index("ix_projects_link", projects.c.link, unique=True)
Index(
    "ix_projects_published_us",
    projects.c.published_us,
    sqlite_where=_IS_PUBLIC,
    postgresql_where=_IS_PUBLIC,
)
Index("ix_projects_owner_id_updated_us", projects.c.owner_id, projects.c.updated_us)
Index("ix_projects_deleted_us", projects.c.deleted_us)

revisions = Table(
    "revisions",
    metadata,
    Column("project_id", _ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("runtime", String(100), nullable=False),
    # JSON: entry, args, env.
    Column("setup", Text, nullable=False),
    Column("stdin", LargeBinary, nullable=False),
    Column("fingerprint", _HASH, nullable=False),
    Column("restored_from", Integer),
    Column("file_count", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)

revision_files = Table(
    "revision_files",
    metadata,
    Column("project_id", _ID, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("path", String(512), primary_key=True),
    Column("owner_id", _ID, nullable=False),
    Column("hash", _HASH, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("executable", Boolean, nullable=False),
    ForeignKeyConstraint(
        ["project_id", "number"],
        ["revisions.project_id", "revisions.number"],
        name="fk_revision_files_project_id",
        ondelete="CASCADE",
    ),
)
Index("ix_revision_files_owner_id_hash", revision_files.c.owner_id, revision_files.c.hash)

stars = Table(
    "stars",
    metadata,
    Column("project_id", _ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", _ID, ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True),
)
Index("ix_stars_account_id", stars.c.account_id)

blobs = Table(
    "blobs",
    metadata,
    Column("owner_id", _ID, ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("hash", _HASH, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    # Packed.
    Column("content", LargeBinary, nullable=False),
)

# Environment variables that nobody reads again, beside the revisions and not in them.
project_secrets = Table(
    "project_secrets",
    metadata,
    Column("project_id", _ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(256), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    # Of the value.
    Column("size_bytes", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

# What the last run left in /data.
project_data = Table(
    "project_data",
    metadata,
    Column("project_id", _ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("path", String(512), primary_key=True),
    Column("owner_id", _ID, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("executable", Boolean, nullable=False),
    # Packed.
    Column("content", LargeBinary, nullable=False),
)
Index("ix_project_data_owner_id", project_data.c.owner_id)
