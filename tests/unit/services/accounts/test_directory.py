"""Administrators see and change accounts, and one of them is always left."""

from collections.abc import Awaitable, Callable

import pytest

from runyard.domain.account import Account, Role
from runyard.domain.audit import SERVER
from runyard.domain.errors import ConflictError, InvalidTokenError, NotFoundError
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts.directory import Directory
from runyard.store.accounts import AccountSearch
from tests.unit.services.accounts.office import Office

Act = Callable[[Directory, str], Awaitable[object]]
ACTS: dict[str, Act] = {
    "find": lambda directory, account_id: directory.find(account_id),
    "change nothing": lambda directory, account_id: directory.change(account_id, by=SERVER),
    "demote": lambda directory, account_id: directory.change(account_id, by=SERVER, role=Role.USER),
    "suspend": lambda directory, account_id: directory.change(
        account_id, by=SERVER, is_suspended=True
    ),
    "demote and suspend": lambda directory, account_id: directory.change(
        account_id, by=SERVER, role=Role.USER, is_suspended=True
    ),
    "remove the second factor": lambda directory, account_id: directory.remove_totp(
        account_id, by=SERVER
    ),
    "delete": lambda directory, account_id: directory.delete(account_id, by=SERVER),
}
LOSING = ("demote", "suspend", "demote and suspend", "delete")


@pytest.fixture
async def root(office: Office) -> Account:
    return await office.admit("cyd", role=Role.ADMIN)


@pytest.fixture
def directory(office: Office) -> Directory:
    return office.accounts.directory


@pytest.mark.parametrize("name", LOSING)
async def test_last_active_administrator_is_kept(
    office: Office, directory: Directory, root: Account, name: str
) -> None:
    await office.admit("eve", role=Role.ADMIN, is_suspended=True)

    with pytest.raises(ConflictError, match="last active administrator"):
        await ACTS[name](directory, root.id)

    assert await directory.find(root.id) == root


@pytest.mark.parametrize("name", LOSING)
async def test_administrator_may_go_where_another_one_stays(
    office: Office, directory: Directory, root: Account, name: str
) -> None:
    await office.admit("eve", role=Role.ADMIN)

    await ACTS[name](directory, root.id)

    names = [
        each.name
        for each in await directory.list(AccountSearch(limit=10))
        if each.role is Role.ADMIN
    ]
    assert "eve" in names


@pytest.mark.parametrize("name", ACTS)
async def test_unknown_account_is_not_found(directory: Directory, root: Account, name: str) -> None:
    for account_id in (new_identifier(), "", root.id.lower(), "é" * 26):
        with pytest.raises(NotFoundError):
            await ACTS[name](directory, account_id)


async def test_change_holds_at_once_where_it_was_made(office: Office, root: Account) -> None:
    ada = await office.admit("ada")
    token = (await office.log_in("ada")).access_token
    await office.accounts.authentication.authenticate(token)

    await office.accounts.directory.change(ada.id, by=SERVER, role=Role.ADMIN)

    assert (await office.accounts.authentication.authenticate(token)).is_admin
    await office.accounts.directory.delete(ada.id, by=SERVER)
    with pytest.raises(InvalidTokenError):
        await office.accounts.authentication.authenticate(token)


async def test_who_lost_the_authenticator_logs_in_without_it(
    office: Office, directory: Directory, root: Account
) -> None:
    ada = await office.admit("ada")
    await office.enrol(ada)

    account = await directory.remove_totp(ada.id, by=SERVER)

    assert not account.has_totp
    assert await office.log_in("ada")
    assert await office.accounts.second_factor.count_recovery_codes(ada.id) == 0


async def test_list_finds_a_part_in_any_spelling(
    office: Office, directory: Directory, root: Account
) -> None:
    await office.admit("ada")
    await office.admit("bob", email="madam@example.org")

    found = await directory.list(AccountSearch(query=" ADA ", limit=10))

    assert [each.name for each in found] == ["ada", "bob"]
    assert await directory.list(AccountSearch(query="_", limit=10)) == []
