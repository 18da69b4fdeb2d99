"""Mail is tried a few times, over a protected connection, and never kept without bounds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runyard.services.mail import QUEUE_LENGTH_MAX, Mail, Mailer, MailOptions, Security
from tests.integration.mail_server import (
    HOST,
    PASSWORD,
    USER,
    MailServer,
    make_certificate,
    serve_mail,
)

LETTER = Mail(recipient="ada@example.org", subject="Hello", text="a secret link\n")
OPTIONS = MailOptions(
    host=HOST,
    port=1,
    security=Security.NONE,
    sender="Jürgens Läufer <runyard@example.org>",
    public_url="https://runyard.example.org",
)


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with serve_mail() as server:
        yield server


@asynccontextmanager
async def running(mailer: Mailer) -> AsyncIterator[None]:
    task = asyncio.create_task(mailer.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def write(recipient: str) -> Mail:
    return replace(LETTER, recipient=recipient)


async def test_what_a_server_puts_off_is_tried_again_and_others_do_not_wait(
    server: MailServer,
) -> None:
    server.answers += ["451 later", "421 not now"]
    mailer = Mailer(replace(OPTIONS, port=server.port), retry_seconds=(0.2, 0.2))
    written: list[str] = []

    async def compose(recipient: str) -> Mail:
        written.append(recipient)
        return write(recipient)

    async with running(mailer):
        mailer.post(lambda: compose("first@example.org"))
        mailer.post(lambda: compose("second@example.org"))
        mailer.post(lambda: compose("third@example.org"))
        recipients = [(await server.next()).recipients[0] for _ in range(3)]

    assert recipients[0] == "third@example.org"
    assert sorted(recipients[1:]) == ["first@example.org", "second@example.org"]
    assert sorted(written) == sorted(recipients), "each is written once, however often it is tried"


@pytest.mark.parametrize(
    ("answers", "tries"), [(["550 nobody"], 1), (["451 later"] * 3, 3)], ids=["final", "put off"]
)
async def test_mail_is_given_up(server: MailServer, answers: list[str], tries: int) -> None:
    server.answers += answers
    mailer = Mailer(replace(OPTIONS, port=server.port), retry_seconds=(0.0, 0.0))

    async with running(mailer):
        mailer.post(lambda: _ready(write("lost@example.org")))
        await server.wait_tried(tries)
        mailer.post(lambda: _ready(write("next@example.org")))
        arrived = await server.next()

    assert arrived.recipients == ["next@example.org"]
    assert (server.tried, server.received.empty()) == (tries + 1, True)


async def _ready(mail: Mail | None) -> Mail | None:
    return mail


async def test_what_cannot_be_written_holds_up_nobody(server: MailServer) -> None:
    mailer = Mailer(replace(OPTIONS, port=server.port))

    async def fail() -> Mail:
        raise RuntimeError("the database is away")

    async with running(mailer):
        mailer.post(fail)
        mailer.post(lambda: _ready(None))
        mailer.post(lambda: _ready(LETTER))
        assert (await server.next()).recipients == [LETTER.recipient]


async def test_queue_is_bounded() -> None:
    mailer = Mailer(OPTIONS)

    taken = [mailer.post(lambda: _ready(None)) for _ in range(QUEUE_LENGTH_MAX + 1)]

    assert taken == [True] * QUEUE_LENGTH_MAX + [False]


async def test_server_that_is_not_there_is_a_reason() -> None:
    assert await Mailer(OPTIONS).send(LETTER)


@pytest.mark.parametrize(
    "recipient",
    [
        "a@x\r\nBcc: b@example.org",
        "a@example.org\nX: y",
        "a@x,b@x",
        "",
        "a",
        "a@x>\nDATA",
    ],
)
async def test_address_cannot_add_headers_or_recipients(server: MailServer, recipient: str) -> None:
    mailer = Mailer(replace(OPTIONS, port=server.port))

    reason = await mailer.send(write(recipient))

    assert reason
    assert (server.tried, server.received.empty()) == (0, True)


async def test_sender_may_have_a_name(server: MailServer) -> None:
    assert await Mailer(replace(OPTIONS, port=server.port)).send(LETTER) is None

    letter = await server.next()

    assert letter.message["From"] == OPTIONS.sender
    assert letter.sender == "runyard@example.org"
    assert letter.text == LETTER.text


# What the mail server of this test warns of is its own.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_connection_is_encrypted_and_the_server_proved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: Security
) -> None:
    certificate, context = make_certificate(tmp_path)
    is_implicit = security is Security.TLS
    async with serve_mail(context=context, implicit_tls=is_implicit, auth=True) as server:
        options = replace(
            OPTIONS, port=server.port, security=security, user=USER, password=PASSWORD
        )
        untrusted = await Mailer(options).send(LETTER)
        assert (untrusted is None, server.passwords) == (False, [])

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert await Mailer(options).send(LETTER) is None

    assert server.passwords == [PASSWORD.encode()]
    assert (await server.next()).recipients == [LETTER.recipient]


async def test_password_is_not_sent_where_encryption_is_missing(server: MailServer) -> None:
    """As where somebody between takes the offer of it out."""
    options = replace(
        OPTIONS, port=server.port, security=Security.STARTTLS, user=USER, password=PASSWORD
    )

    assert await Mailer(options).send(LETTER)

    assert (server.tried, server.passwords) == (0, [])


def test_secrets_are_not_shown() -> None:
    shown = repr(LETTER) + repr(replace(OPTIONS, password=PASSWORD))

    assert "secret" not in shown
