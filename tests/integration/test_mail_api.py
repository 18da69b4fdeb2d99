"""Links by mail, over HTTP and with a real mail server."""

import re
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from runyard.api.app import build_app
from runyard.bootstrap import Application
from runyard.client.in_process import InProcessTransport
from runyard.domain.account import Role
from runyard.domain.audit import SERVER
from runyard.services.accounts.attempts import RESET_FROM_ADDRESS, RESET_OF_ACCOUNT
from runyard.services.accounts.sign_up import Applicant
from tests.integration.mail_server import HOST, MailServer, serve_mail
from tests.integration.test_accounts_api import API, PASSWORD, Browser, open_browser, open_world

SITE = "https://runyard.example.org/app"
NEW = "another long secret"
LINK = re.compile(rf"^{re.escape(SITE)}(/[\w-]+)#([\w-]+)$", re.MULTILINE)


@asynccontextmanager
async def open_post(folder: Path, mail: MailServer) -> AsyncIterator[Application]:
    async with open_world(
        folder,
        smtp_host=HOST,
        smtp_port=mail.port,
        smtp_security="none",
        mail_from="Runyard <runyard@example.org>",
        public_url=f"{SITE}/",
    ) as application:
        applicant = Applicant(name="chief", email="chief@example.org", password=PASSWORD)
        await application.accounts.sign_up.create(applicant, role=Role.ADMIN, by=SERVER)
        yield application


@pytest.fixture(scope="module")
async def mail() -> AsyncIterator[MailServer]:
    async with serve_mail() as mail:
        yield mail


@pytest.fixture(scope="module")
async def application(
    tmp_path_factory: pytest.TempPathFactory, mail: MailServer
) -> AsyncIterator[Application]:
    async with open_post(tmp_path_factory.mktemp("mail"), mail) as application:
        yield application


