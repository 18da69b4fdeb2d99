"""The tables of accounts and of everything by which one proves who it is.

Of what a client proves itself with there is only a hash, or what only this installation's key
opens. Moments are microseconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from runyard.store.tables import metadata

_ID = String(26)
# SHA-256 in hexadecimal.
_HASH = String(64)


def _of_account(*, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(
        "account_id",
        _ID,
        ForeignKey("accounts.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=nullable,
    )


accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("email", String(254), nullable=False),
    # None until somebody has chosen one.
    Column("password_hash", Text),
    Column("role", String(16), nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    # Sealed; asked for once it is confirmed.
    Column("totp_secret", LargeBinary),
    Column("is_totp_confirmed", Boolean, nullable=False),
    # The last time step whose code was used.
    Column("totp_step", BigInteger, nullable=False),
)
Index("ix_accounts_name", accounts.c.name, unique=True)
Index("ix_accounts_email", accounts.c.email, unique=True)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    _of_account(primary_key=True),
    Column("hash", _HASH, primary_key=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    _of_account(),
    Column("created_us", BigInteger, nullable=False),
    Column("used_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("address", String(64), nullable=False),
)
Index("ix_sessions_account_id", sessions.c.account_id)
Index("ix_sessions_expires_us", sessions.c.expires_us)

# Used ones are kept for a while, so that one that comes again is known for what it is.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("hash", _HASH, primary_key=True),
    Column("session_id", _ID, ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("is_used", Boolean, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
Index("ix_refresh_tokens_session_id", refresh_tokens.c.session_id)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", _ID, primary_key=True),
    _of_account(),
    Column("name", Text, nullable=False),
    Column("hash", _HASH, nullable=False),
    # Words with spaces between.
    Column("scopes", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("used_us", BigInteger),
)
Index("ix_api_tokens_account_id", api_tokens.c.account_id)

# Links that work once: to make an account, or to choose a password.
tickets = Table(
    "tickets",
    metadata,
    Column("hash", _HASH, primary_key=True),
    Column("id", _ID, nullable=False),
    Column("kind", String(16), nullable=False),
    _of_account(nullable=True),
    Column("email", String(254)),
    Column("role", String(16), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
)
Index("ix_tickets_id", tickets.c.id, unique=True)

# A program that waits until somebody who has logged in elsewhere approves of it.
device_logins = Table(
    "device_logins",
    metadata,
    Column("device_hash", _HASH, primary_key=True),
    Column("user_code", String(16), nullable=False),
    Column("client", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    _of_account(nullable=True),
)
Index("ix_device_logins_user_code", device_logins.c.user_code, unique=True)

# How often something was tried since the window of its rule began.
attempts = Table(
    "attempts",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("began_us", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)
Index("ix_attempts_began_us", attempts.c.began_us)

# What access tokens are signed with, sealed.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_us", BigInteger, nullable=False),
)
