"""Whoever proves who it is gets in, and nobody else."""

import asyncio
from dataclasses import replace

import pytest

from runyard.domain.account import Account
from runyard.domain.audit import SERVER
from runyard.domain.errors import AuthenticationError, SuspendedError, TotpRequiredError
from runyard.services.accounts.passwords import Passwords
from runyard.services.accounts.sealing import hash_secret
from runyard.services.accounts.second_factor import STEP_SECONDS
from runyard.services.accounts.sessions import Visitor
from runyard.store.accounts import AccountRecords
from tests.unit.services.accounts.office import (
    HERE,
    OTHER,
    PASSWORD,
    WRONG,
    Authenticator,
    HeldDatabase,
    Office,
)


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


@pytest.fixture
async def authenticator(office: Office, ada: Account) -> Authenticator:
    return await office.enrol(ada)


class TestPassword:
    @pytest.mark.parametrize("login", ["ada", " Ada ", "ada@example.org", "ADA@Example.org"])
    async def test_log_in_with_name_or_address_opens_a_session(
        self, office: Office, ada: Account, login: str
    ) -> None:
        opened = await office.log_in(login)

        principal = await office.accounts.authentication.authenticate(opened.access_token)
        [session] = await office.accounts.sessions.list(ada.id)
        assert principal.account == opened.account == ada
        assert principal.session_id == opened.session_id == session.id
        assert (session.user_agent, session.address) == ("Firefox", "192.0.2.1")

    @pytest.mark.parametrize("login", ["nobody", "nobody@example.org", "", "ad\0a", "%"])
    async def test_log_in_of_nobody_says_the_same_as_a_wrong_password(
        self, office: Office, ada: Account, login: str
    ) -> None:
        with pytest.raises(AuthenticationError) as wrong:
            await office.log_in("ada", WRONG)
        with pytest.raises(AuthenticationError) as unknown:
            await office.log_in(login)

        assert str(unknown.value) == str(wrong.value)
        assert type(unknown.value) is type(wrong.value) is AuthenticationError

    async def test_log_in_without_a_password_chosen_is_refused(self, office: Office) -> None:
        records = AccountRecords(office.database)
        ada = await office.admit("cyd")
        await records.delete(ada.id)
        await records.insert(ada, password_hash=None)

        for password in ("", PASSWORD):
            with pytest.raises(AuthenticationError):
                await office.log_in("cyd", password)

    async def test_suspension_is_told_to_who_knows_the_password_only(
        self, office: Office, ada: Account
    ) -> None:
        await office.accounts.directory.change(ada.id, by=SERVER, is_suspended=True)

        with pytest.raises(SuspendedError):
            await office.log_in("ada")
        with pytest.raises(AuthenticationError):
            await office.log_in("ada", WRONG)

        assert await office.accounts.sessions.list(ada.id) == []

    async def test_log_in_while_the_password_is_changed_is_refused(
        self, office: Office, ada: Account
    ) -> None:
        """Who knows a stolen password and logs in all the time is out once it is changed."""
        held = HeldDatabase(office.database)
        log_in = office.open(database=held).sessions.log_in("ada", PASSWORD, None, HERE)
        logging_in = asyncio.create_task(log_in)
        await held.has_read.wait()
        changed = await Passwords(concurrency=1).hash(OTHER)
        await AccountRecords(office.database).set_password(ada.id, changed)
        held.release.set()

        with pytest.raises(AuthenticationError):
            await logging_in

        assert await office.accounts.sessions.list(ada.id) == []

    async def test_log_in_while_the_account_is_deleted_is_refused(
        self, office: Office, ada: Account
    ) -> None:
        held = HeldDatabase(office.database)
        log_in = office.open(database=held).sessions.log_in("ada", PASSWORD, None, HERE)
        logging_in = asyncio.create_task(log_in)
        await held.has_read.wait()
        await office.accounts.directory.delete(ada.id, by=SERVER)
        held.release.set()

        with pytest.raises(AuthenticationError):
            await logging_in

    async def test_what_a_client_says_of_itself_is_bounded(
        self, office: Office, ada: Account
    ) -> None:
        await office.log_in(visitor=replace(HERE, user_agent="\0a" * 500, address="x" * 500))

        [session] = await office.accounts.sessions.list(ada.id)

        assert (len(session.user_agent), len(session.address)) == (100, 64)

    @pytest.mark.parametrize("device", ["", "x", "é", "a:b", "gAAAAA=="])
    async def test_device_that_nobody_was_given_is_not_known(
        self, office: Office, ada: Account, device: str
    ) -> None:
        opened = await office.log_in(visitor=replace(HERE, device=device))

        assert opened.device is not None

    async def test_known_device_gets_no_other_name(self, office: Office, ada: Account) -> None:
        first = await office.log_in()
        again = await office.log_in(visitor=Visitor(address="x", device=first.device))

        assert first.device is not None
        assert again.device is None


