"""Executions, their requests, steps, artifacts and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String(26)


def upgrade() -> None:
    op.create_table(
        "executions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner_id", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("message", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("is_interactive", sa.Boolean, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("started_us", sa.BigInteger),
        sa.Column("finished_us", sa.BigInteger),
        sa.Column("lease_owner", sa.String(200)),
        sa.Column("lease_expires_us", sa.BigInteger),
        sa.Column("is_exchanged", sa.Boolean, nullable=False),
        sa.Column("is_cancel_requested", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_executions"),
    )
    unfinished, finished = sa.text("state <> 'finished'"), sa.text("state = 'finished'")
    op.create_index(
        "ix_executions_unfinished",
        "executions",
        ["state", "id"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_index(
        "ix_executions_finished",
        "executions",
        ["finished_us"],
        sqlite_where=finished,
        postgresql_where=finished,
    )
    _create_owned(
        "requests",
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("contents", sa.LargeBinary, nullable=False),
    )
    _create_owned(
        "steps",
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("exit_code", sa.Integer),
        sa.Column("signal", sa.Integer),
        sa.Column("limit_hit", sa.String(32)),
        sa.Column("passed", sa.Boolean),
        sa.Column("message", sa.Text),
        sa.Column("wall_seconds", sa.Float, nullable=False),
        sa.Column("cpu_seconds", sa.Float),
        sa.Column("memory_peak_bytes", sa.BigInteger),
        sa.Column("stdout_bytes", sa.BigInteger, nullable=False),
        sa.Column("stderr_bytes", sa.BigInteger, nullable=False),
        sa.Column("stdout_truncated", sa.Boolean, nullable=False),
        sa.Column("stderr_truncated", sa.Boolean, nullable=False),
        sa.Column("stdout", sa.LargeBinary, nullable=False),
        sa.Column("stderr", sa.LargeBinary, nullable=False),
    )
    _create_owned(
        "artifacts",
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    _create_owned("event_logs", sa.Column("events", sa.LargeBinary, nullable=False))


def _create_owned(name: str, *columns: sa.Column[object]) -> None:
    keys = ["execution_id"] + (["position"] if columns[0].name == "position" else [])
    op.create_table(
        name,
        sa.Column("execution_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}"),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["executions.id"],
            name=f"fk_{name}_execution_id",
            ondelete="CASCADE",
        ),
    )
