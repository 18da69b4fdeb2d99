"""Accounts, and everything by which one proves who it is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID, _HASH = sa.String(26), sa.String(64)


def upgrade() -> None:
    _create_accounts()
    _create_sessions()
    _create_tokens()
    op.create_table(
        "attempts",
        sa.Column("key", sa.String(160), nullable=False),
        sa.Column("began_us", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempts"),
    )
    op.create_index("ix_attempts_began_us", "attempts", ["began_us"])
    op.create_table(
        "signing_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signing_keys"),
    )
    is_owned = sa.text("owner_id IS NOT NULL")
    op.create_index(
        "ix_executions_owner",
        "executions",
        ["owner_id", "id"],
        sqlite_where=is_owned,
        postgresql_where=is_owned,
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("totp_secret", sa.LargeBinary),
        sa.Column("is_totp_confirmed", sa.Boolean, nullable=False),
        sa.Column("totp_step", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_name", "accounts", ["name"], unique=True)
    op.create_index("ix_accounts_email", "accounts", ["email"], unique=True)
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "hash", name="pk_recovery_codes"),
        _of_account("recovery_codes"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("used_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        _of_account("sessions"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_expires_us", "sessions", ["expires_us"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("is_used", sa.Boolean, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_refresh_tokens_session_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])


def _create_tokens() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger),
        sa.Column("used_us", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        _of_account("api_tokens"),
    )
    op.create_index("ix_api_tokens_account_id", "api_tokens", ["account_id"])
    op.create_table(
        "tickets",
        sa.Column("hash", _HASH, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("account_id", _ID),
        sa.Column("email", sa.String(254)),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_us", sa.BigInteger, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_tickets"),
        _of_account("tickets"),
    )
    op.create_index("ix_tickets_id", "tickets", ["id"], unique=True)
    op.create_table(
        "device_logins",
        sa.Column("device_hash", _HASH, nullable=False),
        sa.Column("user_code", sa.String(16), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("expires_us", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("account_id", _ID),
        sa.PrimaryKeyConstraint("device_hash", name="pk_device_logins"),
        _of_account("device_logins"),
    )
    op.create_index("ix_device_logins_user_code", "device_logins", ["user_code"], unique=True)


def _of_account(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id", ondelete="CASCADE"
    )
