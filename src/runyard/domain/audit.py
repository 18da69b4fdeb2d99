"""Who changed what: the entries of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something, and from where. `name` outlives the account; `account_id` None is the
    server itself.
    """

    account_id: str | None = None
    name: str
    address: str = ""
    request_id: str = ""


# What the server does of itself, such as at its first start.
SERVER = Actor(name="server")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`action` reads as "policy.change"; `target` names what it was done to, "account ada".
    `before` and `after` are JSON values without secrets; None where there was or is nothing.
    """

    id: str
    at: datetime
    actor: Actor
    action: str
    target: str
    before: Any = None
    after: Any = None
