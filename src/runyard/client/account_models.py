"""What the SDK gives about accounts: plain values, parsed from the API's JSON. Secrets are left out
of what `repr` shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`totp` says whether a second factor is asked for at the login."""

    id: str
    name: str
    email: str
    role: str
    suspended: bool
    totp: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount(Account):
    """One's own. `scopes` are those of the token that asked, None where somebody logged in."""

    must_enrol_totp: bool
    recovery_codes_left: int
    scopes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """By name; `next_after` asks for the following page and is None on the last one."""

    items: tuple[Account, ...]
    next_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A session that has begun or goes on. The client that began it sends its tokens by itself."""

    account: Account
    # Nothing but setting up an authenticator is allowed before it is set up.
    must_enrol_totp: bool
    access_token: str = field(repr=False)
    expires_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One place where the account has logged in."""

    id: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    user_agent: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpOffer:
    """What an authenticator is set up with: to type, to open, to photograph (SVG)."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """`expires_at` is None for a token that is valid until it is deleted."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiToken(ApiToken):
    """The server tells `token` this once."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpOptions:
    """How one gets an account (`sign_up`: open, invitation, closed), and whether one needs one."""

    sign_up: str
    anonymous: bool
    # Whether one can have a link sent to choose a password.
    mail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOffer:
    """`device_code` is the program's to ask with, `user_code` the person's to type."""

    device_code: str = field(repr=False)
    user_code: str
    expires_seconds: int
    interval_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDevice:
    """A program that waits until somebody approves: what it calls itself and would be allowed."""

    client: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`email` is None where anybody may use it."""

    id: str
    email: str | None
    role: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation(Invitation):
    """The server tells `ticket` this once; `path` belongs behind the address of its pages."""

    ticket: str = field(repr=False)
    path: str = field(repr=False)
    mailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLink:
    """With it somebody chooses a password, once. The server tells it this once."""

    ticket: str = field(repr=False)
    path: str = field(repr=False)
    expires_at: datetime
    mailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTrial:
    """What became of a test mail; `reason` is why the mail server did not take it."""

    recipient: str
    sent: bool
    reason: str | None
