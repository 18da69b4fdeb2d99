"""Links and codes work once, however many try at the same time; attempts are all counted."""

from __future__ import annotations

import asyncio

from runyard.domain.account import Role, Scope
from runyard.domain.identifiers import new_identifier
from runyard.store.accounts import AccountRecords, AccountSearch
from runyard.store.attempts import AttemptRecords, Bound
from runyard.store.database import Database
from runyard.store.device_logins import DeviceLogin, DeviceLoginRecords, DeviceState
from runyard.store.moments import SECOND_US, from_us
from runyard.store.sessions import SessionRecords
from runyard.store.signing_keys import SigningKey, SigningKeyRecords
from runyard.store.tickets import TicketKind, TicketRecords
from runyard.testing.store_conformance.people_samples import (
    LATER,
    NOW,
    build_account,
    hash_of,
    insert_account,
    insert_session,
    insert_ticket,
)


class TicketConformance:
    async def test_find_returns_the_same_until_it_expires(self, database: Database) -> None:
        records = TicketRecords(database)
        ticket = await insert_ticket(
            database,
            TicketKind.INVITATION,
            secret="a",
            email="ada@example.org",
            role=Role.ADMIN,
            expires_at=from_us(LATER),
        )

        assert await records.find(TicketKind.INVITATION, hash_of("a"), now=LATER - 1) == ticket
        assert await records.find(TicketKind.INVITATION, hash_of("a"), now=LATER) is None
        assert await records.list(TicketKind.INVITATION, now=LATER) == []
        assert await records.find(TicketKind.SETUP, hash_of("a"), now=NOW) is None
        assert await records.delete_expired(now=LATER - 1) == 0
        assert await records.delete_expired(now=LATER) == 1

    async def test_one_ticket_used_at_once_makes_one_account(self, database: Database) -> None:
        records = AccountRecords(database)
        await insert_ticket(database, TicketKind.INVITATION, secret="a")

        made = await asyncio.gather(
            *(
                records.insert(build_account(), password_hash=None, ticket_hash=hash_of("a"))
                for _ in range(10)
            )
        )

        assert made.count(True) == 1
        assert len(await records.list(AccountSearch(limit=100))) == 1

    async def test_later_link_voids_the_earlier_for_the_same_only(self, database: Database) -> None:
        ada, bob = await insert_account(database), await insert_account(database)
        password, setup = TicketKind.PASSWORD, TicketKind.SETUP
        for secret, kind, account in (
            ("first", password, ada),
            ("of bob", password, bob),
            ("second", password, ada),
            ("set-up", setup, None),
            ("set-up again", setup, None),
            ("invitation", TicketKind.INVITATION, None),
            ("invitation again", TicketKind.INVITATION, None),
        ):
            await insert_ticket(
                database, kind, secret=secret, account_id=None if account is None else account.id
            )

        left = [
            secret
            for secret in ("first", "second", "of bob")
            if await TicketRecords(database).find(password, hash_of(secret), now=NOW)
        ]
        assert left == ["second", "of bob"]
        assert not await TicketRecords(database).find(setup, hash_of("set-up"), now=NOW)
        assert await TicketRecords(database).find(setup, hash_of("set-up again"), now=NOW)
        assert len(await TicketRecords(database).list(TicketKind.INVITATION, now=NOW)) == 2

    async def test_links_made_at_once_for_one_password_leave_one(self, database: Database) -> None:
        ada = await insert_account(database)

        await asyncio.gather(
            *(
                insert_ticket(database, TicketKind.PASSWORD, secret=str(number), account_id=ada.id)
                for number in range(10)
            )
        )

        assert len(await TicketRecords(database).list(TicketKind.PASSWORD, now=NOW)) == 1

    async def test_one_link_used_at_once_sets_one_password(self, database: Database) -> None:
        records = AccountRecords(database)
        ada = await insert_account(database)
        await insert_ticket(database, TicketKind.PASSWORD, secret="a", account_id=ada.id)

        done = await asyncio.gather(
            *(
                records.set_password(ada.id, str(number), ticket_hash=hash_of("a"))
                for number in range(10)
            )
        )

        found = await records.find(ada.id)
        assert done.count(True) == 1
        assert found is not None
        assert found.password_hash == str(done.index(True))

    async def test_set_password_ends_other_sessions_and_voids_links(
        self, database: Database
    ) -> None:
        ada, bob = await insert_account(database), await insert_account(database)
        kept = await insert_session(database, ada.id, refresh="a")
        await insert_session(database, ada.id, refresh="b")
        of_bob = await insert_session(database, bob.id, refresh="c")
        for each in (ada, bob):
            await insert_ticket(database, TicketKind.PASSWORD, secret=each.id, account_id=each.id)

        assert await AccountRecords(database).set_password(
            ada.id, "another", keep_session_id=kept.id
        )

        sessions = SessionRecords(database)
        assert await sessions.list(ada.id, now=NOW) == [kept]
        assert await sessions.list(bob.id, now=NOW) == [of_bob]
        [left] = await TicketRecords(database).list(TicketKind.PASSWORD, now=NOW)
        assert left.account_id == bob.id

    async def test_delete_takes_a_ticket_of_this_kind_once(self, database: Database) -> None:
        records = TicketRecords(database)
        ticket = await insert_ticket(database, TicketKind.INVITATION, secret="a")

        assert not await records.delete(TicketKind.SETUP, ticket.id)
        assert await records.delete(TicketKind.INVITATION, ticket.id)
        assert not await records.delete(TicketKind.INVITATION, ticket.id)


