"""Only this installation's own access tokens are believed, and for a quarter of an hour."""

import asyncio
import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest

from runyard.domain.errors import InvalidTokenError
from runyard.domain.identifiers import new_identifier
from runyard.services.accounts import access_tokens as access_tokens_module
from runyard.services.accounts.access_tokens import ACCESS_SECONDS, KEY_DAYS, AccessTokens
from runyard.services.accounts.sealing import Sealer, SealError
from runyard.store.signing_keys import SigningKeyRecords
from tests.unit.services.accounts.office import Office

ACCOUNT, SESSION = new_identifier(), new_identifier()


@pytest.fixture
def tokens(office: Office) -> AccessTokens:
    return open_tokens(office)


@pytest.fixture
async def secret(office: Office, tokens: AccessTokens) -> tuple[str, bytes]:
    """Return the id of the key and the key, which an attacker does not have."""
    await issue(tokens)
    [key] = await SigningKeyRecords(office.database).list()
    return key.id, office.sealer.open(key.sealed_secret)


class TestVerifying:
    async def test_token_says_whose_it_is_until_it_expires(
        self, office: Office, tokens: AccessTokens
    ) -> None:
        token = await issue(tokens)
        office.clock.advance(seconds=ACCESS_SECONDS - 1)

        claims = await tokens.verify(token)
        office.clock.advance(seconds=1)

        assert (claims.account_id, claims.session_id) == (ACCOUNT, SESSION)
        with pytest.raises(InvalidTokenError):
            await tokens.verify(token)

    async def test_right_key_and_claims_are_what_the_cases_below_vary(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes]
    ) -> None:
        assert await tokens.verify(forge(office, secret))

    @pytest.mark.parametrize("changes", [{"aud": "another"}, {"aud": None}, {"exp": 1}])
    @pytest.mark.parametrize("algorithm", ["HS256"])
    async def test_token_with_another_claim_is_refused(
        self,
        office: Office,
        tokens: AccessTokens,
        secret: tuple[str, bytes],
        changes: dict[str, object],
        algorithm: str,
    ) -> None:
        with pytest.raises(InvalidTokenError):
            await tokens.verify(forge(office, secret, algorithm=algorithm, **changes))

    @pytest.mark.parametrize("missing", ["sub", "sid", "exp", "aud"])
    async def test_token_without_a_claim_is_refused(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes], missing: str
    ) -> None:
        with pytest.raises(InvalidTokenError):
            await tokens.verify(forge(office, secret, **{missing: None}))

    async def test_token_without_a_signature_is_refused(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes]
    ) -> None:
        key_id, _ = secret
        signed = forge(office, secret)
        header, claims, _ = signed.split(".")
        unsigned = jwt.encode(
            jwt.decode(signed, options={"verify_signature": False}),
            key=None,
            algorithm="none",
            headers={"kid": key_id},
        )

        for token in (unsigned, f"{header}.{claims}.", f"{unsigned.split('.')[0]}.{claims}."):
            with pytest.raises(InvalidTokenError):
                await tokens.verify(token)

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    async def test_token_signed_in_another_way_is_refused(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes], algorithm: str
    ) -> None:
        key_id, key = secret

        with pytest.raises(InvalidTokenError):
            await tokens.verify(forge(office, (key_id, key * 2), algorithm=algorithm))

    async def test_token_signed_with_another_secret_is_refused(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes]
    ) -> None:
        key_id, _ = secret

        for other in (b"\0" * 32, key_id.encode() * 2, b"runyard" * 8):
            with pytest.raises(InvalidTokenError):
                await tokens.verify(forge(office, (key_id, other)))

    @pytest.mark.parametrize(
        "key_id", ["", "x", "../../dev/null", pytest.param(new_identifier(), id="unknown")]
    )
    async def test_token_of_an_unknown_key_is_refused(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes], key_id: str
    ) -> None:
        with pytest.raises(InvalidTokenError):
            await tokens.verify(forge(office, (key_id, secret[1])))

    @pytest.mark.parametrize(
        "header",
        [{}, {"alg": "HS256"}, {"alg": "HS256", "kid": 5}, {"alg": "HS256", "kid": ["x"]}, [], 1],
        ids=str,
    )
    async def test_token_with_a_strange_header_is_refused(
        self, tokens: AccessTokens, header: object
    ) -> None:
        encoded = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")

        with pytest.raises(InvalidTokenError):
            await tokens.verify(f"{encoded}.e30.x")

    @pytest.mark.parametrize(
        "token", ["", ".", "..", "a.b.c", "é.é.é", "W1tbW1tb" * 200 + ".e30.x"]
    )
    async def test_what_is_no_token_is_refused(self, tokens: AccessTokens, token: str) -> None:
        with pytest.raises(InvalidTokenError):
            await tokens.verify(token)


