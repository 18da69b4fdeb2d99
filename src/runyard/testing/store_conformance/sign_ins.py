"""Sessions and tokens: what is used up is used up once, what expired or was ended is not found."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from runyard.domain.account import Account
from runyard.domain.identifiers import new_identifier
from runyard.store.accounts import AccountRecords
from runyard.store.api_tokens import ApiTokenRecords
from runyard.store.database import Database
from runyard.store.moments import SECOND_US, from_us
from runyard.store.sessions import Rotated, Rotation, SessionRecords
from runyard.testing.store_conformance.people_samples import (
    LATER,
    NOW,
    PASSWORD_HASH,
    build_session,
    build_token,
    hash_of,
    insert_account,
    insert_session,
    insert_token,
)


class SessionConformance:
    async def test_list_shows_open_sessions_the_last_used_first(self, database: Database) -> None:
        ada, bob = await insert_account(database), await insert_account(database)
        first = await insert_session(database, ada.id, refresh="a", used=NOW + 1)
        last = await insert_session(database, ada.id, refresh="b", used=NOW + 2)
        await insert_session(database, ada.id, refresh="c", expires=NOW)
        await insert_session(database, bob.id, refresh="d")

        listed = await SessionRecords(database).list(ada.id, now=NOW)

        assert listed == [last, first]

    async def test_expired_session_is_not_found(self, database: Database) -> None:
        records = SessionRecords(database)
        ada = await insert_account(database)
        session = await insert_session(database, ada.id, refresh="a")

        assert await records.find_account(session.id, now=LATER - 1) == ada
        assert await records.find_account(session.id, now=LATER) is None
        assert await rotate(database, "a", "b", now=LATER) == Rotated(outcome=Rotation.UNKNOWN)
        assert await records.delete_expired(now=LATER - 1) == 0
        assert await records.delete_expired(now=LATER) == 1

    async def test_insert_for_a_former_password_or_nobody_is_refused(
        self, database: Database
    ) -> None:
        ada = await insert_account(database)
        attempts = [
            SessionRecords(database).insert(
                build_session(account_id),
                refresh_hash=hash_of(str(number)),
                password_hash=password_hash,
            )
            for number, (account_id, password_hash) in enumerate(
                [(ada.id, "a former one"), (ada.id, None), (new_identifier(), PASSWORD_HASH)]
            )
        ]

        assert await asyncio.gather(*attempts) == [False] * 3
        assert await SessionRecords(database).list(ada.id, now=NOW) == []

    async def test_logging_in_while_the_password_changes_leaves_no_session(
        self, database: Database
    ) -> None:
        ada = await insert_account(database)
        records = SessionRecords(database)

        await asyncio.gather(
            *(
                records.insert(
                    build_session(ada.id),
                    refresh_hash=hash_of(str(number)),
                    password_hash=PASSWORD_HASH,
                )
                for number in range(5)
            ),
            AccountRecords(database).set_password(ada.id, "another"),
            *(
                records.insert(
                    build_session(ada.id),
                    refresh_hash=hash_of(str(number)),
                    password_hash=PASSWORD_HASH,
                )
                for number in range(5, 10)
            ),
        )

        assert await records.list(ada.id, now=NOW) == []

    async def test_delete_takes_sessions_of_this_account_only(self, database: Database) -> None:
        records = SessionRecords(database)
        ada, bob = await insert_account(database), await insert_account(database)
        kept, ended, other = [
            await insert_session(database, ada.id, refresh=name) for name in ("a", "b", "c")
        ]
        strange = await insert_session(database, bob.id, refresh="d")

        assert not await records.delete(ada.id, strange.id)
        assert await records.delete(ada.id, ended.id)
        assert not await records.delete(ada.id, ended.id)
        assert await records.delete_others(ada.id, keep_id=kept.id) == 1

        assert await records.list(ada.id, now=NOW) == [kept]
        assert await records.find_account(other.id, now=NOW) is None
        assert await records.find_account(strange.id, now=NOW) == bob


class RefreshConformance:
    async def test_rotate_moves_the_session_on(self, database: Database) -> None:
        ada = await insert_account(database)
        session = await insert_session(database, ada.id, refresh="a")

        rotated = await rotate(database, "a", "b", now=NOW + 5, expires=LATER + 5)

        assert rotated == Rotated(outcome=Rotation.DONE, account=ada, session_id=session.id)
        [listed] = await SessionRecords(database).list(ada.id, now=NOW)
        assert (listed.used_at, listed.expires_at) == (from_us(NOW + 5), from_us(LATER + 5))
        assert listed.address == "192.0.2.7"

    async def test_replayed_token_ends_its_session_and_no_other(self, database: Database) -> None:
        ada = await insert_account(database)
        session = await insert_session(database, ada.id, refresh="a")
        other = await insert_session(database, ada.id, refresh="of another")
        await rotate(database, "a", "b")
        await rotate(database, "b", "c")

        replayed = await rotate(database, "a", "d")

        assert replayed == Rotated(outcome=Rotation.REPLAYED, account=ada)
        assert [(await rotate(database, old, "e")).outcome for old in "abcd"] == [
            Rotation.UNKNOWN
        ] * 4
        assert await SessionRecords(database).find_account(session.id, now=NOW) is None
        assert await SessionRecords(database).list(ada.id, now=NOW) == [other]

    async def test_one_token_rotated_at_once_succeeds_once(self, database: Database) -> None:
        ada = await insert_account(database)
        await insert_session(database, ada.id, refresh="a")

        results = await asyncio.gather(
            *(rotate(database, "a", f"next {number}") for number in range(10))
        )

        outcomes = [each.outcome for each in results]
        assert outcomes.count(Rotation.DONE) == 1
        # The first that comes again ends the session, and the token of the one that succeeded.
        assert outcomes.count(Rotation.REPLAYED) == 1
        assert outcomes.count(Rotation.UNKNOWN) == 8
        assert await SessionRecords(database).list(ada.id, now=NOW) == []

    async def test_one_token_rotated_at_once_for_the_same_next_one_goes_on(
        self, database: Database
    ) -> None:
        ada = await insert_account(database)
        session = await insert_session(database, ada.id, refresh="a")

        results = await asyncio.gather(*(rotate(database, "a", "b") for _ in range(10)))

        done = Rotated(outcome=Rotation.DONE, account=ada, session_id=session.id)
        assert results == [done] * 10
        assert await rotate(database, "b", "c") == done

    async def test_used_token_is_no_retry_once_its_next_one_is_used_or_old(
        self, database: Database
    ) -> None:
        ada = await insert_account(database)
        for first in ("a", "b"):
            await insert_session(database, ada.id, refresh=first)
            await rotate(database, first, f"{first} 2")
        await rotate(database, "a 2", "a 3")

        used = await rotate(database, "a", "a 2")
        within = await rotate(database, "b", "b 2", now=NOW + 30 * SECOND_US)
        old = await rotate(database, "b", "b 2", now=NOW + 30 * SECOND_US + 1)

        assert [each.outcome for each in (used, within, old)] == [
            Rotation.REPLAYED,
            Rotation.DONE,
            Rotation.REPLAYED,
        ]
        assert await SessionRecords(database).list(ada.id, now=NOW) == []

    async def test_rotating_while_sessions_end_fails_for_none(self, database: Database) -> None:
        records = SessionRecords(database)
        ada = await insert_account(database)
        names = [f"of session {number}" for number in range(10)]
        for name in names:
            await insert_session(database, ada.id, refresh=name)

        results = await asyncio.gather(
            *(rotate(database, name, f"next {name}") for name in names),
            *(records.delete_by_refresh_token(hash_of(name)) for name in names),
        )

        assert {each.outcome for each in results if isinstance(each, Rotated)} <= {
            Rotation.DONE,
            Rotation.UNKNOWN,
        }
        assert results[10:] == [ada.id] * 10
        assert await records.list(ada.id, now=NOW) == []

    async def test_used_token_still_logs_out(self, database: Database) -> None:
        records = SessionRecords(database)
        ada = await insert_account(database)
        await insert_session(database, ada.id, refresh="a")
        await rotate(database, "a", "b")

        assert await records.delete_by_refresh_token(hash_of("a")) == ada.id
        assert await records.delete_by_refresh_token(hash_of("b")) is None


class ApiTokenConformance:
    async def test_find_returns_the_token_with_its_account_as_it_is_now(
        self, database: Database
    ) -> None:
        ada = await insert_account(database)
        token = await insert_token(
            database, ada.id, expires_at=from_us(LATER) + timedelta(microseconds=1)
        )
        await AccountRecords(database).change(ada.id, is_suspended=True)

        known = await ApiTokenRecords(database).find(token.id)

        assert known is not None
        assert (known.token, known.hash) == (token, hash_of(token.id))
        assert known.account.is_suspended

    async def test_insert_beyond_the_bound_is_refused_also_at_once(
        self, database: Database
    ) -> None:
        records = ApiTokenRecords(database)
        ada, bob = await insert_account(database), await insert_account(database)
        await insert_token(database, bob.id)

        stored = await asyncio.gather(
            *(
                records.insert(build_token(ada.id), token_hash=hash_of("x"), count_max=3)
                for _ in range(10)
            )
        )

        assert stored.count(True) == 3
        assert len(await records.list(ada.id)) == 3

    async def test_insert_for_an_account_that_is_gone_is_refused(self, database: Database) -> None:
        token = build_token(new_identifier())

        assert not await ApiTokenRecords(database).insert(token, token_hash="x", count_max=1)

    async def test_note_use_is_written_once_a_minute(self, database: Database) -> None:
        records = ApiTokenRecords(database)
        ada: Account = await insert_account(database)
        token = await insert_token(database, ada.id)

        await records.note_use(token, now=NOW)
        [used] = await records.list(ada.id)
        await records.note_use(used, now=NOW + 59 * SECOND_US)
        [soon] = await records.list(ada.id)
        await records.note_use(used, now=NOW + 60 * SECOND_US)
        [later] = await records.list(ada.id)

        assert used.used_at == soon.used_at == from_us(NOW)
        assert later.used_at == from_us(NOW + 60 * SECOND_US)

    async def test_delete_takes_tokens_of_this_account_only(self, database: Database) -> None:
        records = ApiTokenRecords(database)
        ada, bob = await insert_account(database), await insert_account(database)
        of_ada, of_bob = [await insert_token(database, each.id) for each in (ada, bob)]

        assert not await records.delete(ada.id, of_bob.id)
        assert await records.delete(ada.id, of_ada.id)

        assert await records.find(of_ada.id) is None
        assert [each.id for each in await records.list(bob.id)] == [of_bob.id]


async def rotate(
    database: Database, old: str, new: str, *, now: int = NOW, expires: int = LATER
) -> Rotated:
    return await SessionRecords(database).rotate(
        hash_of(old),
        new_hash=hash_of(new),
        now=now,
        retried_since=now - 30 * SECOND_US,
        expires=expires,
        address="192.0.2.7",
    )
