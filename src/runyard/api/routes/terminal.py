"""The terminal of an interactive execution, over a WebSocket.

Client to server: a binary frame is input; a text frame is a JSON object with `type` stdin (data,
encoding), eof, resize (rows, columns) or signal (number). Server to client: JSON objects with
`type` (an event's kind, or "problem"), `sequence` and `data`; the socket closes at the end.

A client that cannot send the header Authorization offers the protocols `runyard` and
`runyard.bearer.<token>`.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends, WebSocket

from runyard.api.access import RUN_WRITE, SOCKET_PROTOCOL
from runyard.api.dependencies import ExecutionId, Executions, Stopping
from runyard.api.streams import TerminalConversation
from runyard.domain.errors import ConflictError, InvalidRequestError

router = APIRouter()


@router.websocket("/executions/{execution_id}/terminal", dependencies=[Depends(RUN_WRITE)])
async def terminal(
    socket: WebSocket, execution_id: ExecutionId, executions: Executions, stopping: Stopping
) -> None:
    execution = await executions.get(execution_id)
    if not execution.request.interactive and execution.request.terminal is None:
        raise ConflictError("The execution has no terminal; submit it with interactive: true.")
    after = _parse_after(socket.query_params.get("after", "0"))
    has_protocol = SOCKET_PROTOCOL in socket.scope.get("subprotocols", ())
    await socket.accept(SOCKET_PROTOCOL if has_protocol else None)
    conversation = TerminalConversation(socket, executions, execution_id)
    await conversation.hold(after=after, stopping=stopping)


def _parse_after(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise InvalidRequestError("after: must be a whole number, 0 or above.")
    return int(text)