class TestCode:
    async def test_log_in_without_a_code_asks_for_it_after_the_password_only(
        self, office: Office, authenticator: Authenticator
    ) -> None:
        for code in (None, ""):
            with pytest.raises(TotpRequiredError):
                await office.log_in(code=code)
        with pytest.raises(AuthenticationError) as wrong:
            await office.log_in(password=WRONG)

        assert type(wrong.value) is AuthenticationError

    async def test_log_in_with_a_code_takes_it_once(
        self, office: Office, authenticator: Authenticator
    ) -> None:
        code = authenticator.code()

        await office.log_in(code=f" {code[:3]} {code[3:]} ")

        with pytest.raises(AuthenticationError):
            await office.log_in(code=code)

    async def test_one_code_used_at_once_opens_one_session(
        self, office: Office, ada: Account, authenticator: Authenticator
    ) -> None:
        code = authenticator.code()

        results = await asyncio.gather(
            *(office.log_in(code=code) for _ in range(5)), return_exceptions=True
        )

        assert [type(each) for each in results].count(AuthenticationError) == 4
        assert len(await office.accounts.sessions.list(ada.id)) == 1

    @pytest.mark.parametrize("code", ["000", "\uff10" * 7, "\uff11" * 6, "x", "-", "9" * 500])
    async def test_log_in_with_what_is_no_code_is_refused(
        self, office: Office, authenticator: Authenticator, code: str
    ) -> None:
        with pytest.raises(AuthenticationError):
            await office.log_in(code=code)

    @pytest.mark.parametrize("steps", [-1, 0, 1])
    async def test_clock_may_differ_by_one_step(
        self, office: Office, authenticator: Authenticator, steps: int
    ) -> None:
        # The one before was used to confirm it.
        office.clock.advance(seconds=STEP_SECONDS)

        assert await office.log_in(code=authenticator.code(steps=steps))

    @pytest.mark.parametrize("steps", [-2, 2])
    async def test_clock_that_differs_by_two_steps_is_refused(
        self, office: Office, authenticator: Authenticator, steps: int
    ) -> None:
        office.clock.advance(seconds=10 * STEP_SECONDS)
        code = authenticator.code(steps=steps)
        if code in {authenticator.code(steps=near) for near in (-1, 0, 1)}:
            pytest.skip("one in a million: the same code")

        with pytest.raises(AuthenticationError):
            await office.log_in(code=code)

    async def test_code_before_one_that_was_used_is_refused(
        self, office: Office, authenticator: Authenticator
    ) -> None:
        office.clock.advance(seconds=STEP_SECONDS)
        await office.log_in(code=authenticator.code(steps=1))

        with pytest.raises(AuthenticationError):
            await office.log_in(code=authenticator.code())

    async def test_recovery_code_works_once_in_any_spelling(
        self, office: Office, ada: Account, authenticator: Authenticator
    ) -> None:
        first, second, third = authenticator.recovery_codes[:3]
        for spelled in (first, second.replace("-", ""), f" {third.upper()} "):
            await office.log_in(code=spelled)

        for spelled in (first, first.replace("-", ""), second, third):
            with pytest.raises(AuthenticationError):
                await office.log_in(code=spelled)
        assert await office.accounts.second_factor.count_recovery_codes(ada.id) == 7

    async def test_recovery_code_of_another_account_is_refused(
        self, office: Office, authenticator: Authenticator
    ) -> None:
        bob = await office.admit("bob")
        other = await office.enrol(bob)

        with pytest.raises(AuthenticationError):
            await office.log_in("ada", code=other.recovery_codes[0])

        assert await office.accounts.second_factor.count_recovery_codes(bob.id) == 10

    async def test_database_has_hashes_of_refresh_token_and_codes_only(
        self, office: Office, authenticator: Authenticator
    ) -> None:
        opened = await office.log_in(code=authenticator.code())

        dumped = await office.database.read(
            lambda connection: "\n".join(connection.connection.dbapi_connection.iterdump())  # type: ignore[union-attr]
        )

        assert hash_secret(opened.refresh_token) in dumped
        plain = [opened.refresh_token, opened.access_token, PASSWORD, authenticator.secret]
        for code in authenticator.recovery_codes:
            plain += [code, code.replace("-", "")]
        assert not [each for each in plain if each in dumped]
