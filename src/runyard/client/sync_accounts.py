"""Accounts as their own people see them, method by method as in the asynchronous client."""

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
from runyard.client.policy_wire import LIMITS, OwnLimits, parse_limits
from runyard.client.sync_connection import Connection
from runyard.client.wire import render_given


class Accounts:
    """`client.accounts`. Whoever logs in here is who the client's later calls come from, and stays
    logged in as long as there are calls.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def options(self) -> SignUpOptions:
        return wire.parse_options(self._connection.call("GET", wire.OPTIONS))

    def set_up(self, ticket: str, *, name: str, email: str, password: str) -> Login:
        """Make the first administrator and log in; the server printed the ticket behind a #."""
        body = {"ticket": ticket, "name": name, "email": email, "password": password}
        return self._begin(wire.SET_UP, body)

    def sign_up(
        self, *, name: str, email: str, password: str, invitation: str | None = None
    ) -> Login:
        body = render_given(name=name, email=email, password=password, invitation=invitation)
        return self._begin(wire.SIGN_UP, body)

    def log_in(self, login: str, password: str, code: str | None = None) -> Login:
        """Begin a session.

        Args:
            login: The account's name or e-mail address.
            password: The account's password.
            code: Of the authenticator, or a recovery code. AuthenticationError with the code
                totp_required asks for it.
        """
        body = render_given(login=login, password=password, code=code)
        return self._begin(wire.LOG_IN, body)

    def refresh(self) -> Login:
        """Get another access token. The client does by itself when one has expired."""
        return wire.parse_login(self._connection.refresh())

    def log_out(self) -> None:
        """End the session and talk as nobody from now on."""
        self._connection.call("POST", wire.LOG_OUT)
        self._connection.forget()

    def request_password_reset(self, login: str) -> None:
        """Have a link mailed with which a password is chosen, to the address of the account of this
        name or address, if there is one. ConflictError where the server sends no mail.
        """
        self._connection.call("POST", wire.RESET_PASSWORD, json={"login": login})

    def choose_password(self, ticket: str, password: str) -> None:
        """Choose a password with a link of a mail or of an administrator. Every session ends."""
        body = {"ticket": ticket, "password": password}
        self._connection.call("POST", wire.CHOOSE_PASSWORD, json=body)

    def me(self) -> OwnAccount:
        return wire.parse_own_account(self._connection.call("GET", wire.ACCOUNT))

    def limits(self, runtime: str | None = None) -> OwnLimits:
        """Return what one may ask for, with a runtime if one is named, and what one spent today."""
        fields = render_given(runtime=runtime)
        return parse_limits(self._connection.call("GET", LIMITS, params=fields))

    def export(self) -> bytes:
        """Return everything that is one's own in a ZIP archive."""
        return self._connection.download(f"{wire.ACCOUNT}/export")

    def change_password(self, former: str, password: str) -> None:
        """Choose another password. Every other session ends; tokens stay."""
        body = {"former": former, "password": password}
        self._connection.call("POST", f"{wire.ACCOUNT}/password", json=body)

    def offer_totp(self, password: str) -> TotpOffer:
        """Get what an authenticator is set up with. It counts once `confirm_totp` got a code."""
        body = {"password": password}
        answer = self._connection.call("POST", f"{wire.ACCOUNT}/totp", json=body)
        return wire.parse_totp_offer(answer)

    def confirm_totp(self, code: str) -> Sequence[str]:
        """Have the authenticator asked for from now on; return the recovery codes."""
        answer = self._connection.call("POST", f"{wire.ACCOUNT}/totp/confirm", json={"code": code})
        return wire.parse_recovery_codes(answer)

    def remove_totp(self, password: str, code: str | None = None) -> None:
        body = render_given(password=password, code=code)
        self._connection.call("POST", f"{wire.ACCOUNT}/totp/remove", json=body)

    def renew_recovery_codes(self, password: str, code: str | None = None) -> Sequence[str]:
        """Get other recovery codes; those there were are void."""
        body = render_given(password=password, code=code)
        answer = self._connection.call("POST", f"{wire.ACCOUNT}/recovery-codes", json=body)
        return wire.parse_recovery_codes(answer)

    def delete(self, password: str, code: str | None = None) -> None:
        """Delete one's account with everything that is its own. There is no way back."""
        body = render_given(password=password, code=code)
        self._connection.call("POST", f"{wire.ACCOUNT}/delete", json=body)
        self._connection.forget()

    def sessions(self) -> Sequence[Session]:
        body = self._connection.call("GET", f"{wire.ACCOUNT}/sessions")
        return [wire.parse_session(entry) for entry in body["items"]]

    def end_session(self, session_id: str) -> None:
        self._connection.call("DELETE", wire.own_path("sessions", session_id))

    def end_other_sessions(self) -> int:
        """Log out everywhere but here; return how many sessions that ended."""
        body = self._connection.call("DELETE", f"{wire.ACCOUNT}/sessions")
        return int(body["ended"])

    def tokens(self) -> Sequence[ApiToken]:
        body = self._connection.call("GET", f"{wire.ACCOUNT}/tokens")
        return [wire.parse_token(entry) for entry in body["items"]]

    def create_token(
        self, name: str, scopes: Sequence[str], *, days: float | None = None
    ) -> NewApiToken:
        """Make a token for a program; without `days` it is valid until it is deleted."""
        body = render_given(name=name, scopes=list(scopes), days=days)
        answer = self._connection.call("POST", f"{wire.ACCOUNT}/tokens", json=body)
        return wire.parse_new_token(answer)

    def delete_token(self, token_id: str) -> None:
        self._connection.call("DELETE", wire.own_path("tokens", token_id))

    def begin_device(self, client: str) -> DeviceOffer:
        """Begin to log a program in that shows no page; `client` is shown to who approves."""
        answer = self._connection.call("POST", wire.DEVICE, json={"client": client})
        return wire.parse_device_offer(answer)

    def take_device_token(self, device_code: str) -> NewApiToken:
        """Get the program's token. ConflictError: nobody has decided yet. RefusedError: denied."""
        body = {"device_code": device_code}
        answer = self._connection.call("POST", wire.DEVICE_TOKEN, json=body)
        return wire.parse_new_token(answer)

    def view_device(self, user_code: str) -> WaitingDevice:
        answer = self._connection.call("GET", wire.device_path(user_code))
        return wire.parse_waiting_device(answer)

    def approve_device(self, user_code: str) -> None:
        """Let the program that shows this code act for one's account."""
        self._connection.call("POST", wire.device_path(user_code, "/approve"))

    def deny_device(self, user_code: str) -> None:
        self._connection.call("POST", wire.device_path(user_code, "/deny"))

    def _begin(self, path: str, body: dict[str, str]) -> Login:
        login = wire.parse_login(self._connection.call("POST", path, json=body))
        self._connection.adopt(login.access_token)
        return login
