"""Projects, their revisions and files, and the executions that belong to them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID, _HASH = sa.String(26), sa.String(64)


def upgrade() -> None:
    op.add_column("executions", sa.Column("project_id", _ID))
    op.add_column("executions", sa.Column("revision", sa.Integer))
    op.add_column(
        "executions", sa.Column("turn", sa.BigInteger, nullable=False, server_default="0")
    )
    unfinished = sa.text("state <> 'finished'")
    op.drop_index("ix_executions_unfinished", "executions")
    for name, columns in (("unfinished", ["state", "turn", "id"]), ("turns", ["owner_id", "turn"])):
        op.create_index(
            f"ix_executions_{name}",
            "executions",
            columns,
            sqlite_where=unfinished,
            postgresql_where=unfinished,
        )
    op.add_column("executions", sa.Column("run_key", sa.String(64)))
    op.add_column(
        "executions",
        sa.Column("is_superseded", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    runs_alone = sa.text("run_key IS NOT NULL AND state <> 'finished'")
    op.create_index(
        "ix_executions_alone",
        "executions",
        ["project_id", "owner_id", "id"],
        sqlite_where=runs_alone,
        postgresql_where=runs_alone,
    )
    is_of_project = sa.text("project_id IS NOT NULL")
    op.create_index(
        "ix_executions_project",
        "executions",
        ["project_id", "id"],
        sqlite_where=is_of_project,
        postgresql_where=is_of_project,
    )
    _create_projects()
    _create_contents()


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("updated_us", sa.BigInteger, nullable=False),
        sa.Column("deleted_us", sa.BigInteger),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("link", sa.String(64)),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("star_count", sa.Integer, nullable=False),
        sa.Column("published_us", sa.BigInteger),
        sa.Column("forked_from", _ID),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name="fk_projects_owner_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_projects_owner_id_updated_us", "projects", ["owner_id", "updated_us"])
    op.create_index("ix_projects_deleted_us", "projects", ["deleted_us"])
    op.create_index("ix_projects_link", "projects", ["link"], unique=True)
    is_public = sa.text("visibility = 'public'")
    op.create_index(
        "ix_projects_published_us",
        "projects",
        ["published_us"],
        sqlite_where=is_public,
        postgresql_where=is_public,
    )
    op.create_table(
        "stars",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "account_id", name="pk_stars"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_stars_project_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_stars_account_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_stars_account_id", "stars", ["account_id"])
    op.create_table(
        "revisions",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("runtime", sa.String(100), nullable=False),
        sa.Column("setup", sa.Text, nullable=False),
        sa.Column("stdin", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", _HASH, nullable=False),
        sa.Column("restored_from", sa.Integer),
        sa.Column("file_count", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number", name="pk_revisions"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name="fk_revisions_project_id", ondelete="CASCADE"
        ),
    )


def _create_contents() -> None:
    op.create_table(
        "revision_files",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("path", sa.String(512), nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("executable", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("project_id", "number", "path", name="pk_revision_files"),
        sa.ForeignKeyConstraint(
            ["project_id", "number"],
            ["revisions.project_id", "revisions.number"],
            name="fk_revision_files_project_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_revision_files_owner_id_hash", "revision_files", ["owner_id", "hash"])
    op.create_table(
        "blobs",
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "hash", name="pk_blobs"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["accounts.id"], name="fk_blobs_owner_id", ondelete="CASCADE"
        ),
    )
