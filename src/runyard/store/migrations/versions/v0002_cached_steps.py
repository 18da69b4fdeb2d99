"""Whether a step was taken from an earlier build."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column(
        "steps", sa.Column("cached", sa.Boolean, nullable=False, server_default=sa.false())
    )
