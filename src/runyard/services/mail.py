"""Sends mail, at once or in the background.

What is posted waits in this process: a server that ends forgets it, and whom it was for asks again.
So that nobody fills the memory or waits for a mail server that is slow, the queue is bounded, one
mail is sent at a time, and each is tried a few times.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from enum import StrEnum
from urllib.parse import urlsplit

import structlog

from runyard.domain.account import check_email
from runyard.domain.errors import InvalidRequestError, MailUnavailableError

QUEUE_LENGTH_MAX = 500
SEND_SECONDS_MAX = 20.0
# Before the second and the third try.
RETRY_SECONDS = (30.0, 300.0)
# Of what a mail server says.
REASON_CHARACTERS_MAX = 300
_log = structlog.get_logger(__name__)


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailOptions:
    """`sender` is an address, with or without a name; links in mails begin with `public_url`."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = Security.STARTTLS
    sender: str
    public_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`text` has a link that lets in whoever reads it, so it is in no log."""

    recipient: str
    subject: str
    text: str = field(repr=False)


class MailFailedError(Exception):
    """A mail was not taken. `is_final` says that trying again makes no sense."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


# Writes a mail when its turn comes; None if there is nobody to send it to.
Compose = Callable[[], Awaitable[Mail | None]]


@dataclass(order=True)
class _Waiting:
    """`due` is a moment of the loop's clock."""

    due: float
    number: int
    compose: Compose = field(compare=False)
    mail: Mail | None = field(default=None, compare=False)
    tries: int = field(default=0, compare=False)


class Mailer:
    def __init__(
        self, options: MailOptions | None, *, retry_seconds: tuple[float, ...] = RETRY_SECONDS
    ) -> None:
        self._options = options
        self._retry_seconds = retry_seconds
        self._waiting: list[_Waiting] = []
        self._numbers = itertools.count()
        self._changed = asyncio.Event()

    @property
    def is_on(self) -> bool:
        return self._options is not None

    def require(self) -> MailOptions:
        """Raises MailUnavailableError."""
        if self._options is None:
            raise MailUnavailableError(
                "This server sends no mail. An administrator makes a link with which you choose"
                " a password."
            )
        return self._options

    def link(self, path: str) -> str:
        return f"{self.require().public_url}{path}"

    def post(self, compose: Compose) -> bool:
        """Have a mail written and sent in the background. False if too many wait already."""
        if len(self._waiting) >= QUEUE_LENGTH_MAX:
            return False
        self._push(_Waiting(asyncio.get_running_loop().time(), next(self._numbers), compose))
        return True

    async def send(self, mail: Mail) -> str | None:
        """Send a mail at once. Return why it was not taken, or None if it was."""
        try:
            await _deliver(mail, self.require())
        except MailFailedError as error:
            _log.warning("mail_failed", subject=mail.subject, reason=str(error))
            return str(error)
        return None

    async def run(self) -> None:
        """Send what was posted, until cancelled."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        # The library that sends can swallow that this is cancelled.
        while task is None or not task.cancelling():
            self._changed.clear()
            if not self._waiting:
                await self._changed.wait()
                continue
            seconds = self._waiting[0].due - loop.time()
            if seconds > 0:
                # Whatever is posted meanwhile comes first.
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._changed.wait()
                continue
            await self._try(heapq.heappop(self._waiting))

    async def _try(self, waiting: _Waiting) -> None:
        try:
            waiting.mail = waiting.mail or await waiting.compose()
            if waiting.mail is not None:
                await _deliver(waiting.mail, self.require())
        except MailFailedError as error:
            self._retry(waiting, error)
        except Exception:  # noqa: BLE001  Whatever it is, others wait for their mail.
            _log.exception("mail_not_written")

    def _retry(self, waiting: _Waiting, error: MailFailedError) -> None:
        waiting.tries += 1
        is_last = error.is_final or waiting.tries > len(self._retry_seconds)
        subject = None if waiting.mail is None else waiting.mail.subject
        _log.warning("mail_failed", subject=subject, reason=str(error), given_up=is_last)
        if not is_last:
            waiting.due = asyncio.get_running_loop().time() + self._retry_seconds[waiting.tries - 1]
            self._push(waiting)

    def _push(self, waiting: _Waiting) -> None:
        heapq.heappush(self._waiting, waiting)
        self._changed.set()


def build_message(mail: Mail, options: MailOptions) -> EmailMessage:
    """Raises ValueError for an address that could be more than one header's worth."""
    message = EmailMessage()
    message["From"] = _address(options.sender)
    message["To"] = _address(mail.recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=urlsplit(options.public_url).hostname)
    # So that nobody's absence is answered with another mail.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def is_sender(text: str) -> bool:
    """Whether it is one address, with or without a name before it."""
    try:
        address = _address(text)
        return bool(check_email(address.addr_spec))
    except (ValueError, IndexError, InvalidRequestError):
        return False


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    user, _, domain = address.rpartition("@")
    if not user or not domain:
        raise ValueError(f"{text[:80]!r} is no address")
    return Address(display_name=name, username=user, domain=domain)


async def _deliver(mail: Mail, options: MailOptions) -> None:
    """Raises MailFailedError."""
    import aiosmtplib  # noqa: PLC0415 - only where mail is sent

    try:
        message = build_message(mail, options)
    except (ValueError, IndexError) as error:
        raise MailFailedError(f"The address is not one: {error}.", is_final=True) from error
    try:
        async with asyncio.timeout(SEND_SECONDS_MAX):
            await aiosmtplib.send(
                message,
                sender=parseaddr(options.sender)[1],
                recipients=[mail.recipient],
                hostname=options.host,
                port=options.port,
                username=options.user,
                password=options.password,
                local_hostname=urlsplit(options.public_url).hostname,
                timeout=SEND_SECONDS_MAX,
                use_tls=options.security is Security.TLS,
                start_tls=options.security is Security.STARTTLS,
            )
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        raise MailFailedError(_reason(refused), is_final=_is_final(refused.code)) from error
    except aiosmtplib.SMTPResponseException as error:
        raise MailFailedError(_reason(error), is_final=_is_final(error.code)) from error
    except (aiosmtplib.SMTPException, OSError, ValueError, TimeoutError) as error:
        raise MailFailedError(_reason(error), is_final=False) from error


def _is_final(code: int) -> bool:
    return 500 <= code < 600


def _reason(error: Exception) -> str:
    """One line: what a mail server says is not ours."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(each for each in text if each.isprintable())[:REASON_CHARACTERS_MAX]