class SecondFactorConformance:
    async def test_one_step_used_at_once_succeeds_once(self, database: Database) -> None:
        records = AccountRecords(database)
        ada, bob = await insert_account(database), await insert_account(database)

        used = await asyncio.gather(*(records.use_totp_step(ada.id, 7) for _ in range(10)))

        assert used.count(True) == 1
        assert not await records.use_totp_step(ada.id, 6)
        assert await records.use_totp_step(ada.id, 8)
        assert await records.use_totp_step(bob.id, 7)

    async def test_one_recovery_code_used_at_once_succeeds_once(self, database: Database) -> None:
        records = AccountRecords(database)
        ada, bob = await insert_account(database), await insert_account(database)
        for each in (ada, bob):
            await records.replace_recovery_codes(each.id, [hash_of("a"), hash_of("b")])

        used = await asyncio.gather(
            *(records.use_recovery_code(ada.id, hash_of("a")) for _ in range(10))
        )

        assert used.count(True) == 1
        assert await records.count_recovery_codes(ada.id) == 1
        assert await records.count_recovery_codes(bob.id) == 2

    async def test_only_the_secret_that_was_proved_is_confirmed(self, database: Database) -> None:
        records = AccountRecords(database)
        ada = await insert_account(database)
        await records.offer_totp(ada.id, b"first")
        await records.offer_totp(ada.id, b"second")

        confirmed = [
            await records.confirm_totp(
                ada.id, sealed_secret=secret, step=7, recovery_hashes=[hash_of("a")]
            )
            for secret in (b"first", b"second", b"second")
        ]

        found = await records.find(ada.id)
        assert confirmed == [False, True, False]
        assert found is not None
        assert (found.account.has_totp, found.totp_secret) == (True, b"second")
        assert not await records.offer_totp(ada.id, b"third")
        assert not await records.use_totp_step(ada.id, 7)

    async def test_remove_leaves_neither_secret_nor_codes(self, database: Database) -> None:
        records = AccountRecords(database)
        ada = await insert_account(database)
        await records.offer_totp(ada.id, b"secret")
        await records.confirm_totp(
            ada.id, sealed_secret=b"secret", step=7, recovery_hashes=[hash_of("a")]
        )

        await records.remove_totp(ada.id)

        found = await records.find(ada.id)
        assert found is not None
        assert (found.account.has_totp, found.totp_secret) == (False, None)
        assert await records.count_recovery_codes(ada.id) == 0


class DeviceLoginConformance:
    async def test_decided_login_is_told_once(self, database: Database) -> None:
        records = DeviceLoginRecords(database)
        ada = await insert_account(database)
        login = await _wait_for_approval(database, "BCDF")

        before = await records.take(hash_of("BCDF"), now=NOW)
        decided = await asyncio.gather(
            *(
                records.decide("BCDF", account_id=ada.id, state=DeviceState.APPROVED, now=NOW)
                for _ in range(10)
            )
        )
        told = await asyncio.gather(*(records.take(hash_of("BCDF"), now=NOW) for _ in range(10)))

        assert before == login
        assert decided.count(True) == 1
        [answer] = [each for each in told if each is not None]
        assert (answer.state, answer.account_id) == (DeviceState.APPROVED, ada.id)
        assert answer.scopes == login.scopes

    async def test_expired_login_is_not_found(self, database: Database) -> None:
        records = DeviceLoginRecords(database)
        ada = await insert_account(database)
        await _wait_for_approval(database, "BCDF")

        assert await records.find_waiting("BCDF", now=LATER - 1) is not None
        assert await records.find_waiting("BCDF", now=LATER) is None
        assert await records.take(hash_of("BCDF"), now=LATER) is None
        assert not await records.decide(
            "BCDF", account_id=ada.id, state=DeviceState.APPROVED, now=LATER
        )
        assert await records.delete_expired(now=LATER - 1) == 0
        assert await records.delete_expired(now=LATER) == 1


