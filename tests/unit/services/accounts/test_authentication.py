"""What a token stands for, and how soon it stands for nothing any more."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from runyard.domain.account import Account, Role, Scope
from runyard.domain.audit import SERVER
from runyard.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    InvalidTokenError,
    NotFoundError,
    SuspendedError,
)
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts import authentication as authentication_module
from runyard.services.accounts.access_tokens import ACCESS_SECONDS
from runyard.services.accounts.api_tokens import COUNT_MAX, NewToken
from runyard.services.accounts.authentication import BELIEVED_SECONDS
from runyard.services.accounts.parts import Accounts, Options
from tests.unit.services.accounts.office import HeldDatabase, Office

Act = Callable[[Accounts, Account, NewToken], Awaitable[object]]
READ = frozenset({Scope.EXECUTIONS_READ})
# What makes an API token worthless, and what its user then is told.
REVOCATIONS: dict[str, tuple[Act, type[Exception]]] = {
    "delete the token": (
        lambda accounts, ada, new: accounts.api_tokens.delete(ada.id, new.token.id),
        InvalidTokenError,
    ),
    "delete the account": (
        lambda accounts, ada, _: accounts.directory.delete(ada.id, by=SERVER),
        InvalidTokenError,
    ),
    "suspend the account": (
        lambda accounts, ada, _: accounts.directory.change(ada.id, by=SERVER, is_suspended=True),
        SuspendedError,
    ),
}


@pytest.fixture
async def ada(office: Office) -> Account:
    return await office.admit("ada")


@pytest.fixture
async def new(office: Office, ada: Account) -> NewToken:
    return await make_token(office, ada)


class TestApiTokens:
    async def test_token_stands_for_its_account_with_its_scopes_only(
        self, office: Office, ada: Account, new: NewToken
    ) -> None:
        principal = await office.accounts.authentication.authenticate(new.secret)

        assert (principal.account, principal.owner_id) == (ada, ada.id)
        assert (principal.token_id, principal.session_id) == (new.token.id, None)
        assert principal.may(Scope.EXECUTIONS_READ)
        assert not principal.may(Scope.EXECUTIONS_WRITE)
        [listed] = await office.accounts.api_tokens.list(ada.id)
        assert listed.used_at is not None

    async def test_token_with_any_part_changed_is_refused(
        self, office: Office, ada: Account, new: NewToken
    ) -> None:
        prefix, token_id, secret = new.secret.split("_", 2)
        other = (await make_token(office, ada)).secret.split("_", 2)

        for token in (
            f"{prefix}_{token_id}_{other[2]}",
            f"{prefix}_{other[1]}_{secret}",
            f"{prefix}_{token_id}_",
            f"{prefix}_{token_id}",
            f"{prefix}_{token_id}_{secret}x",
            f"{prefix}_{token_id.lower()}_{secret}",
            f"{prefix}__{secret}",
            f"{prefix}_" + "\0" * 26 + f"_{secret}",
            f"{token_id}_{secret}",
            "ry_",
            "",
            "x" * 100_000,
        ):
            with pytest.raises(InvalidTokenError):
                await office.accounts.authentication.authenticate(token)

    async def test_token_expires(self, office: Office, ada: Account) -> None:
        new = await make_token(office, ada, days=1)
        office.clock.advance(days=1, seconds=-0.001)
        assert await office.open().authentication.authenticate(new.secret)
        office.clock.advance(seconds=0.001)

        with pytest.raises(InvalidTokenError, match="expired"):
            await office.open().authentication.authenticate(new.secret)

    async def test_token_that_is_about_to_expire_is_believed_no_longer(
        self, office: Office, ada: Account
    ) -> None:
        new = await make_token(office, ada, days=1)
        # Less than the clock that beliefs are measured with can tell.
        office.clock.advance(days=1, seconds=-0.000001)
        await office.accounts.authentication.authenticate(new.secret)
        office.clock.advance(seconds=1)

        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(new.secret)

    async def test_scope_admin_is_for_administrators_while_they_are(self, office: Office) -> None:
        root, ada = await office.admit("cyd", role=Role.ADMIN), await office.admit("ada")
        await office.admit("eve", role=Role.ADMIN)
        new = await make_token(office, root, scopes=frozenset({Scope.ADMIN}))
        before = await office.accounts.authentication.authenticate(new.secret)
        await office.accounts.directory.change(root.id, by=SERVER, role=Role.USER)
        after = await office.accounts.authentication.authenticate(new.secret)

        with pytest.raises(ForbiddenError):
            await make_token(office, ada, scopes=frozenset({Scope.ADMIN}))

        assert before.may(Scope.ADMIN)
        assert not after.may(Scope.ADMIN)

    async def test_token_without_a_scope_is_not_made(self, office: Office, ada: Account) -> None:
        with pytest.raises(InvalidRequestError):
            await make_token(office, ada, scopes=frozenset())

    async def test_tokens_of_one_account_are_bounded(self, office: Office, ada: Account) -> None:
        made = [await make_token(office, ada) for _ in range(COUNT_MAX)]

        with pytest.raises(ConflictError):
            await make_token(office, ada)

        await office.accounts.api_tokens.delete(ada.id, made[0].token.id)
        assert await make_token(office, ada)

    async def test_token_of_somebody_else_is_not_there(self, office: Office, new: NewToken) -> None:
        bob = await office.admit("bob")

        for token_id in (new.token.id, new_identifier()):
            with pytest.raises(NotFoundError, match="There is no such token"):
                await office.accounts.api_tokens.delete(bob.id, token_id)

        assert await office.accounts.authentication.authenticate(new.secret)


class TestBelieving:
    def test_revoked_tokens_are_believed_for_seconds_only(self) -> None:
        assert BELIEVED_SECONDS <= 5

    @pytest.mark.parametrize("name", REVOCATIONS)
    async def test_revoked_token_is_out_at_once_where_it_was_revoked(
        self, office: Office, ada: Account, new: NewToken, name: str
    ) -> None:
        revoke, error = REVOCATIONS[name]
        await office.accounts.authentication.authenticate(new.secret)

        await revoke(office.accounts, ada, new)

        with pytest.raises(error):
            await office.accounts.authentication.authenticate(new.secret)

    @pytest.mark.parametrize("name", REVOCATIONS)
    async def test_revoked_token_is_out_elsewhere_once_it_is_believed_no_more(
        self,
        office: Office,
        ada: Account,
        new: NewToken,
        name: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        revoke, error = REVOCATIONS[name]
        believing, elsewhere = office.open().authentication, office.open().authentication
        await believing.authenticate(new.secret)
        monkeypatch.setattr(authentication_module, "BELIEVED_SECONDS", 0.0)
        await elsewhere.authenticate(new.secret)

        await revoke(office.accounts, ada, new)

        assert await believing.authenticate(new.secret)
        with pytest.raises(error):
            await elsewhere.authenticate(new.secret)

    async def test_token_that_is_revoked_while_it_is_looked_up_is_not_believed(
        self, office: Office, ada: Account, new: NewToken
    ) -> None:
        held = HeldDatabase(office.database)
        accounts = office.open(database=held)
        looking = asyncio.create_task(accounts.authentication.authenticate(new.secret))
        await held.has_read.wait()

        await accounts.api_tokens.delete(ada.id, new.token.id)
        held.release.set()
        await looking

        with pytest.raises(InvalidTokenError):
            await accounts.authentication.authenticate(new.secret)

    async def test_session_of_a_token_that_expires_is_believed_no_longer(
        self, office: Office, ada: Account
    ) -> None:
        opened = await office.log_in()
        office.clock.advance(seconds=ACCESS_SECONDS - 0.000001)
        await office.accounts.authentication.authenticate(opened.access_token)
        office.clock.advance(seconds=1)

        with pytest.raises(InvalidTokenError):
            await office.accounts.authentication.authenticate(opened.access_token)

    async def test_believed_tokens_are_bounded(
        self, office: Office, ada: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(authentication_module, "_BELIEVED_COUNT_MAX", 3)

        for _ in range(5):
            new = await make_token(office, ada)
            await office.accounts.authentication.authenticate(new.secret)

        assert len(office.accounts.authentication._believed) == 3


class TestSecondFactorOfRoles:
    @pytest.mark.parametrize(("role", "must"), [(Role.ADMIN, True), (Role.USER, False)])
    async def test_roles_that_must_have_a_second_factor_are_told(
        self, office: Office, role: Role, *, must: bool
    ) -> None:
        office.accounts = office.open(Options(totp_roles=lambda: (Role.ADMIN,)))
        account = await office.admit("cyd", role=role)
        new, opened = await make_token(office, account), await office.log_in("cyd")
        tokens = (new.secret, opened.access_token)
        before = [await office.accounts.authentication.authenticate(each) for each in tokens]
        await office.enrol(account)
        after = [await office.open().authentication.authenticate(each) for each in tokens]

        assert [each.must_enrol_totp for each in before] == [must, must]
        assert [each.must_enrol_totp for each in after] == [False, False]


async def make_token(
    office: Office,
    account: Account,
    *,
    scopes: frozenset[Scope] = READ,
    days: float | None = None,
) -> NewToken:
    return await office.accounts.api_tokens.create(
        account, name="a program", scopes=scopes, days=days
    )
