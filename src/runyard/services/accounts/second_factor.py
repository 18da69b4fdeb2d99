"""Codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import base64
import hmac
import io
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runyard.domain.account import Account
from runyard.domain.errors import AuthenticationError, ConflictError, TotpRequiredError
from runyard.services.accounts.attempts import CODE_OF_ACCOUNT, Attempts
from runyard.services.accounts.authentication import Authentication
from runyard.services.accounts.sealing import Sealer, hash_secret
from runyard.store.accounts import AccountRecords, Credentials

ISSUER = "Runyard"
STEP_SECONDS = 30
# Clocks differ: the codes of the step before and after count as well.
DRIFT_STEPS = 1
RECOVERY_CODE_COUNT = 10
_RECOVERY_CODE_BYTES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an authenticator is set up with: to type, to open, to photograph (SVG)."""

    secret: str
    uri: str
    qr_svg: str


class SecondFactor:
    """`now_us` is the time in microseconds since 1970."""

    def __init__(
        self,
        records: AccountRecords,
        sealer: Sealer,
        attempts: Attempts,
        authentication: Authentication,
        *,
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._sealer = sealer
        self._attempts = attempts
        self._authentication = authentication
        self._now_us = now_us

    async def offer(self, account: Account) -> Offer:
        """Make a secret that counts once `confirm` got a code of it. Raises ConflictError."""
        import pyotp  # noqa: PLC0415 - see the package.

        secret = pyotp.random_base32()
        if not await self._records.offer_totp(account.id, self._sealer.seal(secret.encode())):
            raise ConflictError("The account has an authenticator already; remove it first.")
        uri = pyotp.TOTP(secret).provisioning_uri(name=account.name, issuer_name=ISSUER)
        return Offer(secret=secret, uri=uri, qr_svg=_draw(uri))

    async def confirm(self, account_id: str, code: str) -> Sequence[str]:
        """Return the recovery codes, which are told this once."""
        credentials = await self._records.find(account_id)
        if credentials is None or credentials.totp_secret is None:
            raise ConflictError("There is no authenticator to confirm; ask for one first.")
        if credentials.account.has_totp:
            raise ConflictError("The authenticator is confirmed already.")
        claim = (CODE_OF_ACCOUNT, account_id)
        await self._attempts.spend(claim)
        step = self._find_step(credentials.totp_secret, code)
        if step is None:
            raise AuthenticationError(
                "The code is wrong; check the clock of the device.", field="code"
            )
        await self._attempts.give_back(claim)
        codes = _new_recovery_codes()
        hashes = [_hash_code(account_id, each) for each in codes]
        confirmed = await self._records.confirm_totp(
            account_id,
            sealed_secret=credentials.totp_secret,
            step=step,
            recovery_hashes=hashes,
        )
        if not confirmed:
            raise ConflictError("The authenticator is confirmed already, or was replaced.")
        self._authentication.forget(account_id)
        return codes

    async def renew_recovery_codes(self, account_id: str) -> Sequence[str]:
        """Void those there are and return others. Raises ConflictError without an authenticator."""
        credentials = await self._records.find(account_id)
        if credentials is None or not credentials.account.has_totp:
            raise ConflictError("Recovery codes come with an authenticator; set one up first.")
        codes = _new_recovery_codes()
        hashes = [_hash_code(account_id, each) for each in codes]
        await self._records.replace_recovery_codes(account_id, hashes)
        return codes

    async def count_recovery_codes(self, account_id: str) -> int:
        return await self._records.count_recovery_codes(account_id)

    async def remove(self, account_id: str) -> None:
        await self._records.remove_totp(account_id)
        self._authentication.forget(account_id)

    async def require(self, credentials: Credentials, code: str | None) -> None:
        """Use up a code of the authenticator or a recovery code. Raises TotpRequiredError without
        one, AuthenticationError for one that is wrong or was used, TooManyAttemptsError.
        """
        account = credentials.account
        if not account.has_totp:
            return
        if not code:
            raise TotpRequiredError("The account wants a code of its authenticator as well.")
        if not await self._use(credentials, code):
            raise AuthenticationError("The code is wrong or was used already.", field="code")

    async def _use(self, credentials: Credentials, code: str) -> bool:
        account_id = credentials.account.id
        # Nobody guesses a recovery code, and whoever was stopped below can still use his.
        if len(_plain(code)) > 6:
            return await self._records.use_recovery_code(account_id, _hash_code(account_id, code))
        assert credentials.totp_secret is not None
        claim = (CODE_OF_ACCOUNT, account_id)
        await self._attempts.spend(claim)
        step = self._find_step(credentials.totp_secret, code)
        if step is None or not await self._records.use_totp_step(account_id, step):
            return False
        await self._attempts.give_back(claim)
        return True

    def _find_step(self, sealed_secret: bytes, code: str) -> int | None:
        """Return the time step whose code this is."""
        import pyotp  # noqa: PLC0415 - see the package.

        totp = pyotp.TOTP(self._sealer.open(sealed_secret).decode())
        now = self._now_us() // (STEP_SECONDS * 1_000_000)
        given = _plain(code).encode(errors="replace")
        found = [
            step
            for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
            if hmac.compare_digest(totp.generate_otp(step).encode(), given)
        ]
        return found[-1] if found else None


def _new_recovery_codes() -> list[str]:
    """Four groups of four letters and digits each."""
    codes = []
    for _ in range(RECOVERY_CODE_COUNT):
        text = base64.b32encode(secrets.token_bytes(_RECOVERY_CODE_BYTES)).decode().lower()
        codes.append("-".join(text[start : start + 4] for start in range(0, len(text), 4)))
    return codes


def _hash_code(account_id: str, code: str) -> str:
    return hash_secret(f"{account_id}:{_plain(code)}")


def _plain(code: str) -> str:
    """People copy codes with and without what stands between the groups."""
    return "".join(character for character in code.lower() if character.isalnum())


def _draw(uri: str) -> str:
    import segno  # noqa: PLC0415 - see the package.

    drawn = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(
        drawn, kind="svg", scale=4, border=2, xmldecl=False, svgns=True
    )
    return drawn.getvalue().decode()
