"""The tables, with types that SQLite and PostgreSQL both know. Moments are microseconds since 1970.

What is large or read once (the request, events, output) stands apart from the row that is written
several times in an execution's life.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_ID = String(26)


def _owned_by_execution() -> Column[str]:
    return Column(
        "execution_id",
        _ID,
        ForeignKey("executions.id", ondelete="CASCADE"),
        primary_key=True,
    )


executions = Table(
    "executions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner_id", String(64)),
    Column("project_id", _ID),
    Column("revision", Integer),
    Column("state", String(16), nullable=False),
    Column("outcome", String(32)),
    Column("message", Text),
    Column("attempt", Integer, nullable=False),
    Column("is_interactive", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("started_us", BigInteger),
    Column("finished_us", BigInteger),
    Column("lease_owner", String(200)),
    Column("lease_expires_us", BigInteger),
    Column("is_exchanged", Boolean, nullable=False),
    Column("is_cancel_requested", Boolean, nullable=False),
    # Executions are claimed by turn: those of one owner have one each after the other, so that who
    # has many waiting does not keep others from theirs.
    Column("turn", BigInteger, nullable=False, server_default="0"),
    # Of one that runs alone in its project: the same for requests that are the same.
    Column("run_key", String(64)),
    # A later one of its project took its place.
    Column("is_superseded", Boolean, nullable=False, server_default=false()),
    Column("runtime_id", String(64)),
    # How many of its owner may be taken at once; one beyond is held until another one is finished.
    Column("active_count_max", Integer),
    # What it may spend at most, where its owner's CPU time is bounded.
    Column("cpu_granted_us", BigInteger),
    Column("is_held", Boolean, nullable=False, server_default=false()),
)

# The planners use an index on a part of the rows only where a statement repeats its condition
# literally: a bound value is not known when the plan is made.
UNFINISHED = text("executions.state <> 'finished'")
TAKEN = text("executions.state IN ('starting', 'running')")
FINISHED = text("executions.state = 'finished'")
_UNFINISHED, _FINISHED = text("state <> 'finished'"), text("state = 'finished'")
# Those that run alone in their projects, until they are finished.
WAITED_FOR = text("waited_for.run_key IS NOT NULL AND waited_for.state <> 'finished'")
_ALONE = text("run_key IS NOT NULL AND state <> 'finished'")
_OWNED, _OF_PROJECT = text("owner_id IS NOT NULL"), text("project_id IS NOT NULL")

Index(
    "ix_executions_unfinished",
    executions.c.state,
    executions.c.is_held,
    executions.c.turn,
    executions.c.id,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)
Index(
    "ix_executions_finished",
    executions.c.finished_us,
    sqlite_where=_FINISHED,
    postgresql_where=_FINISHED,
)

Index(
    "ix_executions_turns",
    executions.c.owner_id,
    executions.c.turn,
    sqlite_where=_UNFINISHED,
    postgresql_where=_UNFINISHED,
)
Index(
    "ix_executions_owner",
    executions.c.owner_id,
    executions.c.id,
    sqlite_where=_OWNED,
    postgresql_where=_OWNED,
)

Index(
    "ix_executions_project",
    executions.c.project_id,
    executions.c.id,
    sqlite_where=_OF_PROJECT,
    postgresql_where=_OF_PROJECT,
)

Index(
    "ix_executions_alone",
    executions.c.project_id,
    executions.c.owner_id,
    executions.c.id,
    sqlite_where=_ALONE,
    postgresql_where=_ALONE,
)

requests = Table(
    "requests",
    metadata,
    _owned_by_execution(),
    # JSON: everything but the bytes, with their sizes in order.
    Column("body", Text, nullable=False),
    # The bytes of files, stdin and tests, joined and packed.
    Column("contents", LargeBinary, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    _owned_by_execution(),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("limit_hit", String(32)),
    Column("passed", Boolean),
    Column("message", Text),
    Column("wall_seconds", Float, nullable=False),
    Column("cpu_seconds", Float),
    Column("memory_peak_bytes", BigInteger),
    Column("stdout_bytes", BigInteger, nullable=False),
    Column("stderr_bytes", BigInteger, nullable=False),
    Column("stdout_truncated", Boolean, nullable=False),
    Column("stderr_truncated", Boolean, nullable=False),
    Column("stdout", LargeBinary, nullable=False),
    Column("stderr", LargeBinary, nullable=False),
    Column("cached", Boolean, nullable=False, server_default=false()),
)

artifacts = Table(
    "artifacts",
    metadata,
    _owned_by_execution(),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

event_logs = Table(
    "event_logs",
    metadata,
    _owned_by_execution(),
    Column("events", LargeBinary, nullable=False),
)

# What the executions of one owner spent on one day, counted from 1970-01-01 in UTC.
spendings = Table(
    "spendings",
    metadata,
    Column("owner_id", String(64), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("cpu_us", BigInteger, nullable=False),
    Column("execution_count", BigInteger, nullable=False),
)
