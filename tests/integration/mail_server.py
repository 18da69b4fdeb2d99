"""A mail server in this process that keeps what it is given."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
SECONDS_MAX = 20.0
USER, PASSWORD = "postman", "a secret of the post"


@dataclass(frozen=True)
class Received:
    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """`answers` are given to the next messages in place of an acceptance."""

    port: int = 0
    received: asyncio.Queue[Received] = field(default_factory=asyncio.Queue)
    answers: list[str] = field(default_factory=list)
    passwords: list[bytes] = field(default_factory=list)
    tried: int = 0
    turn: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        async with self.turn:
            self.tried += 1
            self.turn.notify_all()
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.received.put_nowait(
            Received(str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content)
        )
        return "250 OK"

    async def next(self) -> Received:
        async with asyncio.timeout(SECONDS_MAX):
            return await self.received.get()

    async def wait_tried(self, count: int) -> None:
        async with asyncio.timeout(SECONDS_MAX), self.turn:
            await self.turn.wait_for(lambda: self.tried >= count)

    def authenticate(self, *told: Any) -> AuthResult:
        data = told[-1]
        self.passwords.append(data.password)
        return AuthResult(success=data.password == PASSWORD.encode())


@asynccontextmanager
async def serve_mail(
    *, context: ssl.SSLContext | None = None, implicit_tls: bool = False, auth: bool = False
) -> AsyncIterator[MailServer]:
    mail = MailServer()

    def build() -> SMTP:
        return SMTP(
            mail,
            hostname="mail.example.org",
            enable_SMTPUTF8=True,
            tls_context=None if implicit_tls else context,
            require_starttls=context is not None and not implicit_tls,
            authenticator=mail.authenticate if auth else None,
            auth_required=auth,
            auth_require_tls=context is not None and not implicit_tls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(build, HOST, 0, ssl=context if implicit_tls else None)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        await server.wait_closed()


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate for HOST that is its own authority, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now, address = datetime.now(UTC), x509.IPAddress(ip_address(HOST))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
