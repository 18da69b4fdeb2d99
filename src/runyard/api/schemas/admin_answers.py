"""What administrators are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field, JsonValue

from runyard.api.schemas.answers import StrictAnswer
from runyard.domain.audit import AuditEntry


class ActorAnswer(StrictAnswer):
    account_id: str | None = Field(description="None: the server itself, or its command line.")
    name: str
    address: str


class AuditEntryAnswer(StrictAnswer):
    id: str
    at: datetime
    actor: ActorAnswer
    action: str = Field(examples=["account.change"])
    target: str = Field(examples=["account ada"])
    before: JsonValue
    after: JsonValue
    request_id: str


class AuditAnswer(StrictAnswer):
    items: list[AuditEntryAnswer]
    next: str | None = Field(description="`before` of the next page.")


def render_audit(entries: Sequence[AuditEntry], *, limit: int) -> AuditAnswer:
    """`entries` has one more than `limit` if there is another page."""
    page = [_render_entry(each) for each in entries[:limit]]
    return AuditAnswer(items=page, next=page[-1].id if len(entries) > limit else None)


def _render_entry(entry: AuditEntry) -> AuditEntryAnswer:
    return AuditEntryAnswer(
        id=entry.id,
        at=entry.at,
        actor=ActorAnswer(
            account_id=entry.actor.account_id, name=entry.actor.name, address=entry.actor.address
        ),
        action=entry.action,
        target=entry.target,
        before=entry.before,
        after=entry.after,
        request_id=entry.actor.request_id,
    )
