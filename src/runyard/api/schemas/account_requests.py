"""What clients send about accounts. What a name or a password may look like, the domain says."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from runyard.api.schemas.requests import StrictBody
from runyard.domain.account import Role, Scope
from runyard.services.accounts.api_tokens import DAYS_MAX

TOKEN_NAME_CHARACTERS_MAX = 100
# Longer than anything that is right; what is too long is told by the domain, with the number.
TEXT_CHARACTERS_MAX = 1000
CODE_CHARACTERS_MAX = 40

Text = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
Code = Annotated[str, Field(min_length=1, max_length=CODE_CHARACTERS_MAX)]
Label = Annotated[
    str,
    Field(min_length=1, max_length=TOKEN_NAME_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]+$"),
]


class LoginBody(StrictBody):
    login: Text = Field(description="The account's name or e-mail address.")
    password: Text
    code: Code | None = Field(
        default=None, description="Of the authenticator, or a recovery code; asked for if needed."
    )


class ResetBody(StrictBody):
    login: Text = Field(description="The account's name or e-mail address.")


class SignUpBody(StrictBody):
    name: Text
    email: Text
    password: Text
    invitation: Text | None = None


class SetUpBody(StrictBody):
    ticket: Text = Field(description="What stands behind # in the link that the server printed.")
    name: Text
    email: Text
    password: Text


class ChoosePasswordBody(StrictBody):
    ticket: Text = Field(description="What stands behind # in the link.")
    password: Text


class ChangePasswordBody(StrictBody):
    former: Text
    password: Text


class PasswordBody(StrictBody):
    password: Text


class ProofBody(StrictBody):
    password: Text
    code: Code | None = None


class CodeBody(StrictBody):
    code: Code


class TokenBody(StrictBody):
    name: Label
    # Members of an enumeration arrive as text.
    scopes: list[Annotated[Scope, Field(strict=False)]] = Field(min_length=1)
    days: float | None = Field(
        default=None, gt=0, le=DAYS_MAX, description="null: until it is deleted."
    )


class DeviceBody(StrictBody):
    client: Label = Field(description="What the program calls itself; shown to who approves.")


class DeviceCodeBody(StrictBody):
    device_code: Text


class NewAccountBody(StrictBody):
    name: Text
    email: Text
    password: Text
    role: Role = Field(default=Role.USER, strict=False)


class AccountChangeBody(StrictBody):
    role: Role | None = Field(default=None, strict=False)
    suspended: bool | None = None


class InvitationBody(StrictBody):
    email: Text | None = Field(default=None, description="Only for this address; null: for any.")
    role: Role = Field(default=Role.USER, strict=False)
    mail: bool = Field(default=False, description="Send the link to the address.")


class PasswordLinkBody(StrictBody):
    mail: bool = Field(default=False, description="Send the link to the account's address.")


BODIES: tuple[type[BaseModel], ...] = (
    AccountChangeBody,
    ChangePasswordBody,
    ChoosePasswordBody,
    CodeBody,
    DeviceBody,
    DeviceCodeBody,
    InvitationBody,
    LoginBody,
    NewAccountBody,
    PasswordBody,
    PasswordLinkBody,
    ProofBody,
    ResetBody,
    SetUpBody,
    SignUpBody,
    TokenBody,
)
