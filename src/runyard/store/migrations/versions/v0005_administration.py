"""What administrators keep and did, quotas, and what a project keeps beside its revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ID = sa.String(26)
_REFUSED = "entries of the audit log stay as they are"


def upgrade() -> None:
    _create_administration()
    _guard_audit_entries()
    _extend_executions()
    _extend_projects()


def _create_administration() -> None:
    op.create_table(
        "documents",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_documents"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at_us", sa.BigInteger, nullable=False),
        sa.Column("actor_id", _ID),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_actor_id_id", "audit_entries", ["actor_id", "id"])


def _guard_audit_entries() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entries_no_{action.lower()} BEFORE {action} ON audit_entries"
                f" BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
        " ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )


def _extend_executions() -> None:
    op.add_column("executions", sa.Column("runtime_id", sa.String(64)))
    op.add_column("executions", sa.Column("active_count_max", sa.Integer))
    op.add_column("executions", sa.Column("cpu_granted_us", sa.BigInteger))
    op.add_column(
        "executions", sa.Column("is_held", sa.Boolean, nullable=False, server_default=sa.false())
    )
    unfinished = sa.text("state <> 'finished'")
    op.drop_index("ix_executions_unfinished", "executions")
    op.create_index(
        "ix_executions_unfinished",
        "executions",
        ["state", "is_held", "turn", "id"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "spendings",
        sa.Column("owner_id", sa.String(64), nullable=False),
        sa.Column("day", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("cpu_us", sa.BigInteger, nullable=False),
        sa.Column("execution_count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "day", name="pk_spendings"),
    )


def _extend_projects() -> None:
    op.add_column(
        "projects", sa.Column("keeps_data", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "project_secrets",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("updated_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "name", name="pk_project_secrets"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_project_secrets_project_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "project_data",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("path", sa.String(512), nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("executable", sa.Boolean, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "path", name="pk_project_data"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_project_data_project_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_project_data_owner_id", "project_data", ["owner_id"])
