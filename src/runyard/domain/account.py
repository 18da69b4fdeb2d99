"""Who uses Runyard: accounts, what they may do, and what their names and passwords look like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runyard.domain.errors import ForbiddenError, InvalidRequestError

NAME_CHARACTERS_MAX = 39
EMAIL_CHARACTERS_MAX = 254
PASSWORD_CHARACTERS_MIN = 10
# Hashing reads all of it.
PASSWORD_CHARACTERS_MAX = 256

_NAME = re.compile(rf"[a-z0-9](?:-?[a-z0-9]){{0,{NAME_CHARACTERS_MAX - 1}}}")
# Of an address: neither what separates several nor what a terminal obeys.
_ADDRESS = r"[^@\s\x00-\x1f\x7f<>()\[\],;:\\\"]"
_EMAIL = re.compile(rf"{_ADDRESS}{{1,64}}@(?:(?!\.){_ADDRESS})+(?:\.(?:(?!\.){_ADDRESS})+)*")
# Names that would read as a part of the product where a name stands in an address.
_RESERVED = frozenset(
    {"account", "admin", "anonymous", "api", "embed", "gallery", "local", "login", "new", "root"}
    | {"runyard", "settings", "setup", "support", "system"}
)


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API token may be allowed. A person who has logged in is allowed all of it."""

    EXECUTIONS_READ = "executions:read"
    EXECUTIONS_WRITE = "executions:write"
    PROJECTS_READ = "projects:read"
    PROJECTS_WRITE = "projects:write"
    ACCOUNT_READ = "account:read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: str
    name: str
    email: str
    role: Role
    is_suspended: bool = False
    # Whether a second factor is asked for when it logs in.
    has_totp: bool = False
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One place where an account has logged in."""

    id: str
    account_id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    # As the client told it.
    user_agent: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    id: str
    account_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sends a request: nobody known, somebody who has logged in, or a program with a token.

    `owner_id` is whose executions are submitted and seen; None where that is nobody in particular.
    """

    owner_id: str | None = None
    account: Account | None = None
    session_id: str | None = None
    token_id: str | None = None
    scopes: frozenset[Scope] = frozenset()
    # Nothing but setting it up is allowed before it is.
    must_enrol_totp: bool = False

    @property
    def is_admin(self) -> bool:
        return self.account is not None and self.account.role is Role.ADMIN

    @property
    def known_account(self) -> Account:
        """The account, where a rule has let accounts only pass."""
        assert self.account is not None
        return self.account

    def may(self, scope: Scope) -> bool:
        if scope is Scope.ADMIN and not self.is_admin:
            return False
        return self.account is not None and (self.token_id is None or scope in self.scopes)

    def may_see(self, owner_id: str | None) -> bool:
        """Whether something of this owner is shown. What belongs to nobody in particular is shown
        to whoever knows its id, which cannot be guessed.
        """
        return owner_id is None or owner_id == self.owner_id or self.may(Scope.ADMIN)

    def require(self, scope: Scope) -> None:
        """Raises ForbiddenError with what is missing."""
        if self.may(scope):
            return
        if scope is Scope.ADMIN and not self.is_admin:
            raise ForbiddenError("Only administrators may do this.")
        raise ForbiddenError(f"The token has no scope {scope}.", scope=scope)


def check_name(name: str) -> str:
    """Return it in the spelling that is kept: names that differ in case only are one."""
    lowered = name.strip().lower()
    if len(lowered) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(lowered):
        raise InvalidRequestError(
            f"The name may have up to {NAME_CHARACTERS_MAX} letters a-z, digits and single '-'"
            " between them.",
            field="name",
        )
    if lowered in _RESERVED:
        raise InvalidRequestError(f"The name {lowered!r} is reserved.", field="name")
    return lowered


def check_email(email: str) -> str:
    """Return it in the spelling that is kept. Whether mail arrives there, only mail tells."""
    lowered = email.strip().lower()
    if len(lowered) > EMAIL_CHARACTERS_MAX or not _EMAIL.fullmatch(lowered):
        raise InvalidRequestError("The e-mail address is not one.", field="email")
    return lowered


def check_password(password: str, *, name: str = "", email: str = "") -> None:
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise InvalidRequestError(
            f"The password has {len(password)} characters; it must have between"
            f" {PASSWORD_CHARACTERS_MIN} and {PASSWORD_CHARACTERS_MAX}.",
            field="password",
        )
    lowered = password.lower()
    if lowered in {name, email, email.partition("@")[0]} or len(set(lowered)) < 4:
        raise InvalidRequestError(
            "The password is too easy to guess: it is a name, or the same few characters.",
            field="password",
        )
