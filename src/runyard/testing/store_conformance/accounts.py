"""One account has each name, one administrator is always left, and what is deleted is gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runyard.domain.account import Role
from runyard.domain.errors import ConflictError
from runyard.domain.identifiers import new_identifier
from runyard.store.accounts import AccountRecords, AccountSearch
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.database import Database
from runyard.store.device_logins import DeviceLogin, DeviceLoginRecords, DeviceState
from runyard.store.executions import SqlExecutionStore
from runyard.store.sessions import Rotation, SessionRecords
from runyard.store.tickets import TicketKind, TicketRecords
from runyard.testing.store_conformance.people_samples import (
    LATER,
    NOW,
    PASSWORD_HASH,
    build_account,
    hash_of,
    insert_account,
    insert_session,
    insert_ticket,
    insert_token,
)
from runyard.testing.store_conformance.samples import insert


class AccountConformance:
    async def test_find_after_insert_returns_the_same(self, database: Database) -> None:
        records = AccountRecords(database)
        account = await insert_account(database, name="ada", role=Role.ADMIN)

        found = [
            await records.find(account.id),
            await records.find_by_login("ada"),
            await records.find_by_login("ada@example.org"),
        ]

        assert all(each is not None for each in found)
        assert {each.account for each in found if each} == {account}
        assert {each.password_hash for each in found if each} == {PASSWORD_HASH}

    @pytest.mark.parametrize("login", ["", "nobody", "nobody@example.org", "ad\0a", "%", "a_a"])
    async def test_find_by_login_of_nobody_returns_none(
        self, database: Database, login: str
    ) -> None:
        await insert_account(database, name="ada")

        assert await AccountRecords(database).find_by_login(login) is None

    @pytest.mark.parametrize("taken", ["name", "email"])
    async def test_insert_of_what_is_taken_is_a_conflict_and_keeps_the_ticket(
        self, database: Database, taken: str
    ) -> None:
        ada = await insert_account(database)
        await insert_ticket(database, TicketKind.INVITATION, secret="a link")
        other = build_account(**{taken: getattr(ada, taken)})

        with pytest.raises(ConflictError):
            await AccountRecords(database).insert(
                other, password_hash=None, ticket_hash=hash_of("a link")
            )

        assert await AccountRecords(database).find(other.id) is None
        assert await TicketRecords(database).find(TicketKind.INVITATION, hash_of("a link"), now=NOW)

    async def test_one_name_at_once_is_given_once(self, database: Database) -> None:
        records = AccountRecords(database)
        wanted = [
            build_account(name="ada", email=f"ada{number}@example.org") for number in range(10)
        ]

        results = await asyncio.gather(
            *(records.insert(each, password_hash=None) for each in wanted), return_exceptions=True
        )

        assert results.count(True) == 1
        assert [type(each) for each in results if each is not True] == [ConflictError] * 9
        assert len(await records.list(AccountSearch(limit=100))) == 1

    async def test_list_pages_by_name_and_finds_parts(self, database: Database) -> None:
        records = AccountRecords(database)
        for name in ("cyd", "ada", "bob", "a-dam"):
            await insert_account(database, name=name)

        listed = await records.list(AccountSearch(limit=2, after="a-dam"))
        found = await records.list(AccountSearch(query="ad", limit=10))
        wildcard = await records.list(AccountSearch(query="%", limit=10))

        assert [each.name for each in listed] == ["ada", "bob"]
        assert {each.name for each in found} == {"ada"}
        assert list(wildcard) == []

    async def test_list_finds_by_role_and_state(self, database: Database) -> None:
        records = AccountRecords(database)
        ada, _, cyd = [await insert_account(database, name=name) for name in ("ada", "bob", "cyd")]
        await records.change(ada.id, role=Role.ADMIN)
        await records.change(cyd.id, is_suspended=True)

        users = await records.list(AccountSearch(role=Role.USER, limit=9))
        suspended = await records.list(AccountSearch(is_suspended=True, limit=9))
        active_users = await records.list(
            AccountSearch(role=Role.USER, is_suspended=False, limit=9)
        )

        assert [each.name for each in users] == ["bob", "cyd"]
        assert [each.name for each in suspended] == ["cyd"]
        assert [each.name for each in active_users] == ["bob"]

    async def test_change_of_an_unknown_account_says_so(self, database: Database) -> None:
        assert not await AccountRecords(database).change(new_identifier(), role=Role.ADMIN)

    async def test_change_to_a_taken_address_is_a_conflict(self, database: Database) -> None:
        ada, bob = await insert_account(database), await insert_account(database)

        with pytest.raises(ConflictError):
            await AccountRecords(database).change(bob.id, email=ada.email)

    async def test_suspension_ends_the_sessions_of_this_account_only(
        self, database: Database
    ) -> None:
        ada, bob = await insert_account(database), await insert_account(database)
        of_ada = await insert_session(database, ada.id, refresh="of ada")
        of_bob = await insert_session(database, bob.id, refresh="of bob")

        assert await AccountRecords(database).change(ada.id, is_suspended=True)

        sessions = SessionRecords(database)
        assert await sessions.find_account(of_ada.id, now=NOW) is None
        assert await sessions.find_account(of_bob.id, now=NOW) == bob


class AdministratorConformance:
    @pytest.mark.parametrize("columns", [{"role": Role.USER}, {"is_suspended": True}])
    async def test_last_active_administrator_stays(
        self, database: Database, columns: dict[str, Any]
    ) -> None:
        records = AccountRecords(database)
        ada = await insert_account(database, role=Role.ADMIN)
        await insert_account(database, role=Role.ADMIN, is_suspended=True)

        with pytest.raises(ConflictError):
            await records.change(ada.id, **columns)
        with pytest.raises(ConflictError):
            await records.delete(ada.id)

        found = await records.find(ada.id)
        assert found is not None
        assert found.account == ada

    async def test_administrators_that_demote_each_other_at_once_leave_one(
        self, database: Database
    ) -> None:
        records = AccountRecords(database)
        admins = [await insert_account(database, role=Role.ADMIN) for _ in range(6)]

        results = await asyncio.gather(
            *(records.change(each.id, role=Role.USER) for each in admins), return_exceptions=True
        )

        assert results.count(True) == 5
        assert [type(each) for each in results if each is not True] == [ConflictError]
        roles = [each.role for each in await records.list(AccountSearch(limit=100))]
        assert roles.count(Role.ADMIN) == 1

    async def test_administrators_that_delete_each_other_at_once_leave_one(
        self, database: Database
    ) -> None:
        records = AccountRecords(database)
        ada, bob = [await insert_account(database, role=Role.ADMIN) for _ in range(2)]

        results = await asyncio.gather(
            records.delete(ada.id), records.delete(bob.id), return_exceptions=True
        )

        assert results.count(True) == 1
        assert len(await records.list(AccountSearch(limit=100))) == 1
        assert await records.has_admin()

    async def test_has_admin_counts_suspended_ones_and_no_others(self, database: Database) -> None:
        records = AccountRecords(database)
        await insert_account(database)
        before = await records.has_admin()
        await insert_account(database, role=Role.ADMIN, is_suspended=True)

        assert not before
        assert await records.has_admin()


class DeletionConformance:
    async def test_deleting_an_account_removes_all_of_its_own_and_nothing_of_others(
        self, database: Database
    ) -> None:
        ada, bob = await insert_account(database), await insert_account(database)
        owned = {each.id: await _own(database, each.id) for each in (ada, bob)}

        assert await AccountRecords(database).delete(ada.id)

        assert await _count(database, ada.id, owned[ada.id]) == [0] * 7
        assert await _count(database, bob.id, owned[bob.id]) == [1] * 7

    async def test_deleting_an_unknown_account_removes_no_execution_of_nobody(
        self, database: Database
    ) -> None:
        store = SqlExecutionStore(database)
        execution = await insert(store, owner_id=None)

        assert not await AccountRecords(database).delete(new_identifier())

        assert await store.find(execution.id) == execution

    async def test_refreshing_while_accounts_are_deleted_fails_for_none(
        self, database: Database
    ) -> None:
        sessions, records = SessionRecords(database), AccountRecords(database)
        own = [await insert_account(database) for _ in range(10)]
        for each in own:
            await insert_session(database, each.id, refresh=each.id)

        rotations = [
            sessions.rotate(
                hash_of(each.id),
                new_hash=hash_of(f"next of {each.id}"),
                now=NOW,
                retried_since=NOW,
                expires=LATER,
                address="",
            )
            for each in own
        ]
        rotated, ended = await asyncio.gather(
            asyncio.gather(*rotations),
            asyncio.gather(*(records.delete(each.id) for each in own)),
        )

        assert ended == [True] * 10
        assert {each.outcome for each in rotated} <= {Rotation.DONE, Rotation.UNKNOWN}


async def _own(database: Database, account_id: str) -> str:
    """Give an account one of everything; return the id of its execution."""
    records = AccountRecords(database)
    await insert_session(database, account_id, refresh=f"refresh {account_id}")
    await insert_token(database, account_id)
    await records.replace_recovery_codes(account_id, [hash_of("a code")])
    await insert_ticket(
        database, TicketKind.PASSWORD, secret=f"link {account_id}", account_id=account_id
    )
    logins = DeviceLoginRecords(database)
    code = account_id[-8:]
    login = DeviceLogin(user_code=code, client="cli", scopes=frozenset())
    await logins.insert(login, device_hash=hash_of(f"device {account_id}"), expires=LATER)
    assert await logins.decide(code, account_id=account_id, state=DeviceState.APPROVED, now=NOW)
    return (await insert(SqlExecutionStore(database), owner_id=account_id)).id


async def _count(database: Database, account_id: str, execution_id: str) -> list[int]:
    """Say of everything that `_own` made whether it is there."""
    rotated = await SessionRecords(database).rotate(
        hash_of(f"refresh {account_id}"),
        new_hash=hash_of(f"next {account_id}"),
        now=NOW,
        retried_since=NOW,
        expires=LATER,
        address="",
    )
    ticket_hash, device_hash = hash_of(f"link {account_id}"), hash_of(f"device {account_id}")
    tickets, logins = TicketRecords(database), DeviceLoginRecords(database)
    found = [
        rotated.outcome is Rotation.DONE,
        await SessionRecords(database).list(account_id, now=NOW),
        await ApiTokenRecords(database).list(account_id),
        await AccountRecords(database).count_recovery_codes(account_id),
        await tickets.find(TicketKind.PASSWORD, ticket_hash, now=NOW),
        await logins.take(device_hash, now=NOW),
        await SqlExecutionStore(database).find(execution_id),
    ]
    return [int(bool(each)) for each in found]
