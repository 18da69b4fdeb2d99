"""Bounds how often something is tried that could be guessed or flooded.

Who guesses a password is stopped by name and by address. Neither locks the account's own user out
for ever: counts end with their window, and a device on which the account has logged in before is
counted for itself, so that strangers' failures do not touch it. (OWASP: device cookies.)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from runyard.domain.errors import TooManyAttemptsError
from runyard.store.attempts import AttemptRecords, Bound

# One customer of a provider has all addresses below it.
_IPV6_PREFIX_BITS = 64


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    count_max: int
    window_seconds: int


# A lecture hall has one address, and all of it comes at the hour.
LOGIN_FROM_ADDRESS = Rule("login-address", 300, 900)
# From anywhere but the account's own devices.
LOGIN_OF_ACCOUNT = Rule("login-account", 100, 900)
LOGIN_OF_ACCOUNT_FROM_ADDRESS = Rule("login-pair", 10, 900)
LOGIN_ON_DEVICE = Rule("login-device", 10, 900)
# A class of thirty has one address.
SIGN_UP_FROM_ADDRESS = Rule("sign-up", 200, 3600)
LINK_FROM_ADDRESS = Rule("link", 60, 900)
DEVICE_FROM_ADDRESS = Rule("device", 60, 900)
# Of the eight characters that tell which waiting program somebody approves.
USER_CODE_OF_ACCOUNT = Rule("user-code", 10, 900)
# Of the second factor, by whoever knows the password: a code has six digits only.
CODE_OF_ACCOUNT = Rule("code", 10, 900)
# Of one who has logged in already.
PASSWORD_OF_ACCOUNT = Rule("password", 10, 900)
# Links to choose a password with, by mail; a class of thirty has one address.
RESET_FROM_ADDRESS = Rule("reset-address", 60, 3600)
RESET_OF_ACCOUNT = Rule("reset-account", 3, 3600)
# By an administrator, or by who took his token.
MAIL_BY_ACCOUNT = Rule("mail", 200, 3600)
# An archive takes seconds to make.
EXPORT_OF_ACCOUNT = Rule("export", 5, 3600)

WINDOW_SECONDS_MAX = 3600
Claim = tuple[Rule, str]


class Attempts:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(self, records: AttemptRecords, *, now_us: Callable[[], int]) -> None:
        self._records = records
        self._now_us = now_us

    async def spend(self, *claims: Claim) -> None:
        """Count before it is tried, so that many at once count too. Raises TooManyAttemptsError.

        The first claim that is passed is the last that is counted. Those on one visitor therefore
        stand before those on an account: a single one cannot use up everybody's.
        """
        now = self._now_us()
        bounds = [_bound(rule, key) for rule, key in claims]
        counted = await self._records.add(bounds, now=now)
        (count, began), last = counted[-1], bounds[len(counted) - 1]
        if count > last.count_max:
            seconds = max(1, math.ceil((began + last.window_us - now) / 1e6))
            raise TooManyAttemptsError(
                f"There were too many attempts lately; try again in {seconds} seconds.",
                retry_after_seconds=seconds,
            )

    async def give_back(self, *claims: Claim) -> None:
        """Uncount what succeeded."""
        await self._records.take_back([_key(rule, key) for rule, key in claims])


def group_address(address: str) -> str:
    """Return what stands for whoever is behind an address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or int(parsed) >> (128 - _IPV6_PREFIX_BITS))
    return str(parsed)


def _bound(rule: Rule, key: str) -> Bound:
    return Bound(
        key=_key(rule, key),
        window_us=rule.window_seconds * 1_000_000,
        count_max=rule.count_max,
    )


def _key(rule: Rule, key: str) -> str:
    """Names and addresses are not kept readable for this."""
    return f"{rule.name}:{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:40]}"
