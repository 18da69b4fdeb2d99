"""Accounts come to be as the mode allows, and by links that work once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runyard.domain.account import Role
from runyard.domain.audit import SERVER
from runyard.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    InvalidTokenError,
    NotFoundError,
    SignUpClosedError,
    TooManyAttemptsError,
)
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.attempts import LINK_FROM_ADDRESS, SIGN_UP_FROM_ADDRESS
from runyard.services.accounts.parts import Options
from runyard.services.accounts.sessions import LoggedIn
from runyard.services.accounts.sign_up import (
    INVITATION_DAYS,
    SETUP_DAYS,
    Applicant,
    SignUp,
    SignUpMode,
)
from runyard.store.accounts import AccountRecords, AccountSearch
from tests.unit.services.accounts.office import HERE, THERE, Office, applicant

MODES = list(SignUpMode)


def sign_up_of(office: Office, mode: SignUpMode = SignUpMode.INVITATION) -> SignUp:
    office.accounts = office.open(Options(sign_up=lambda: mode))
    return office.accounts.sign_up


class TestModes:
    async def test_open_server_takes_anybody_as_a_user(self, office: Office) -> None:
        opened = await sign_up_of(office, SignUpMode.OPEN).sign_up(
            applicant(" Bob ", email="Bob@Example.org"), None, HERE
        )

        principal = await office.accounts.authentication.authenticate(opened.access_token)
        assert principal.account == opened.account
        assert (opened.account.name, opened.account.email) == ("bob", "bob@example.org")
        assert opened.account.role is Role.USER
        assert await office.log_in("bob")

    @pytest.mark.parametrize("mode", [SignUpMode.INVITATION, SignUpMode.CLOSED])
    async def test_other_servers_take_nobody_without_an_invitation(
        self, office: Office, mode: SignUpMode
    ) -> None:
        with pytest.raises(SignUpClosedError):
            await sign_up_of(office, mode).sign_up(applicant(), None, HERE)

        assert await AccountRecords(office.database).list(AccountSearch(limit=1)) == []

    @pytest.mark.parametrize("mode", MODES)
    async def test_invitation_works_in_every_mode(self, office: Office, mode: SignUpMode) -> None:
        sign_up = sign_up_of(office, mode)
        new = await sign_up.invite(email=None, role=Role.ADMIN, by=SERVER)

        opened = await sign_up.sign_up(applicant(), new.secret, HERE)

        assert opened.account.role is Role.ADMIN

    @pytest.mark.parametrize("taken", ["name", "email"])
    async def test_taken_name_or_address_is_a_conflict_in_any_spelling(
        self, office: Office, taken: str
    ) -> None:
        await office.admit("bob")
        names = {"name": applicant("BOB", email="x@example.org")}
        names["email"] = applicant("x", email="Bob@Example.ORG")

        with pytest.raises(ConflictError, match="The name or the e-mail address is taken"):
            await sign_up_of(office, SignUpMode.OPEN).sign_up(names[taken], None, HERE)

    async def test_one_name_wanted_at_once_is_given_once(self, office: Office) -> None:
        sign_up = sign_up_of(office, SignUpMode.OPEN)

        results = await asyncio.gather(
            *(sign_up.sign_up(applicant(), None, HERE) for _ in range(4)), return_exceptions=True
        )

        assert sorted(type(each).__name__ for each in results) == [
            *["ConflictError"] * 3,
            "LoggedIn",
        ]

    @pytest.mark.parametrize(
        "refused",
        [
            applicant("admin"),
            applicant("a b"),
            applicant(email="nowhere"),
            applicant(password="short"),
            applicant("correct-horse", password="correct-horse"),
        ],
        ids=lambda each: f"{each.name} {each.email} {each.password}",
    )
    async def test_what_the_domain_refuses_makes_no_account_and_leaves_the_invitation(
        self, office: Office, refused: Applicant
    ) -> None:
        sign_up = sign_up_of(office, SignUpMode.OPEN)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)

        for invitation in (None, new.secret):
            with pytest.raises(InvalidRequestError):
                await sign_up.sign_up(refused, invitation, HERE)
        with pytest.raises(InvalidRequestError):
            await sign_up.create(refused, role=Role.USER, by=SERVER)

        assert await AccountRecords(office.database).list(AccountSearch(limit=1)) == []
        assert len(await sign_up.list_invitations()) == 1

    async def test_signing_up_from_one_address_is_bounded(self, office: Office) -> None:
        sign_up = sign_up_of(office, SignUpMode.OPEN)
        await office.exhaust(SIGN_UP_FROM_ADDRESS, HERE.address)

        with pytest.raises(TooManyAttemptsError):
            await sign_up.sign_up(applicant(), None, HERE)

        assert await sign_up.sign_up(applicant(), None, THERE)

    async def test_invitation_does_not_tell_of_any_number_of_names(self, office: Office) -> None:
        """It is not used up where a name is taken."""
        await office.admit("bob")
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)
        with pytest.raises(ConflictError):
            await sign_up.sign_up(applicant(), new.secret, HERE)
        await office.exhaust(SIGN_UP_FROM_ADDRESS, THERE.address)

        with pytest.raises(TooManyAttemptsError):
            await sign_up.sign_up(applicant(), new.secret, THERE)

    async def test_administrators_make_accounts_that_log_in(self, office: Office) -> None:
        account = await office.accounts.sign_up.create(applicant("cyd"), role=Role.ADMIN, by=SERVER)

        assert (await office.log_in("cyd")).account == account


class TestInvitations:
    async def test_invitation_for_an_address_is_for_nobody_else(self, office: Office) -> None:
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email="Bob@Example.org", role=Role.USER, by=SERVER)

        with pytest.raises(ForbiddenError):
            await sign_up.sign_up(applicant("eve"), new.secret, HERE)

        assert await sign_up.sign_up(applicant("b", email="bob@example.ORG"), new.secret, HERE)

    async def test_invitation_used_at_once_makes_one_account(self, office: Office) -> None:
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)

        results = await asyncio.gather(
            *(sign_up.sign_up(applicant(f"n{each}"), new.secret, HERE) for each in range(4)),
            return_exceptions=True,
        )

        assert [type(each) for each in results].count(LoggedIn) == 1
        assert [type(each) for each in results].count(InvalidTokenError) == 3
        assert await sign_up.list_invitations() == []

    async def test_invitation_expires(self, office: Office) -> None:
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)
        office.clock.advance(days=INVITATION_DAYS)

        with pytest.raises(InvalidTokenError):
            await sign_up.sign_up(applicant(), new.secret, HERE)

        assert await sign_up.list_invitations() == []

    async def test_withdrawn_invitation_is_refused(self, office: Office) -> None:
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)
        kept = await sign_up.invite(email=None, role=Role.USER, by=SERVER)
        await sign_up.withdraw_invitation(new.ticket.id, by=SERVER)

        with pytest.raises(InvalidTokenError):
            await sign_up.sign_up(applicant(), new.secret, HERE)
        with pytest.raises(NotFoundError):
            await sign_up.withdraw_invitation(new.ticket.id, by=SERVER)

        assert await sign_up.list_invitations() == [kept.ticket]

    async def test_guessing_links_is_bounded_for_an_address(self, office: Office) -> None:
        sign_up = sign_up_of(office)
        new = await sign_up.invite(email=None, role=Role.USER, by=SERVER)
        guesses: list[Callable[[], Awaitable[object]]] = [
            lambda: sign_up.sign_up(applicant(), "guess", HERE),
            lambda: sign_up.set_up(applicant(), "guess", HERE),
            lambda: sign_up.choose_password("guess", "another password", HERE),
        ]
        for number in range(LINK_FROM_ADDRESS.count_max):
            with pytest.raises(InvalidTokenError):
                await guesses[number % 3]()

        with pytest.raises(TooManyAttemptsError):
            await sign_up.sign_up(applicant(), new.secret, HERE)

        assert await sign_up.sign_up(applicant(), new.secret, THERE)


class TestSetUp:
    async def test_set_up_makes_the_first_administrator_once(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        secret = await sign_up.offer_set_up() or ""

        opened = await sign_up.set_up(applicant("cyd"), secret, HERE)

        assert opened.account.role is Role.ADMIN
        with pytest.raises(InvalidTokenError):
            await sign_up.set_up(applicant("eve"), secret, HERE)
        assert await sign_up.offer_set_up() is None

    async def test_set_up_used_at_once_makes_one_administrator(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        secret = await sign_up.offer_set_up() or ""

        results = await asyncio.gather(
            *(sign_up.set_up(applicant(f"n{each}"), secret, HERE) for each in range(3)),
            return_exceptions=True,
        )

        assert [type(each) for each in results].count(LoggedIn) == 1

    async def test_set_up_is_void_once_there_is_an_administrator(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        secret = await sign_up.offer_set_up() or ""
        await office.admit("cyd", role=Role.ADMIN, is_suspended=True)

        with pytest.raises(InvalidTokenError):
            await sign_up.set_up(applicant("eve"), secret, HERE)

        assert await sign_up.offer_set_up() is None

    async def test_later_set_up_voids_the_earlier_and_expires(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        earlier, later = await sign_up.offer_set_up() or "", await sign_up.offer_set_up() or ""
        with pytest.raises(InvalidTokenError):
            await sign_up.set_up(applicant(), earlier, HERE)
        office.clock.advance(days=SETUP_DAYS)

        with pytest.raises(InvalidTokenError):
            await sign_up.set_up(applicant(), later, HERE)

    async def test_link_of_one_kind_does_nothing_of_another(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        bob = await office.admit("bob")
        setup = await sign_up.offer_set_up() or ""
        invitation = (await sign_up.invite(email=None, role=Role.ADMIN, by=SERVER)).secret
        password = (await sign_up.offer_password(bob.id, by=SERVER)).secret

        for secret in (setup, password):
            with pytest.raises(InvalidTokenError):
                await sign_up.sign_up(applicant("eve"), secret, HERE)
        for secret in (invitation, password):
            with pytest.raises(InvalidTokenError):
                await sign_up.set_up(applicant("eve"), secret, HERE)
        for secret in (setup, invitation):
            with pytest.raises(InvalidTokenError):
                await sign_up.choose_password(secret, "another password", HERE)

    async def test_links_are_hashed_in_the_database(self, office: Office) -> None:
        sign_up = office.accounts.sign_up
        bob = await office.admit("bob")
        secrets = [
            await sign_up.offer_set_up() or "",
            (await sign_up.invite(email=None, role=Role.USER, by=SERVER)).secret,
            (await sign_up.offer_password(bob.id, by=SERVER)).secret,
        ]

        dumped = await office.database.read(
            lambda connection: str(connection.exec_driver_sql("SELECT * FROM tickets").all())
        )

        assert "password" in dumped
        assert not [each for each in secrets if each in dumped]
        with pytest.raises(NotFoundError):
            await sign_up.offer_password(new_identifier(), by=SERVER)