class AttemptConformance:
    async def test_attempts_at_once_are_all_counted(self, database: Database) -> None:
        bounds = [_bound("address"), _bound("account")]

        counted = await asyncio.gather(
            *(AttemptRecords(database).add(bounds, now=NOW) for _ in range(20))
        )

        for position in range(2):
            assert sorted(each[position] for each in counted) == [
                (count, NOW) for count in range(1, 21)
            ]

    async def test_what_one_bound_refuses_is_not_counted_by_the_next(
        self, database: Database
    ) -> None:
        records = AttemptRecords(database)
        bounds = [_bound("address", count_max=2), _bound("account")]

        counted = [await records.add(bounds, now=NOW) for _ in range(4)]

        assert counted[1] == [(2, NOW), (2, NOW)]
        # However many more are refused, one is counted.
        assert counted[2:] == [[(3, NOW)], [(3, NOW)]]
        assert await records.add([_bound("account")], now=NOW) == [(3, NOW)]

    async def test_count_begins_again_with_the_next_window(self, database: Database) -> None:
        records = AttemptRecords(database)
        bound = _bound("address", window_us=10)

        counted = [await records.add([bound], now=NOW + after) for after in (0, 9, 10, 19, 20)]

        assert [each for [each] in counted] == [
            (1, NOW),
            (2, NOW),
            (1, NOW + 10),
            (2, NOW + 10),
            (1, NOW + 20),
        ]

    async def test_take_back_never_counts_below_nothing(self, database: Database) -> None:
        records = AttemptRecords(database)
        await records.add([_bound("address")], now=NOW)

        for _ in range(3):
            await records.take_back(["address", "never counted"])

        assert await records.add([_bound("address")], now=NOW) == [(1, NOW)]

    async def test_counting_and_taking_back_at_once_fails_for_none(
        self, database: Database
    ) -> None:
        """Both lock several rows: in one order, so that none waits for the other."""
        records = AttemptRecords(database)
        # The order of their rows is another one than that of their names.
        bounds = [_bound("z address"), _bound("m pair"), _bound("a account")]

        async def attempt() -> None:
            await records.add(bounds, now=NOW)
            await records.take_back([each.key for each in bounds])

        await asyncio.gather(*(attempt() for _ in range(30)))

        assert await records.add(bounds, now=NOW) == [(1, NOW)] * 3

    async def test_delete_old_leaves_windows_that_may_still_run(self, database: Database) -> None:
        records = AttemptRecords(database)
        await records.add([_bound("old")], now=NOW - 1)
        await records.add([_bound("new")], now=NOW)

        assert await records.delete_old(before=NOW) == 1

        assert await records.add([_bound("new")], now=NOW) == [(2, NOW)]


class SigningKeyConformance:
    async def test_list_has_the_newest_first_without_the_old(self, database: Database) -> None:
        records = SigningKeyRecords(database)
        keys = [
            SigningKey(id=new_identifier(), sealed_secret=b"\0\xff", created_us=NOW + after)
            for after in (0, 2, 1, 3)
        ]
        for key in keys:
            await records.insert(key, delete_before=NOW + 1 if key is keys[-1] else 0)

        assert await records.list() == [keys[3], keys[1], keys[2]]


def _bound(key: str, *, count_max: int = 1000, window_us: int = 900 * SECOND_US) -> Bound:
    return Bound(key=key, window_us=window_us, count_max=count_max)


async def _wait_for_approval(database: Database, user_code: str) -> DeviceLogin:
    login = DeviceLogin(
        user_code=user_code, client="cli", scopes=frozenset({Scope.EXECUTIONS_READ})
    )
    await DeviceLoginRecords(database).insert(login, device_hash=hash_of(user_code), expires=LATER)
    return login
