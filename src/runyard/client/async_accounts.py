"""Accounts as their own people see them, asynchronously. The synchronous one has the same shape."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.client import account_wire as wire
from runyard.client.account_models import (
    ApiToken,
    DeviceOffer,
    Login,
    NewApiToken,
    OwnAccount,
    Session,
    SignUpOptions,
    TotpOffer,
    WaitingDevice,
)
from runyard.client.async_connection import AsyncConnection
from runyard.client.policy_wire import LIMITS, OwnLimits, parse_limits
from runyard.client.wire import render_given


class AsyncAccounts:
    """`client.accounts`. Whoever logs in here is who the client's later calls come from, and stays
    logged in as long as there are calls.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def options(self) -> SignUpOptions:
        return wire.parse_options(await self._connection.call("GET", wire.OPTIONS))

    async def set_up(self, ticket: str, *, name: str, email: str, password: str) -> Login:
        """Make the first administrator and log in; the server printed the ticket behind a #."""
        body = {"ticket": ticket, "name": name, "email": email, "password": password}
        return await self._begin(wire.SET_UP, body)

    async def sign_up(
        self, *, name: str, email: str, password: str, invitation: str | None = None
    ) -> Login:
        body = render_given(name=name, email=email, password=password, invitation=invitation)
        return await self._begin(wire.SIGN_UP, body)

    async def log_in(self, login: str, password: str, code: str | None = None) -> Login:
        """Begin a session.

        Args:
            login: The account's name or e-mail address.
            password: The account's password.
            code: Of the authenticator, or a recovery code. AuthenticationError with the code
                totp_required asks for it.
        """
        body = render_given(login=login, password=password, code=code)
        return await self._begin(wire.LOG_IN, body)

    async def refresh(self) -> Login:
        """Get another access token. The client does by itself when one has expired."""
        return wire.parse_login(await self._connection.refresh())

    async def log_out(self) -> None:
        """End the session and talk as nobody from now on."""
        await self._connection.call("POST", wire.LOG_OUT)
        self._connection.forget()

    async def request_password_reset(self, login: str) -> None:
        """Have a link mailed with which a password is chosen, to the address of the account of this
        name or address, if there is one. ConflictError where the server sends no mail.
        """
        await self._connection.call("POST", wire.RESET_PASSWORD, json={"login": login})

    async def choose_password(self, ticket: str, password: str) -> None:
        """Choose a password with a link of a mail or of an administrator. Every session ends."""
        body = {"ticket": ticket, "password": password}
        await self._connection.call("POST", wire.CHOOSE_PASSWORD, json=body)

    async def me(self) -> OwnAccount:
        return wire.parse_own_account(await self._connection.call("GET", wire.ACCOUNT))

    async def limits(self, runtime: str | None = None) -> OwnLimits:
        """Return what one may ask for, with a runtime if one is named, and what one spent today."""
        fields = render_given(runtime=runtime)
        return parse_limits(await self._connection.call("GET", LIMITS, params=fields))

    async def export(self) -> bytes:
        """Return everything that is one's own in a ZIP archive."""
        return await self._connection.download(f"{wire.ACCOUNT}/export")

    async def change_password(self, former: str, password: str) -> None:
        """Choose another password. Every other session ends; tokens stay."""
        body = {"former": former, "password": password}
        await self._connection.call("POST", f"{wire.ACCOUNT}/password", json=body)

    async def offer_totp(self, password: str) -> TotpOffer:
        """Get what an authenticator is set up with. It counts once `confirm_totp` got a code."""
        body = {"password": password}
        answer = await self._connection.call("POST", f"{wire.ACCOUNT}/totp", json=body)
        return wire.parse_totp_offer(answer)

    async def confirm_totp(self, code: str) -> Sequence[str]:
        """Have the authenticator asked for from now on; return the recovery codes."""
        answer = await self._connection.call(
            "POST", f"{wire.ACCOUNT}/totp/confirm", json={"code": code}
        )
        return wire.parse_recovery_codes(answer)

    async def remove_totp(self, password: str, code: str | None = None) -> None:
        body = render_given(password=password, code=code)
        await self._connection.call("POST", f"{wire.ACCOUNT}/totp/remove", json=body)

    async def renew_recovery_codes(self, password: str, code: str | None = None) -> Sequence[str]:
        """Get other recovery codes; those there were are void."""
        body = render_given(password=password, code=code)
        answer = await self._connection.call("POST", f"{wire.ACCOUNT}/recovery-codes", json=body)
        return wire.parse_recovery_codes(answer)

    async def delete(self, password: str, code: str | None = None) -> None:
        """Delete one's account with everything that is its own. There is no way back."""
        body = render_given(password=password, code=code)
        await self._connection.call("POST", f"{wire.ACCOUNT}/delete", json=body)
        self._connection.forget()

    async def sessions(self) -> Sequence[Session]:
        body = await self._connection.call("GET", f"{wire.ACCOUNT}/sessions")
        return [wire.parse_session(entry) for entry in body["items"]]

    async def end_session(self, session_id: str) -> None:
        await self._connection.call("DELETE", wire.own_path("sessions", session_id))

    async def end_other_sessions(self) -> int:
        """Log out everywhere but here; return how many sessions that ended."""
        body = await self._connection.call("DELETE", f"{wire.ACCOUNT}/sessions")
        return int(body["ended"])

    async def tokens(self) -> Sequence[ApiToken]:
        body = await self._connection.call("GET", f"{wire.ACCOUNT}/tokens")
        return [wire.parse_token(entry) for entry in body["items"]]

    async def create_token(
        self, name: str, scopes: Sequence[str], *, days: float | None = None
    ) -> NewApiToken:
        """Make a token for a program; without `days` it is valid until it is deleted."""
        body = render_given(name=name, scopes=list(scopes), days=days)
        answer = await self._connection.call("POST", f"{wire.ACCOUNT}/tokens", json=body)
        return wire.parse_new_token(answer)

    async def delete_token(self, token_id: str) -> None:
        await self._connection.call("DELETE", wire.own_path("tokens", token_id))

    async def begin_device(self, client: str) -> DeviceOffer:
        """Begin to log a program in that shows no page; `client` is shown to who approves."""
        answer = await self._connection.call("POST", wire.DEVICE, json={"client": client})
        return wire.parse_device_offer(answer)

    async def take_device_token(self, device_code: str) -> NewApiToken:
        """Get the program's token. ConflictError: nobody has decided yet. RefusedError: denied."""
        body = {"device_code": device_code}
        answer = await self._connection.call("POST", wire.DEVICE_TOKEN, json=body)
        return wire.parse_new_token(answer)

    async def view_device(self, user_code: str) -> WaitingDevice:
        answer = await self._connection.call("GET", wire.device_path(user_code))
        return wire.parse_waiting_device(answer)

    async def approve_device(self, user_code: str) -> None:
        """Let the program that shows this code act for one's account."""
        await self._connection.call("POST", wire.device_path(user_code, "/approve"))

    async def deny_device(self, user_code: str) -> None:
        await self._connection.call("POST", wire.device_path(user_code, "/deny"))

    async def _begin(self, path: str, body: dict[str, str]) -> Login:
        login = wire.parse_login(await self._connection.call("POST", path, json=body))
        self._connection.adopt(login.access_token)
        return login