@pytest.fixture
async def browser(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        yield browser


@pytest.fixture
async def admin(application: Application) -> AsyncIterator[Browser]:
    async with open_browser(application) as browser:
        await browser.log_in("chief")
        yield browser


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test takes."""
    return re.sub(r"[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-")


async def reset(browser: Browser, login: str) -> Any:
    return await browser.ask("POST", "/auth/password-reset", {"login": login}, status=202)


def find_link(text: str) -> tuple[str, str]:
    (found,) = LINK.findall(text)
    return found


async def test_link_of_a_mail_chooses_a_password_once(
    browser: Browser, mail: MailServer, name: str
) -> None:
    await browser.sign_up(name)

    await reset(browser, f" {name.upper()} ")
    letter = await mail.next()
    path, ticket = find_link(letter.text)
    chosen = {"ticket": ticket, "password": NEW}
    await browser.ask("POST", "/auth/password", chosen, status=204)

    assert path == "/choose-password"
    assert (letter.sender, letter.recipients) == ("runyard@example.org", [f"{name}@example.org"])
    await browser.refuse("POST", "/auth/password", chosen, code="invalid_token")
    await browser.refuse("GET", "/account", code="invalid_token")
    await browser.enter("/auth/login", {"login": name, "password": NEW})


async def test_mail_is_plain_text_that_says_why_one_got_it(
    browser: Browser, mail: MailServer, name: str
) -> None:
    await browser.sign_up(name)

    await reset(browser, f"{name}@example.org")
    message = (await mail.next()).message

    assert message.get_content_type() == "text/plain"
    assert message["From"] == "Runyard <runyard@example.org>"
    assert message["To"] == f"{name}@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@runyard.example.org>")
    assert sorted(message.keys()) == sorted(set(message.keys()))
    text = message.get_content().replace("\r\n", "\n")
    assert f"Hello {name}" in text
    assert "asked for a new password" in text
    assert "If it was not you, there is nothing to do" in text


async def test_answer_is_the_same_whether_or_not_there_is_an_account(
    browser: Browser, admin: Browser, mail: MailServer, name: str
) -> None:
    await browser.sign_up(name)
    await browser.sign_up(f"{name}-2")
    path = f"/admin/accounts/{browser.account['id']}"
    await admin.ask("PATCH", path, {"suspended": True})

    logins = ("nobody-here", "no@example.org", "", "x\0y", "%", "@", f"{name}-2", name)
    answers = [await reset(browser, login) for login in logins]

    assert len({str(answer) for answer in answers}) == 1
    # They are looked at in their order: only the last one has an account that may log in.
    assert (await mail.next()).recipients == [f"{name}@example.org"]
    assert mail.received.empty()


async def test_time_of_the_answer_tells_nothing(tmp_path: Path, mail: MailServer) -> None:
    async with open_post(tmp_path, mail) as application, open_browser(application) as browser:
        await browser.sign_up("present")
        seconds: dict[str, list[float]] = {"present": [], "absent1": []}
        for _ in range(RESET_FROM_ADDRESS.count_max // 2 - 1):
            for login, measured in seconds.items():
                began = time.perf_counter()
                await reset(browser, login)
                measured.append(time.perf_counter() - began)

    for _ in range(RESET_OF_ACCOUNT.count_max):
        await mail.next()
    there, missing = (statistics.median(each) for each in seconds.values())
    assert abs(there - missing) < max(there, missing) / 2, seconds


async def test_account_gets_few_mails_and_the_last_link_works(
    browser: Browser, mail: MailServer, name: str
) -> None:
    await browser.sign_up(name)
    await browser.sign_up(f"{name}-2")

    for _ in range(RESET_OF_ACCOUNT.count_max + 2):
        await reset(browser, name)
    await reset(browser, f"{name}-2")
    letters = [await mail.next() for _ in range(RESET_OF_ACCOUNT.count_max + 1)]

    assert [each.recipients[0] for each in letters[:-1]] == [f"{name}@example.org"] * 3
    assert letters[-1].recipients == [f"{name}-2@example.org"]
    tickets = [find_link(each.text)[1] for each in letters[:-1]]
    for ticket in tickets[:-1]:
        await browser.refuse(
            "POST", "/auth/password", {"ticket": ticket, "password": NEW}, code="invalid_token"
        )
    await browser.log_in(name)
    chosen = {"ticket": tickets[-1], "password": NEW}
    await browser.ask("POST", "/auth/password", chosen, status=204)


async def test_address_that_asks_often_is_refused_whatever_it_asks_for(
    tmp_path: Path, mail: MailServer
) -> None:
    async with open_post(tmp_path, mail) as application, open_browser(application) as browser:
        for number in range(RESET_FROM_ADDRESS.count_max):
            await reset(browser, f"nobody-{number}")

        for login in ("chief", "nobody"):
            await browser.refuse(
                "POST", "/auth/password-reset", {"login": login}, code="too_many_attempts"
            )
        await browser.log_in("chief")


async def test_invitation_is_mailed_and_works(
    admin: Browser, browser: Browser, mail: MailServer, name: str
) -> None:
    email = f"{name}@example.org"

    made = await admin.ask("POST", "/admin/invitations", {"email": email, "mail": True}, status=201)
    letter = await mail.next()
    path, ticket = find_link(letter.text)

    assert (made["mailed"], path, ticket) == (True, "/sign-up", made["ticket"])
    assert letter.recipients == [email]
    await browser.sign_up(name, invitation=ticket)


async def test_invitation_for_anybody_cannot_be_mailed(admin: Browser) -> None:
    before = await admin.ask("GET", "/admin/invitations")

    await admin.refuse("POST", "/admin/invitations", {"mail": True}, code="invalid_request")

    assert await admin.ask("GET", "/admin/invitations") == before


async def test_password_link_of_an_administrator_is_mailed_if_wanted(
    admin: Browser, browser: Browser, mail: MailServer, name: str
) -> None:
    await browser.sign_up(name)
    path = f"/admin/accounts/{browser.account['id']}/password-link"

    plain = await admin.ask("POST", path, status=201)
    also = await admin.ask("POST", path, {"mail": False}, status=201)
    mailed = await admin.ask("POST", path, {"mail": True}, status=201)
    letter = await mail.next()

    assert (plain["mailed"], also["mailed"], mailed["mailed"]) == (False, False, True)
    assert letter.recipients == [f"{name}@example.org"]
    assert find_link(letter.text) == ("/choose-password", mailed["ticket"])
    assert "an administrator" in letter.text
    assert mail.received.empty()


async def test_link_is_told_where_the_mail_was_not_taken(
    admin: Browser, mail: MailServer, name: str
) -> None:
    mail.answers.append("550 no such mailbox")

    made = await admin.ask(
        "POST", "/admin/invitations", {"email": f"{name}@example.org", "mail": True}, status=201
    )

    assert made["mailed"] is False
    assert made["ticket"]


async def test_test_mail_goes_to_ones_own_address_and_tells_why_not(
    admin: Browser, mail: MailServer
) -> None:
    sent = await admin.ask("POST", "/admin/mail/test")
    letter = await mail.next()
    mail.answers.append("554 5.7.1 not \x1b[31mhere\x07")
    refused = await admin.ask("POST", "/admin/mail/test")

    assert sent == {"recipient": "chief@example.org", "sent": True, "reason": None}
    assert letter.recipients == ["chief@example.org"]
    assert (refused["sent"], "5.7.1" in refused["reason"]) == (False, True)
    assert refused["reason"].isprintable()
    (entry,) = (await admin.ask("GET", "/admin/audit?action=mail&limit=1"))["items"]
    assert (entry["action"], entry["after"]) == ("mail.test", {"reason": refused["reason"]})


@pytest.mark.parametrize(
    "email",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n\r\nhello",
        "a@example.org, b@example.org",
        "a@example.org\u2028x",
        "<a@example.org>",
        "a@b@example.org",
        "a b@example.org",
        '"a"@example.org',
        "a@example.org\0",
        "a@example.org;b@example.org",
    ],
)
async def test_address_that_is_more_than_one_is_refused(
    admin: Browser, mail: MailServer, email: str
) -> None:
    await admin.refuse(
        "POST", "/admin/invitations", {"email": email, "mail": True}, code="invalid_request"
    )

    assert mail.received.empty()


@pytest.mark.parametrize("email", ["a..b@example.org", "ä@exämple.org", "a'b@example.org", "a@b"])
async def test_unusual_address_is_the_only_recipient(
    admin: Browser, mail: MailServer, email: str
) -> None:
    made = await admin.ask("POST", "/admin/invitations", {"email": email, "mail": True}, status=201)

    if made["mailed"]:
        letter = await mail.next()
        assert letter.recipients == [email]
        assert len(letter.message.get_all("To", [])) == 1
    assert mail.received.empty()


async def test_options_say_whether_mail_works(browser: Browser, tmp_path: Path) -> None:
    assert (await browser.ask("GET", "/auth/options"))["mail"] is True

    async with open_world(tmp_path) as without, open_browser(without) as other:
        assert (await other.ask("GET", "/auth/options"))["mail"] is False


async def test_without_a_mail_server_it_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    async with open_world(tmp_path) as application, open_browser(application) as browser:
        applicant = Applicant(name="chief", email="chief@example.org", password=PASSWORD)
        await application.accounts.sign_up.create(applicant, role=Role.ADMIN, by=SERVER)
        await browser.log_in("chief")
        invitation = {"email": "x@example.org", "mail": True}
        link = f"/admin/accounts/{browser.account['id']}/password-link"

        for path, body in (
            ("/auth/password-reset", {"login": "chief"}),
            ("/auth/password-reset", {"login": "nobody"}),
            ("/admin/invitations", invitation),
            (link, {"mail": True}),
            ("/admin/mail/test", None),
        ):
            await browser.refuse("POST", path, body, code="mail_unavailable")

        assert (await browser.ask("GET", "/admin/invitations"))["items"] == []
        made = await browser.ask("GET", "/admin/audit?action=account.password_link")
        assert made["items"] == []


@pytest.mark.parametrize("content", [b"{}", b'{"login": 1}', b'{"login": "\\ud800"}', b"x"])
async def test_request_that_makes_no_sense_is_refused(
    application: Application, content: bytes
) -> None:
    transport = InProcessTransport(build_app(application))
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.post(f"{API}/auth/password-reset", content=content, headers=headers)

    assert answer.status_code in {400, 422}
