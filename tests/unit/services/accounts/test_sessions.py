"""A session goes on by refresh tokens that work once, and ends where it is ended."""

import asyncio

import pytest

from runyard.domain.account import Account
from runyard.domain.audit import SERVER
from runyard.domain.errors import InvalidTokenError, NotFoundError, SuspendedError
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.access_tokens import ACCESS_SECONDS
from runyard.services.accounts.sealing import Sealer
from runyard.services.accounts.sessions import RETRY_SECONDS, SESSION_DAYS, LoggedIn
from runyard.store.accounts import AccountRecords
from tests.unit.services.accounts.office import DAY_SECONDS, THERE, Clock, Office


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


@pytest.fixture
async def opened(office: Office, ada: Account) -> LoggedIn:
    return await office.log_in()


class TestRefreshing:
    async def test_refresh_goes_on_with_the_same_session(
        self, office: Office, ada: Account, opened: LoggedIn
    ) -> None:
        office.clock.advance(seconds=ACCESS_SECONDS)

        again = await office.accounts.sessions.refresh(opened.refresh_token, THERE)

        principal = await office.accounts.authentication.authenticate(again.access_token)
        [session] = await office.accounts.sessions.list(ada.id)
        assert principal.session_id == session.id == again.session_id == opened.session_id
        assert again.refresh_token != opened.refresh_token
        assert session.address == THERE.address
        assert (session.expires_at - session.used_at).days == SESSION_DAYS

    async def test_token_that_comes_twice_ends_its_session_and_every_later_token(
        self, office: Office, opened: LoggedIn
    ) -> None:
        other = await office.log_in(visitor=THERE)
        tokens = [opened.refresh_token]
        for _ in range(3):
            opened = await office.accounts.sessions.refresh(tokens[-1], THERE)
            tokens.append(opened.refresh_token)
        await office.accounts.authentication.authenticate(opened.access_token)

        with pytest.raises(InvalidTokenError, match="used before"):
            await office.accounts.sessions.refresh(tokens[1], THERE)

        for token in tokens:
            with pytest.raises(InvalidTokenError, match="has ended"):
                await office.accounts.sessions.refresh(token, THERE)
        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(opened.access_token)
        assert await office.accounts.sessions.refresh(other.refresh_token, THERE)

    async def test_one_token_at_once_gets_one_session_on(
        self, office: Office, opened: LoggedIn
    ) -> None:
        results = await asyncio.gather(
            *(office.accounts.sessions.refresh(opened.refresh_token, THERE) for _ in range(10))
        )

        [following] = {each.refresh_token for each in results}
        assert await office.accounts.sessions.refresh(following, THERE)

    async def test_lost_answer_is_given_again_for_a_moment(
        self, office: Office, opened: LoggedIn
    ) -> None:
        lost = await office.accounts.sessions.refresh(opened.refresh_token, THERE)
        office.clock.advance(seconds=RETRY_SECONDS)

        again = await office.accounts.sessions.refresh(opened.refresh_token, THERE)

        assert again.refresh_token == lost.refresh_token
        assert await office.accounts.authentication.authenticate(again.access_token)
        office.clock.advance(seconds=1)
        with pytest.raises(InvalidTokenError, match="used before"):
            await office.accounts.sessions.refresh(opened.refresh_token, THERE)

    async def test_next_token_follows_from_the_key_of_the_server_too(
        self, office: Office, opened: LoggedIn
    ) -> None:
        following = await office.accounts.sessions.refresh(opened.refresh_token, THERE)
        strange = Sealer(lambda: ["of another server" * 3])

        assert following.refresh_token != strange.derive(opened.refresh_token, purpose="refresh")

    async def test_session_lasts_as_long_as_it_is_visited(
        self, office: Office, clock: Clock, opened: LoggedIn
    ) -> None:
        for _ in range(3):
            clock.advance(seconds=SESSION_DAYS * DAY_SECONDS - 1)
            opened = await office.accounts.sessions.refresh(opened.refresh_token, THERE)
        clock.advance(days=SESSION_DAYS)

        with pytest.raises(InvalidTokenError):
            await office.accounts.sessions.refresh(opened.refresh_token, THERE)

    @pytest.mark.parametrize("token", ["", "x", "é\udcff", "x" * 5000])
    async def test_token_that_nobody_was_given_is_refused(self, office: Office, token: str) -> None:
        with pytest.raises(InvalidTokenError):
            await office.accounts.sessions.refresh(token, THERE)

    async def test_suspended_account_stays_out_also_after_it_may_come_back(
        self, office: Office, ada: Account, opened: LoggedIn
    ) -> None:
        for suspended in (True, False):
            await office.accounts.directory.change(ada.id, by=SERVER, is_suspended=suspended)

            with pytest.raises(InvalidTokenError):
                await office.accounts.sessions.refresh(opened.refresh_token, THERE)
            with pytest.raises(InvalidTokenError):
                await office.accounts.authentication.authenticate(opened.access_token)

    async def test_session_of_a_suspended_account_is_not_opened(
        self, office: Office, ada: Account
    ) -> None:
        suspended = await office.accounts.directory.change(ada.id, by=SERVER, is_suspended=True)

        with pytest.raises(SuspendedError):
            await office.accounts.sessions.open(
                suspended, THERE, password_hash=office.password_hash
            )


