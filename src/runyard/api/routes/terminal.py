"""The terminal of an interactive execution, over a WebSocket.

Client to server: a binary frame is input; a text frame is a JSON object with `type` stdin (data,
encoding), eof, resize (rows, columns) or signal (number). Server to client: JSON objects with
`type` (an event's kind, or "problem"), `sequence` and `data`; the socket closes at the end.
"""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from runyard.api.dependencies import application_of, checked_id, require_runner, stopping_of
from runyard.api.middleware.messages import refuse
from runyard.api.problems import problem_of
from runyard.api.streams import TerminalConversation
from runyard.domain.errors import ConflictError, InvalidRequestError, RunyardError

router = APIRouter()


@router.websocket("/executions/{execution_id}/terminal")
async def terminal(socket: WebSocket, execution_id: str) -> None:
    application = await application_of(socket)
    try:
        await require_runner(application)
        execution = await application.executions.get(await checked_id(execution_id))
        if not execution.request.interactive and execution.request.terminal is None:
            raise ConflictError("The execution has no terminal; submit it with interactive: true.")
        after = _parse_after(socket.query_params.get("after", "0"))
    except RunyardError as error:
        await refuse(problem_of(error), socket.scope, socket.receive, socket.send)
        return
    await socket.accept()
    conversation = TerminalConversation(socket, application.executions, execution_id)
    await conversation.hold(after=after, stopping=await stopping_of(socket))


def _parse_after(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise InvalidRequestError("after: must be a whole number, 0 or above.")
    return int(text)
