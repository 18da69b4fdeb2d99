"""A password is chosen anew with a link or with the former one, and ends what it should."""

import pytest

from runyard.domain.account import Account
from runyard.domain.audit import SERVER
from runyard.domain.errors import (
    AuthenticationError,
    InvalidRequestError,
    InvalidTokenError,
)
from runyard.services.accounts.sign_up import PASSWORD_LINK_HOURS
from tests.unit.services.accounts.office import HERE, OTHER, PASSWORD, THERE, WRONG, Office


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


class TestLink:
    async def test_link_sets_the_password_once_and_ends_every_session(
        self, office: Office, ada: Account
    ) -> None:
        opened = await office.log_in()
        await office.accounts.authentication.authenticate(opened.access_token)
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret

        await office.accounts.sign_up.choose_password(link, OTHER, THERE)

        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(opened.access_token)
        with pytest.raises(InvalidTokenError):
            await office.accounts.sessions.refresh(opened.refresh_token, HERE)
        with pytest.raises(AuthenticationError):
            await office.log_in("ada", PASSWORD)
        with pytest.raises(InvalidTokenError):
            await office.accounts.sign_up.choose_password(link, PASSWORD, THERE)
        assert await office.log_in("ada", OTHER)

    async def test_link_leaves_the_second_factor(self, office: Office, ada: Account) -> None:
        authenticator = await office.enrol(ada)
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret

        await office.accounts.sign_up.choose_password(link, OTHER, THERE)

        with pytest.raises(AuthenticationError):
            await office.log_in("ada", OTHER)
        assert await office.log_in("ada", OTHER, code=authenticator.code())

    async def test_link_expires(self, office: Office, ada: Account) -> None:
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret
        office.clock.advance(seconds=PASSWORD_LINK_HOURS * 3600)

        with pytest.raises(InvalidTokenError):
            await office.accounts.sign_up.choose_password(link, OTHER, THERE)

        assert await office.log_in()

    async def test_later_link_voids_the_earlier(self, office: Office, ada: Account) -> None:
        earlier, later = [
            (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret
            for _ in range(2)
        ]

        with pytest.raises(InvalidTokenError):
            await office.accounts.sign_up.choose_password(earlier, OTHER, THERE)

        await office.accounts.sign_up.choose_password(later, OTHER, THERE)

    async def test_link_survives_a_password_that_is_refused(
        self, office: Office, ada: Account
    ) -> None:
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret

        for refused in ("short", "ada@example.org"):
            with pytest.raises(InvalidRequestError):
                await office.accounts.sign_up.choose_password(link, refused, THERE)

        await office.accounts.sign_up.choose_password(link, OTHER, THERE)

    async def test_link_of_an_account_that_is_gone_is_refused(
        self, office: Office, ada: Account
    ) -> None:
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret
        await office.accounts.directory.delete(ada.id, by=SERVER)

        with pytest.raises(InvalidTokenError):
            await office.accounts.sign_up.choose_password(link, OTHER, THERE)


class TestChange:
    async def test_change_ends_every_other_session_and_voids_links(
        self, office: Office, ada: Account
    ) -> None:
        """A link that somebody else got hold of is not to undo it."""
        own, other = await office.log_in(), await office.log_in()
        link = (await office.accounts.sign_up.offer_password(ada.id, by=SERVER)).secret
        await office.accounts.authentication.authenticate(other.access_token)

        await change(office, ada, session_id=own.session_id)

        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(other.access_token)
        with pytest.raises(InvalidTokenError):
            await office.accounts.sign_up.choose_password(link, PASSWORD, THERE)
        assert await office.accounts.authentication.authenticate(own.access_token)
        assert await office.log_in("ada", OTHER)

    @pytest.mark.parametrize(
        ("former", "password", "error"),
        [(WRONG, OTHER, AuthenticationError), (PASSWORD, "short", InvalidRequestError)],
    )
    async def test_change_that_is_refused_changes_nothing(
        self, office: Office, ada: Account, former: str, password: str, error: type[Exception]
    ) -> None:
        own, other = await office.log_in(), await office.log_in()

        with pytest.raises(error):
            await change(office, ada, former=former, password=password, session_id=own.session_id)

        assert await office.accounts.authentication.authenticate(other.access_token)
        assert await office.log_in()


async def change(
    office: Office,
    account: Account,
    *,
    session_id: str,
    former: str = PASSWORD,
    password: str = OTHER,
) -> None:
    await office.accounts.sign_up.change_password(
        account, former=former, password=password, session_id=session_id
    )
