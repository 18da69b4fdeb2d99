"""Guessing is bounded, and strangers who guess do not lock an account's own user out."""

import asyncio
from dataclasses import replace

import pytest

from runyard.domain.account import Account
from runyard.domain.audit import SERVER
from runyard.domain.errors import AuthenticationError, TooManyAttemptsError, TotpRequiredError
from runyard.services.accounts import attempts as attempts_module
from runyard.services.accounts.attempts import (
    CODE_OF_ACCOUNT,
    LOGIN_FROM_ADDRESS,
    LOGIN_OF_ACCOUNT,
    LOGIN_OF_ACCOUNT_FROM_ADDRESS,
    LOGIN_ON_DEVICE,
    PASSWORD_OF_ACCOUNT,
    WINDOW_SECONDS_MAX,
    Rule,
    group_address,
)
from runyard.services.accounts.sessions import Visitor
from tests.unit.services.accounts.office import HERE, PASSWORD, THERE, WRONG, Office

GUESSES = LOGIN_OF_ACCOUNT_FROM_ADDRESS.count_max

OTHER_PASSWORD = "quite another secret"


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


class TestLimits:
    async def test_right_password_after_too_many_wrong_ones_is_not_tried(
        self, office: Office, ada: Account
    ) -> None:
        for _ in range(GUESSES):
            with pytest.raises(AuthenticationError):
                await office.log_in("ada", WRONG)

        with pytest.raises(TooManyAttemptsError, match="in 900 seconds") as refused:
            await office.log_in("ada@example.org")

        assert refused.value.detail["retry_after_seconds"] == 900
        assert await office.log_in("ada", visitor=THERE)

    async def test_counts_end_with_the_window_however_often_one_tries(
        self, office: Office, ada: Account
    ) -> None:
        await office.exhaust(LOGIN_OF_ACCOUNT_FROM_ADDRESS, f"{ada.id} {HERE.address}")
        for _ in range(8):
            office.clock.advance(seconds=100)
            with pytest.raises(TooManyAttemptsError):
                await office.log_in()
        office.clock.advance(seconds=100)

        assert await office.log_in()

    async def test_address_that_tries_many_accounts_is_stopped(
        self, office: Office, ada: Account
    ) -> None:
        await office.exhaust(LOGIN_FROM_ADDRESS, HERE.address)

        with pytest.raises(TooManyAttemptsError):
            await office.log_in()

        assert await office.log_in(visitor=THERE)

    async def test_account_that_many_addresses_try_is_closed_to_all_of_them(
        self, office: Office, ada: Account
    ) -> None:
        await office.exhaust(LOGIN_OF_ACCOUNT, ada.id)

        for login in ("ada", "ada@example.org"):
            with pytest.raises(TooManyAttemptsError):
                await office.log_in(login, visitor=THERE)

    async def test_nobody_is_refused_as_an_account_is(self, office: Office) -> None:
        for _ in range(GUESSES - 1):
            await office.accounts.attempts.spend(
                (LOGIN_OF_ACCOUNT_FROM_ADDRESS, f"nobody {HERE.address}")
            )
        with pytest.raises(AuthenticationError):
            await office.log_in("nobody")

        with pytest.raises(TooManyAttemptsError):
            await office.log_in(" Nobody")

    async def test_few_addresses_do_not_lock_an_account_for_the_others(
        self, office: Office, ada: Account
    ) -> None:
        """What is refused costs an attacker nothing, so it counts against nobody else."""
        for number in range(3):
            visitor = Visitor(address=f"203.0.113.{number}")
            for _ in range(LOGIN_OF_ACCOUNT.count_max):
                with pytest.raises((AuthenticationError, TooManyAttemptsError)):
                    await office.log_in("ada", WRONG, visitor=visitor)

        assert await office.log_in(visitor=THERE)

    async def test_what_is_refused_leaves_no_record_of_the_account_that_was_tried(
        self, office: Office
    ) -> None:
        """A table would grow by as much as anybody sends."""
        await office.exhaust(LOGIN_FROM_ADDRESS, HERE.address)

        for number in range(20):
            with pytest.raises(TooManyAttemptsError):
                await office.log_in(f"nobody{number}")

        rows = await office.database.read(
            lambda connection: connection.exec_driver_sql("SELECT key FROM attempts").all()
        )
        assert [row.key.partition(":")[0] for row in rows] == [LOGIN_FROM_ADDRESS.name]

    async def test_guesses_at_once_are_counted_before_they_are_tried(
        self, office: Office, ada: Account
    ) -> None:
        results = await asyncio.gather(
            *(office.log_in("ada", WRONG) for _ in range(GUESSES + 10)), return_exceptions=True
        )

        types = [type(each) for each in results]
        assert types.count(AuthenticationError) == GUESSES
        assert types.count(TooManyAttemptsError) == 10

    async def test_success_and_a_missing_code_are_not_counted(
        self, office: Office, ada: Account
    ) -> None:
        for _ in range(GUESSES + 1):
            await office.log_in()
        await office.enrol(ada)
        for _ in range(GUESSES + 1):
            with pytest.raises(TotpRequiredError):
                await office.log_in()

        for _ in range(GUESSES):
            with pytest.raises(AuthenticationError):
                await office.log_in("ada", WRONG)

    async def test_password_of_one_who_is_logged_in_is_bounded(
        self, office: Office, ada: Account
    ) -> None:
        sessions = office.accounts.sessions
        with pytest.raises(AuthenticationError):
            await sessions.confirm_password(ada.id, WRONG)
        await sessions.confirm_password(ada.id, PASSWORD)
        for _ in range(PASSWORD_OF_ACCOUNT.count_max - 1):
            await office.accounts.attempts.spend((PASSWORD_OF_ACCOUNT, ada.id))

        with pytest.raises(TooManyAttemptsError):
            await sessions.confirm_password(ada.id, PASSWORD)

        assert await office.log_in()

    async def test_codes_are_bounded_wherever_the_password_is_right(
        self, office: Office, ada: Account
    ) -> None:
        """Six digits are few for who knows the password and has many addresses, or a session."""
        authenticator = await office.enrol(ada)
        sessions, second_factor = office.accounts.sessions, office.accounts.second_factor
        credentials = await sessions.confirm_password(ada.id, PASSWORD)
        for _ in range(CODE_OF_ACCOUNT.count_max):
            with pytest.raises(AuthenticationError):
                await second_factor.require(credentials, authenticator.wrong_code())

        with pytest.raises(TooManyAttemptsError):
            await second_factor.require(credentials, authenticator.code())
        with pytest.raises(TooManyAttemptsError):
            await office.log_in(code=authenticator.code(), visitor=THERE)

        assert await office.log_in(code=authenticator.recovery_codes[0])


