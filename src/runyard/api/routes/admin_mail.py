"""Mail, for administrators."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from runyard.api.access import ADMIN, CurrentPrincipal
from runyard.api.answering import respond
from runyard.api.dependencies import CurrentActor, CurrentApplication
from runyard.api.openapi import problems
from runyard.api.schemas.account_answers import TestMailAnswer

router = APIRouter(prefix="/admin", tags=["administration"])


@router.post(
    "/mail/test",
    dependencies=[Depends(ADMIN)],
    response_model=TestMailAnswer,
    responses=problems(401, 409, 429),
)
async def send_test_mail(
    application: CurrentApplication, principal: CurrentPrincipal, actor: CurrentActor
) -> Response:
    """Send a mail to one's own address, and say what the mail server makes of it."""
    account = principal.known_account
    reason = await application.accounts.post.send_test(account, by=actor)
    return respond(TestMailAnswer(recipient=account.email, sent=reason is None, reason=reason))
