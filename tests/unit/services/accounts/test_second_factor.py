"""A second factor is set up once it is proved, and its secrets are no use to who reads them."""

import re

import pytest

from runyard.domain.account import Account
from runyard.domain.errors import AuthenticationError, ConflictError, TooManyAttemptsError
from runyard.services.accounts.attempts import CODE_OF_ACCOUNT
from runyard.services.accounts.second_factor import RECOVERY_CODE_COUNT, SecondFactor
from runyard.store.accounts import AccountRecords
from tests.unit.services.accounts.office import Authenticator, Office


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


@pytest.fixture
def second_factor(office: Office) -> SecondFactor:
    return office.accounts.second_factor


async def test_offer_counts_once_it_is_confirmed(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    offer = await second_factor.offer(ada)
    authenticator = Authenticator(offer.secret, office.clock)

    opened = await office.log_in()
    codes = await second_factor.confirm(ada.id, authenticator.code())

    assert not opened.account.has_totp
    assert f"secret={offer.secret}" in offer.uri
    assert offer.qr_svg.startswith("<svg")
    assert (
        len(set(codes)) == RECOVERY_CODE_COUNT == await second_factor.count_recovery_codes(ada.id)
    )
    assert all(re.fullmatch("[a-z2-7]{4}(-[a-z2-7]{4}){3}", code) for code in codes)
    with pytest.raises(AuthenticationError):
        await office.log_in()


async def test_code_that_confirmed_does_not_log_in(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    authenticator = Authenticator((await second_factor.offer(ada)).secret, office.clock)
    code = authenticator.code()
    await second_factor.confirm(ada.id, code)

    with pytest.raises(AuthenticationError):
        await office.log_in(code=code)


async def test_only_one_confirmation_tells_recovery_codes(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    with pytest.raises(ConflictError):
        await second_factor.confirm(ada.id, "000000")
    authenticator = await office.enrol(ada)

    with pytest.raises(ConflictError):
        await second_factor.confirm(ada.id, authenticator.code())
    with pytest.raises(ConflictError):
        await second_factor.offer(ada)

    assert await office.log_in(code=authenticator.recovery_codes[0])


async def test_confirming_with_guesses_is_bounded(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    authenticator = Authenticator((await second_factor.offer(ada)).secret, office.clock)
    for _ in range(CODE_OF_ACCOUNT.count_max):
        with pytest.raises(AuthenticationError):
            await second_factor.confirm(ada.id, authenticator.wrong_code())

    with pytest.raises(TooManyAttemptsError):
        await second_factor.confirm(ada.id, authenticator.code())


async def test_later_offer_takes_the_place_of_one_that_nobody_confirmed(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    first, second = [
        Authenticator((await second_factor.offer(ada)).secret, office.clock) for _ in range(2)
    ]

    if first.code() not in {second.code(steps=steps) for steps in (-1, 0, 1)}:
        with pytest.raises(AuthenticationError):
            await second_factor.confirm(ada.id, first.code())

    assert await second_factor.confirm(ada.id, second.code())


async def test_renewed_recovery_codes_void_the_former(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    with pytest.raises(ConflictError):
        await second_factor.renew_recovery_codes(ada.id)
    authenticator = await office.enrol(ada)

    codes = await second_factor.renew_recovery_codes(ada.id)

    with pytest.raises(AuthenticationError):
        await office.log_in(code=authenticator.recovery_codes[0])
    assert await office.log_in(code=codes[0])


async def test_removed_second_factor_is_not_asked_for(
    office: Office, ada: Account, second_factor: SecondFactor
) -> None:
    await office.enrol(ada)

    await second_factor.remove(ada.id)

    assert await office.log_in()
    assert await second_factor.offer(ada)


async def test_secret_is_sealed_and_recovery_codes_are_hashed_in_the_database(
    office: Office, ada: Account
) -> None:
    authenticator = await office.enrol(ada)

    credentials = await AccountRecords(office.database).find(ada.id)
    row = await office.database.read(
        lambda connection: str(connection.exec_driver_sql("SELECT * FROM accounts").all())
    )
    hashes = await office.database.read(
        lambda connection: connection.exec_driver_sql("SELECT hash FROM recovery_codes").all()
    )

    assert credentials is not None
    assert credentials.totp_secret is not None
    assert office.sealer.open(credentials.totp_secret).decode() == authenticator.secret
    assert authenticator.secret not in row
    assert len(hashes) == RECOVERY_CODE_COUNT
    assert all(re.fullmatch("[0-9a-f]{64}", each.hash) for each in hashes)
