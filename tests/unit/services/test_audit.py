"""What is done is in the audit log, in the transaction of what was done, and stays there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from runyard.domain.audit import Actor
from runyard.services.audit import Audit
from runyard.store import schema
from runyard.store.audit import AuditRecords, AuditSearch
from runyard.store.database import Database, open_database
from runyard.store.documents import DocumentKind, Documents
from runyard.store.moments import now_us

ADA = Actor(
    account_id="01JD0000000000000000000ADA", name="ada", address="192.0.2.7", request_id="r"
)
BOB = Actor(name="bob")
FAQ = DocumentKind.FAQ


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    await schema.upgrade(database)
    yield database
    await database.aclose()


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(AuditRecords(database), now_us=now_us)


async def test_change_of_a_document_has_its_entry(database: Database, audit: Audit) -> None:
    documents = Documents(database)
    describe = audit.describe(ADA, "faq.change", "faq general")

    first = await documents.put(FAQ, "general", [1], describe=describe)
    second = await documents.put(FAQ, "general", [2], describe=describe, base=1)
    stale = await documents.put(FAQ, "general", [3], describe=describe, base=1)
    gone = await documents.delete(FAQ, "general", describe=describe)
    missing = await documents.delete(FAQ, "general", describe=describe)

    assert first is not None
    assert second is not None
    assert (first.version, second.version, stale, gone, missing) == (1, 2, None, True, False)
    entries = await audit.list(AuditSearch(limit=10))
    assert [(each.before, each.after) for each in entries] == [([2], None), ([1], [2]), (None, [1])]
    assert {each.actor for each in entries} == {ADA}


async def test_document_that_must_not_be_there_yet_is_made_once(
    database: Database, audit: Audit
) -> None:
    documents = Documents(database)
    describe = audit.describe(ADA, "platform.create", "platform x")

    made = await documents.put(DocumentKind.PLATFORM, "x", {}, describe=describe, base=0)
    again = await documents.put(DocumentKind.PLATFORM, "x", {}, describe=describe, base=0)

    assert made is not None
    assert again is None


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries"]
)
async def test_entries_stay_as_they_are(database: Database, audit: Audit, statement: str) -> None:
    await audit.note(audit.entry(ADA, "account.change", "account bob"))

    def tamper(connection: Connection) -> None:
        connection.execute(text(statement))

    with pytest.raises(IntegrityError, match="stay as they are"):
        await database.write(tamper)
    assert [each.action for each in await audit.list(AuditSearch(limit=10))] == ["account.change"]


async def test_entries_are_found(audit: Audit) -> None:
    for actor, action, target in (
        (ADA, "account.change", "account bob"),
        (ADA, "policy.change", "policy defaults"),
        (BOB, "policy.delete", "policy role user"),
    ):
        await audit.note(audit.entry(actor, action, target))

    async def find(**search: object) -> list[str]:
        found = await audit.list(AuditSearch(**{"limit": 10, **search}))  # type: ignore[arg-type]
        return [each.action for each in found]

    assert await find() == ["policy.delete", "policy.change", "account.change"]
    assert await find(actor_id=ADA.account_id) == ["policy.change", "account.change"]
    assert await find(action="policy") == ["policy.delete", "policy.change"]
    assert await find(action="policy.change") == ["policy.change"]
    assert await find(action="pol") == []
    assert await find(query="bob") == ["policy.delete", "account.change"]
    assert await find(limit=1) == ["policy.delete"]
