"""Passwords are hashed with work that tells nobody who has an account."""

import time
from statistics import median

import pytest

from runyard.services.accounts.passwords import Passwords
from tests.unit.services.accounts.office import PASSWORD, WRONG


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(concurrency=2)


@pytest.fixture(scope="module")
async def hashed(passwords: Passwords) -> str:
    return await passwords.hash(PASSWORD)


async def test_hash_is_argon2id_and_salted(passwords: Passwords, hashed: str) -> None:
    again = await passwords.hash(PASSWORD)

    assert hashed.startswith("$argon2id$")
    assert again != hashed


@pytest.mark.parametrize("password", [WRONG, "", PASSWORD + "\0", PASSWORD.upper(), "é" * 256])
async def test_other_passwords_do_not_match(
    passwords: Passwords, hashed: str, password: str
) -> None:
    assert not await passwords.verify(password, hashed)


async def test_right_password_matches(passwords: Passwords, hashed: str) -> None:
    assert await passwords.verify(PASSWORD, hashed)


async def test_nobody_has_a_password(passwords: Passwords) -> None:
    assert not await passwords.verify(PASSWORD, None)
    assert not await passwords.verify("", None)


async def test_unknown_user_costs_the_same_work(passwords: Passwords, hashed: str) -> None:
    await passwords.prepare()
    spent: dict[str | None, list[float]] = {None: [], hashed: []}
    for _ in range(7):
        for password_hash, seconds in spent.items():
            began = time.perf_counter()
            await passwords.verify(WRONG, password_hash)
            seconds.append(time.perf_counter() - began)

    assert 0.5 < median(spent[None]) / median(spent[hashed]) < 2
