"""The tables of what administrators keep, and of what they did."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from runyard.store.tables import metadata

_ID = String(26)

# A platform, a policy, a page of questions: few, small, read whole, and changed by hand.
documents = Table(
    "documents",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(100), primary_key=True),
    # JSON.
    Column("body", Text, nullable=False),
    # Counts from 1 with each change.
    Column("version", Integer, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
)

# A trigger of the database refuses to change or delete what is in here.
audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("actor_id", _ID),
    Column("actor_name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", Text, nullable=False),
    # JSON, or NULL where there was or is nothing.
    Column("before", Text),
    Column("after", Text),
)
Index("ix_audit_entries_actor_id_id", audit_entries.c.actor_id, audit_entries.c.id)