class TestKeys:
    async def test_key_is_replaced_after_a_month_and_its_tokens_stay_valid(
        self, office: Office, tokens: AccessTokens
    ) -> None:
        await issue(tokens)
        office.clock.advance(days=KEY_DAYS, seconds=-1)
        old = await issue(tokens)
        office.clock.advance(seconds=1)

        new = await issue(tokens)

        assert kid(old) != kid(new)
        for each in (tokens, open_tokens(office)):
            assert await each.verify(old)
            assert await each.verify(new)

    async def test_keys_that_signed_nothing_valid_are_deleted(
        self, office: Office, tokens: AccessTokens
    ) -> None:
        for _ in range(5):
            await issue(tokens)
            office.clock.advance(days=KEY_DAYS)

        assert len(await SigningKeyRecords(office.database).list()) <= 3

    async def test_two_servers_accept_each_others_tokens(
        self, office: Office, tokens: AccessTokens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(access_tokens_module, "_LOOK_AGAIN_SECONDS", 0.0)
        other = open_tokens(office)
        of_one = await issue(tokens)
        of_other = await issue(other)
        office.clock.advance(days=KEY_DAYS)
        later = await issue(other)
        office.clock.advance(days=-KEY_DAYS)

        assert await other.verify(of_one)
        assert await tokens.verify(of_other)
        office.clock.advance(days=KEY_DAYS)
        assert await tokens.verify(later)

    async def test_made_up_keys_do_not_make_it_ask_the_database_each_time(
        self, office: Office, tokens: AccessTokens, secret: tuple[str, bytes]
    ) -> None:
        other = open_tokens(office)
        with pytest.raises(InvalidTokenError):
            await other.verify(forge(office, (new_identifier(), secret[1])))
        await office.database.write(
            lambda connection: connection.exec_driver_sql("DROP TABLE signing_keys")
        )

        with pytest.raises(InvalidTokenError):
            await other.verify(forge(office, (new_identifier(), secret[1])))

    async def test_tokens_issued_at_once_share_a_key(
        self, office: Office, tokens: AccessTokens
    ) -> None:
        issued = await asyncio.gather(*(issue(tokens) for _ in range(10)))

        assert len({kid(each) for each in issued}) == 1
        assert len(await SigningKeyRecords(office.database).list()) == 1

    async def test_key_is_sealed_in_the_database(
        self, office: Office, secret: tuple[str, bytes]
    ) -> None:
        [key] = await SigningKeyRecords(office.database).list()
        stranger = Sealer(lambda: ["x" * 32])

        assert secret[1] not in key.sealed_secret
        with pytest.raises(SealError, match="RUNYARD_SECRET_KEYS"):
            stranger.open(key.sealed_secret)

    async def test_server_that_lost_its_key_signs_with_another_one(
        self, office: Office, tokens: AccessTokens
    ) -> None:
        former = await issue(tokens)
        stranger = Sealer(lambda: ["x" * 32])
        others = AccessTokens(SigningKeyRecords(office.database), stranger, now_us=office.clock)

        token = await issue(others)

        assert (await others.verify(token)).account_id == ACCOUNT
        with pytest.raises(InvalidTokenError):
            await others.verify(former)


def open_tokens(office: Office) -> AccessTokens:
    return AccessTokens(SigningKeyRecords(office.database), office.sealer, now_us=office.clock)


async def issue(tokens: AccessTokens) -> str:
    return await tokens.issue(account_id=ACCOUNT, session_id=SESSION)


def forge(
    office: Office, key: tuple[str, bytes], *, algorithm: str = "HS256", **changes: object
) -> str:
    """Return a token like those issued but for `changes`; None leaves a claim out."""
    now = int(office.clock.seconds)
    claims: dict[str, Any] = {
        "sub": ACCOUNT,
        "sid": SESSION,
        "aud": "runyard",
        "iat": now,
        "exp": now + ACCESS_SECONDS,
    } | changes
    plain = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(plain, key[1], algorithm=algorithm, headers={"kid": key[0]})


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])