class TestEnding:
    async def test_log_out_ends_the_session_at_once(self, office: Office, opened: LoggedIn) -> None:
        other = await office.log_in()
        await office.accounts.authentication.authenticate(opened.access_token)

        await office.accounts.sessions.log_out(opened.refresh_token)
        await office.accounts.sessions.log_out(opened.refresh_token)

        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(opened.access_token)
        with pytest.raises(InvalidTokenError):
            await office.accounts.sessions.refresh(opened.refresh_token, THERE)
        assert await office.accounts.authentication.authenticate(other.access_token)

    async def test_end_of_a_session_of_somebody_else_says_there_is_none(
        self, office: Office, ada: Account, opened: LoggedIn
    ) -> None:
        bob = await office.admit("bob")

        with pytest.raises(NotFoundError) as strange:
            await office.accounts.sessions.end(bob.id, opened.session_id)
        with pytest.raises(NotFoundError) as missing:
            await office.accounts.sessions.end(bob.id, new_identifier())

        assert str(strange.value) == str(missing.value)
        assert len(await office.accounts.sessions.list(ada.id)) == 1

    async def test_end_others_leaves_this_one(
        self, office: Office, ada: Account, opened: LoggedIn
    ) -> None:
        others = [await office.log_in() for _ in range(2)]
        for each in others:
            await office.accounts.authentication.authenticate(each.access_token)

        ended = await office.accounts.sessions.end_others(ada.id, keep_id=opened.session_id)

        assert ended == 2
        for each in others:
            with pytest.raises(InvalidTokenError):
                await office.accounts.authentication.authenticate(each.access_token)
        assert await office.accounts.authentication.authenticate(opened.access_token)

    async def test_sweep_deletes_what_has_expired_and_nothing_else(
        self, office: Office, clock: Clock, ada: Account, opened: LoggedIn
    ) -> None:
        await office.accounts.sign_up.invite(email=None, role=ada.role, by=SERVER)
        await office.accounts.device_logins.begin("cli", address=THERE.address)
        clock.advance(days=SESSION_DAYS - 1)
        kept = await office.log_in()
        await office.accounts.device_logins.begin("cli", address=THERE.address)
        await office.accounts.sign_up.offer_password(ada.id, by=SERVER)
        clock.advance(seconds=30)
        await office.accounts.sweep.run()
        before = await _count(office)
        clock.advance(days=1)
        await office.accounts.sweep.run()

        # Sessions, tickets, waiting programs and counts of attempts.
        assert before == [2, 1, 1, 4]
        assert await _count(office) == [1, 0, 0, 0]
        assert await office.accounts.sessions.refresh(kept.refresh_token, THERE)
        assert await AccountRecords(office.database).find(ada.id) is not None


async def _count(office: Office) -> list[int]:
    return await office.database.read(
        lambda connection: [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("sessions", "tickets", "device_logins", "attempts")
        ]
    )