class TestKnownDevices:
    async def test_strangers_do_not_lock_a_known_device_out(
        self, office: Office, ada: Account
    ) -> None:
        device = (await office.log_in()).device
        await office.exhaust(LOGIN_OF_ACCOUNT, ada.id)
        await office.exhaust(LOGIN_FROM_ADDRESS, HERE.address)

        assert await office.log_in(visitor=replace(HERE, device=device))

    async def test_guesses_on_a_known_device_are_bounded_however_its_name_is_spelled(
        self, office: Office, ada: Account
    ) -> None:
        """Base64 is read past characters that are none of its own."""
        device = (await office.log_in()).device or ""
        for number in range(LOGIN_ON_DEVICE.count_max):
            spelled = device[:20] + "!" * number + device[20:]
            with pytest.raises(AuthenticationError):
                await office.log_in("ada", WRONG, visitor=replace(HERE, device=spelled))

        for spelled in (device, device + "!", f"!{device}"):
            with pytest.raises(TooManyAttemptsError):
                await office.log_in(visitor=replace(HERE, device=spelled))

    async def test_device_of_another_account_is_a_stranger(
        self, office: Office, ada: Account
    ) -> None:
        await office.admit("bob")
        device = (await office.log_in("bob")).device
        await office.exhaust(LOGIN_OF_ACCOUNT, ada.id)

        with pytest.raises(TooManyAttemptsError):
            await office.log_in("ada", visitor=replace(THERE, device=device))

    async def test_device_of_a_former_password_is_a_stranger(
        self, office: Office, ada: Account
    ) -> None:
        device = (await office.log_in()).device
        link = await office.accounts.sign_up.offer_password(ada.id, by=SERVER)
        await office.accounts.sign_up.choose_password(link.secret, OTHER_PASSWORD, HERE)
        await office.exhaust(LOGIN_OF_ACCOUNT, ada.id)

        with pytest.raises(TooManyAttemptsError):
            await office.log_in("ada", OTHER_PASSWORD, visitor=replace(HERE, device=device))


class TestKeys:
    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("192.0.2.1", "192.0.2.2", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("2001:db8::1", "2001:db8::ffff:2:3", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("2001:db8::1", "192.0.2.1", False),
            ("", "192.0.2.1", False),
        ],
    )
    def test_addresses_of_one_customer_count_together(
        self, one: str, other: str, *, same: bool
    ) -> None:
        assert (group_address(one) == group_address(other)) is same

    async def test_addresses_are_not_kept_readable(self, office: Office) -> None:
        with pytest.raises(AuthenticationError):
            await office.log_in("nobody@example.org", visitor=Visitor(address="192.0.2.99"))

        dumped = await office.database.read(
            lambda connection: str(connection.exec_driver_sql("SELECT * FROM attempts").all())
        )

        assert "login-pair:" in dumped
        assert "nobody" not in dumped
        assert "192.0.2.99" not in dumped

    def test_rules_have_names_of_their_own_and_windows_that_the_sweep_keeps(self) -> None:
        rules = [each for each in vars(attempts_module).values() if isinstance(each, Rule)]

        assert len({rule.name for rule in rules}) == len(rules) >= 11
        assert max(rule.window_seconds for rule in rules) == WINDOW_SECONDS_MAX
