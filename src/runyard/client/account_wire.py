"""Between the SDK's values about accounts and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from runyard.client.account_models import (
    Account,
    AccountPage,
    ApiToken,
    DeviceOffer,
    Invitation,
    Login,
    MailTrial,
    NewApiToken,
    NewInvitation,
    OwnAccount,
    PasswordLink,
    Session,
    SignUpOptions,
    TotpOffer,
    WaitingDevice,
)
from runyard.client.wire import API_PREFIX

OPTIONS = f"{API_PREFIX}/auth/options"
SIGN_UP = f"{API_PREFIX}/auth/sign-up"
SET_UP = f"{API_PREFIX}/auth/setup"
LOG_IN = f"{API_PREFIX}/auth/login"
LOG_OUT = f"{API_PREFIX}/auth/logout"
CHOOSE_PASSWORD = f"{API_PREFIX}/auth/password"
RESET_PASSWORD = f"{API_PREFIX}/auth/password-reset"
DEVICE = f"{API_PREFIX}/auth/device"
DEVICE_TOKEN = f"{API_PREFIX}/auth/device-token"
DEVICES = f"{API_PREFIX}/auth/devices"
ACCOUNT = f"{API_PREFIX}/account"
ACCOUNTS = f"{API_PREFIX}/admin/accounts"
INVITATIONS = f"{API_PREFIX}/admin/invitations"
TEST_MAIL = f"{API_PREFIX}/admin/mail/test"


def device_path(user_code: str, suffix: str = "") -> str:
    return f"{DEVICES}/{quote(user_code, safe='')}{suffix}"


def own_path(kind: str, item_id: str) -> str:
    return f"{ACCOUNT}/{kind}/{quote(item_id, safe='')}"


def account_path(account_id: str, suffix: str = "") -> str:
    return f"{ACCOUNTS}/{quote(account_id, safe='')}{suffix}"


def invitation_path(invitation_id: str) -> str:
    return f"{INVITATIONS}/{quote(invitation_id, safe='')}"


def parse_account(body: Mapping[str, Any]) -> Account:
    return Account(**_account_fields(body))


def parse_own_account(body: Mapping[str, Any]) -> OwnAccount:
    scopes = body["scopes"]
    return OwnAccount(
        **_account_fields(body),
        must_enrol_totp=body["must_enrol_totp"],
        recovery_codes_left=body["recovery_codes_left"],
        scopes=None if scopes is None else tuple(scopes),
    )


def parse_account_page(body: Mapping[str, Any]) -> AccountPage:
    return AccountPage(
        items=tuple(parse_account(entry) for entry in body["items"]), next_after=body["next_after"]
    )


def parse_login(body: Mapping[str, Any]) -> Login:
    return Login(
        account=parse_account(body["account"]),
        must_enrol_totp=body["must_enrol_totp"],
        access_token=body["access_token"],
        expires_seconds=body["expires_seconds"],
    )


def parse_session(body: Mapping[str, Any]) -> Session:
    return Session(
        id=body["id"],
        created_at=datetime.fromisoformat(body["created_at"]),
        used_at=datetime.fromisoformat(body["used_at"]),
        expires_at=datetime.fromisoformat(body["expires_at"]),
        user_agent=body["user_agent"],
        address=body["address"],
        current=body["current"],
    )


def parse_totp_offer(body: Mapping[str, Any]) -> TotpOffer:
    return TotpOffer(secret=body["secret"], uri=body["uri"], qr_svg=body["qr_svg"])


def parse_recovery_codes(body: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(body["recovery_codes"])


def parse_token(body: Mapping[str, Any]) -> ApiToken:
    return ApiToken(**_token_fields(body))


def parse_new_token(body: Mapping[str, Any]) -> NewApiToken:
    return NewApiToken(**_token_fields(body), token=body["token"])


def parse_options(body: Mapping[str, Any]) -> SignUpOptions:
    return SignUpOptions(
        sign_up=body["sign_up"], anonymous=body["anonymous"], mail=body.get("mail", False)
    )


def parse_device_offer(body: Mapping[str, Any]) -> DeviceOffer:
    return DeviceOffer(
        device_code=body["device_code"],
        user_code=body["user_code"],
        expires_seconds=body["expires_seconds"],
        interval_seconds=body["interval_seconds"],
    )


def parse_waiting_device(body: Mapping[str, Any]) -> WaitingDevice:
    return WaitingDevice(client=body["client"], scopes=tuple(body["scopes"]))


def parse_invitation(body: Mapping[str, Any]) -> Invitation:
    return Invitation(**_invitation_fields(body))


def parse_new_invitation(body: Mapping[str, Any]) -> NewInvitation:
    return NewInvitation(
        **_invitation_fields(body),
        ticket=body["ticket"],
        path=body["path"],
        mailed=body.get("mailed", False),
    )


def parse_password_link(body: Mapping[str, Any]) -> PasswordLink:
    return PasswordLink(
        ticket=body["ticket"],
        path=body["path"],
        expires_at=datetime.fromisoformat(body["expires_at"]),
        mailed=body.get("mailed", False),
    )


def parse_mail_trial(body: Mapping[str, Any]) -> MailTrial:
    return MailTrial(recipient=body["recipient"], sent=body["sent"], reason=body["reason"])


def _account_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "email", "role", "suspended", "totp")
    return {name: body[name] for name in names} | {
        "created_at": datetime.fromisoformat(body["created_at"])
    }


def _token_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": body["id"],
        "name": body["name"],
        "scopes": tuple(body["scopes"]),
        "created_at": datetime.fromisoformat(body["created_at"]),
        "expires_at": _parse_time(body["expires_at"]),
        "used_at": _parse_time(body["used_at"]),
    }


def _invitation_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": body["id"],
        "email": body["email"],
        "role": body["role"],
        "created_at": datetime.fromisoformat(body["created_at"]),
        "expires_at": datetime.fromisoformat(body["expires_at"]),
    }


def _parse_time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
