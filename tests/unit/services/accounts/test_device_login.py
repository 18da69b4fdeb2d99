"""A program gets a token once somebody who has logged in says so, and not otherwise."""

import asyncio
import re

import pytest

from runyard.domain.account import Account, Role, Scope
from runyard.domain.audit import SERVER
from runyard.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidTokenError,
    NotFoundError,
    TooManyAttemptsError,
)
from runyard.services.accounts.api_tokens import NewToken
from runyard.services.accounts.attempts import DEVICE_FROM_ADDRESS, USER_CODE_OF_ACCOUNT
from runyard.services.accounts.device_login import (
    EXPIRES_SECONDS,
    SCOPES,
    TOKEN_DAYS,
    DeviceLogins,
    DeviceOffer,
)
from tests.unit.services.accounts.office import HERE, Office


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada", role=Role.ADMIN)


@pytest.fixture
def logins(office: Office) -> DeviceLogins:
    return office.accounts.device_logins


@pytest.fixture
async def offer(logins: DeviceLogins) -> DeviceOffer:
    return await logins.begin("cli of ada", address=HERE.address)


class TestDeciding:
    async def test_approved_program_gets_a_token_without_administration(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        with pytest.raises(ConflictError):
            await logins.take(offer.device_code)
        seen = await logins.view(ada, offer.user_code)
        await logins.decide(ada, offer.user_code, approve=True)

        new = await logins.take(offer.device_code)

        principal = await office.accounts.authentication.authenticate(new.secret)
        assert principal.account == ada
        assert (seen.client, seen.scopes) == (new.token.name, new.token.scopes)
        assert new.token.scopes == principal.scopes == SCOPES
        assert not principal.may(Scope.ADMIN)
        office.clock.advance(days=TOKEN_DAYS)
        with pytest.raises(InvalidTokenError):
            await office.open().authentication.authenticate(new.secret)

    async def test_token_is_told_once_however_many_ask(
        self, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        await logins.decide(ada, offer.user_code, approve=True)

        results = await asyncio.gather(
            *(logins.take(offer.device_code) for _ in range(5)), return_exceptions=True
        )

        assert [type(each) for each in results].count(NewToken) == 1
        assert [type(each) for each in results].count(InvalidTokenError) == 4

    async def test_denied_program_is_told_so_once(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        await logins.decide(ada, offer.user_code, approve=False)

        with pytest.raises(ForbiddenError):
            await logins.take(offer.device_code)
        with pytest.raises(InvalidTokenError):
            await logins.take(offer.device_code)

        assert await office.accounts.api_tokens.list(ada.id) == []

    async def test_decision_is_final(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        eve = await office.admit("eve")
        await logins.decide(ada, offer.user_code, approve=False)

        with pytest.raises(NotFoundError):
            await logins.view(eve, offer.user_code)
        with pytest.raises(NotFoundError):
            await logins.decide(eve, offer.user_code, approve=True)

        with pytest.raises(ForbiddenError):
            await logins.take(offer.device_code)

    async def test_nothing_happens_after_it_expired(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        approved = await logins.begin("cli", address=HERE.address)
        await logins.decide(ada, approved.user_code, approve=True)
        office.clock.advance(seconds=EXPIRES_SECONDS)

        with pytest.raises(NotFoundError):
            await logins.decide(ada, offer.user_code, approve=True)
        for code in (offer.device_code, approved.device_code):
            with pytest.raises(InvalidTokenError):
                await logins.take(code)

    async def test_approval_of_one_who_is_suspended_or_gone_is_worth_nothing(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        eve, bob = await office.admit("eve"), await office.admit("bob")
        other = await logins.begin("cli", address=HERE.address)
        await logins.decide(eve, offer.user_code, approve=True)
        await logins.decide(bob, other.user_code, approve=True)
        await office.accounts.directory.change(eve.id, by=SERVER, is_suspended=True)
        await office.accounts.directory.delete(bob.id, by=SERVER)

        for code in (offer.device_code, other.device_code):
            with pytest.raises(InvalidTokenError):
                await logins.take(code)


class TestCodes:
    async def test_code_is_short_and_read_in_any_spelling(
        self, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        spelled = f" {offer.user_code.lower().replace('-', ' ')} "

        assert re.fullmatch("[A-Z]{4}-[A-Z]{4}", offer.user_code)
        assert (await logins.view(ada, spelled)).client == "cli of ada"

    async def test_guessing_codes_is_bounded_for_an_account(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        for _ in range(USER_CODE_OF_ACCOUNT.count_max // 2):
            with pytest.raises(NotFoundError):
                await logins.view(ada, "BCDF-BCDF")
            with pytest.raises(NotFoundError):
                await logins.decide(ada, "BCDF-BCDF", approve=True)

        with pytest.raises(TooManyAttemptsError):
            await logins.view(ada, offer.user_code)
        with pytest.raises(TooManyAttemptsError):
            await logins.decide(ada, offer.user_code, approve=True)

        assert await logins.view(await office.admit("bob"), offer.user_code)

    async def test_beginning_is_bounded_for_an_address(
        self, office: Office, logins: DeviceLogins
    ) -> None:
        await office.exhaust(DEVICE_FROM_ADDRESS, HERE.address)

        with pytest.raises(TooManyAttemptsError):
            await logins.begin("cli", address=HERE.address)

    @pytest.mark.parametrize("code", ["", "x", "é\udcff", "x" * 5000])
    async def test_device_code_that_nobody_was_given_is_refused(
        self, logins: DeviceLogins, code: str
    ) -> None:
        with pytest.raises(InvalidTokenError):
            await logins.take(code)

    async def test_user_code_is_worth_nothing_to_the_program(
        self, office: Office, ada: Account, logins: DeviceLogins, offer: DeviceOffer
    ) -> None:
        await logins.decide(ada, offer.user_code, approve=True)

        with pytest.raises(InvalidTokenError):
            await logins.take(offer.user_code)

        dumped = await office.database.read(
            lambda connection: str(connection.exec_driver_sql("SELECT * FROM device_logins").all())
        )
        assert "cli of ada" in dumped
        assert offer.device_code not in dumped
