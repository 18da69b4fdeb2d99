"""What Runyard writes to people. Plain text without anything that others could have chosen but an
account's name, which has letters, digits and '-' only.
"""

from __future__ import annotations

from datetime import datetime

from runyard.domain.account import Account
from runyard.services.mail import Mail, Mailer

# Pages of the site.
SIGN_UP_PATH = "/sign-up"
PASSWORD_PATH = "/choose-password"  # noqa: S105  A page, not a password.


def write_reset(mailer: Mailer, account: Account, *, secret: str, expires_at: datetime) -> Mail:
    site = mailer.link("")
    return Mail(
        recipient=account.email,
        subject="Choose a new password for Runyard",
        text=f"""\
Hello {account.name},

somebody, probably you, asked for a new password for your account at
{site}

With this link you choose one. It works once, until {_tell(expires_at)}:

{mailer.link(PASSWORD_PATH)}#{secret}

If it was not you, there is nothing to do: your password stays as it is.
""",
    )


def write_password_link(
    mailer: Mailer, account: Account, *, secret: str, expires_at: datetime
) -> Mail:
    return Mail(
        recipient=account.email,
        subject="Choose a password for Runyard",
        text=f"""\
Hello {account.name},

an administrator of
{mailer.link("")}
made a link for you with which you choose a password for your account.
It works once, until {_tell(expires_at)}:

{mailer.link(PASSWORD_PATH)}#{secret}

If you did not expect this, tell an administrator.
""",
    )


def write_invitation(mailer: Mailer, email: str, *, secret: str, expires_at: datetime) -> Mail:
    return Mail(
        recipient=email,
        subject="An invitation to Runyard",
        text=f"""\
Hello,

an administrator of
{mailer.link("")}
invites you to make an account there, where programs are written and run.
The link works once, until {_tell(expires_at)}:

{mailer.link(SIGN_UP_PATH)}#{secret}

If you do not know what this is about, ignore it: no account was made.
""",
    )


def write_test(mailer: Mailer, account: Account) -> Mail:
    return Mail(
        recipient=account.email,
        subject="Runyard can send mail",
        text=f"""\
Hello {account.name},

this mail was sent because you, an administrator of
{mailer.link("")}
asked for it. Mail works.
""",
    )


def _tell(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
