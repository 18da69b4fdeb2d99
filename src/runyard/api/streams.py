"""Events of an execution as an endless answer: server-sent events, and the terminal's WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from runyard.api.problems import render_error
from runyard.api.schemas.rendering import dump
from runyard.api.schemas.requests import TERMINAL_SIDE_MAX, Encoding, decode
from runyard.domain.errors import BusyError, InvalidRequestError, RunyardError
from runyard.domain.events import Event, EventKind
from runyard.services.viewing import ViewedExecutions

# Below the idle limit of common proxies, one minute, with room.
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": heartbeat\n\n"
EVENT_STREAM = "text/event-stream"
MESSAGE_BYTES_MAX = 64 * 1024
# How often to offer input again to a program that reads slowly. Meanwhile nothing more is read
# from the socket, so the client is slowed down as by a pipe.
STDIN_RETRY_SECONDS = 0.05

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_POLICY_VIOLATION = 1008
CLOSE_TOO_BIG = 1009


def respond_events(
    first: Event | None, events: AsyncIterator[Event], *, stopping: asyncio.Event
) -> StreamingResponse:
    return StreamingResponse(
        stream_events(first, events, stopping=stopping),
        media_type=EVENT_STREAM,
        # Proxies that buffer would hold events back.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def stream_events(
    first: Event | None, events: AsyncIterator[Event], *, stopping: asyncio.Event
) -> AsyncIterator[bytes]:
    """Render `first` and the events that follow as they come, and a comment when none came for a
    while.
    """
    ended = asyncio.create_task(stopping.wait())
    upcoming: asyncio.Task[Event | None] | None = None
    try:
        if first is not None:
            yield render_event(first)
        while first is None or first.kind is not EventKind.FINISHED:
            upcoming = upcoming or asyncio.create_task(_next(events))
            await asyncio.wait(
                (upcoming, ended),
                timeout=HEARTBEAT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not upcoming.done():
                if ended.done():
                    return
                yield HEARTBEAT
                continue
            event = upcoming.result()
            upcoming = None
            if event is None:
                return
            yield render_event(event)
            if event.kind is EventKind.FINISHED:
                return
    finally:
        await _end(ended, upcoming)
        await _close(events)


def render_event(event: Event) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        event.sequence,
        event.kind.encode(),
        dump(event.data),
    )


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StdinMessage(_Message):
    type: Literal["stdin"]
    data: str
    encoding: Encoding = "utf-8"


class EofMessage(_Message):
    type: Literal["eof"]


class ResizeMessage(_Message):
    type: Literal["resize"]
    rows: int = Field(ge=1, le=TERMINAL_SIDE_MAX)
    columns: int = Field(ge=1, le=TERMINAL_SIDE_MAX)


class SignalMessage(_Message):
    type: Literal["signal"]
    number: int = Field(ge=1, le=64)


_MESSAGES: TypeAdapter[StdinMessage | EofMessage | ResizeMessage | SignalMessage] = TypeAdapter(
    Annotated[
        StdinMessage | EofMessage | ResizeMessage | SignalMessage, Field(discriminator="type")
    ]
)


class TerminalConversation:
    """Both directions of an accepted terminal socket until the execution or the client ends."""

    def __init__(self, socket: WebSocket, executions: ViewedExecutions, execution_id: str) -> None:
        self._socket = socket
        self._executions = executions
        self._id = execution_id

    async def hold(self, *, after: int, stopping: asyncio.Event) -> None:
        running = (
            asyncio.create_task(self._send_events(after)),
            asyncio.create_task(self._receive_messages()),
            asyncio.create_task(stopping.wait()),
        )
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            await self._close(CLOSE_NORMAL if running[0] in done else CLOSE_GOING_AWAY)
        except WebSocketDisconnect:
            pass
        except _MessageTooBigError as error:
            await self._refuse(error, CLOSE_TOO_BIG)
        except RunyardError as error:
            await self._refuse(error, CLOSE_POLICY_VIOLATION)
        finally:
            await _end(*running)

    async def _send_events(self, after: int) -> None:
        events = self._executions.follow(self._id, after=after)
        try:
            async for event in events:
                message = {"type": event.kind, "sequence": event.sequence, "data": event.data}
                await self._socket.send_text(dump(message).decode())
        finally:
            await _close(events)

    async def _receive_messages(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", CLOSE_NORMAL))
            content = message.get("bytes")
            text = message.get("text")
            size = len(content or b"") + len(text or "")
            if size > MESSAGE_BYTES_MAX:
                raise _MessageTooBigError(
                    f"A message has {size} bytes; at most {MESSAGE_BYTES_MAX} are allowed."
                )
            if content is not None:
                await self._write(content)
            else:
                await self._obey(text or "")

    async def _obey(self, text: str) -> None:
        try:
            message = _MESSAGES.validate_json(text)
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in found["loc"]) or "message"
            raise InvalidRequestError(f"{place}: {found['msg']}") from error
        match message:
            case StdinMessage():
                await self._write(decode(message.data, message.encoding, field="data"))
            case EofMessage():
                await self._executions.close_stdin(self._id)
            case ResizeMessage():
                await self._executions.resize(self._id, message.rows, message.columns)
            case SignalMessage():
                await self._executions.signal(self._id, message.number)

    async def _write(self, data: bytes) -> None:
        while True:
            try:
                await self._executions.write_stdin(self._id, data)
            except BusyError:
                await asyncio.sleep(STDIN_RETRY_SECONDS)
            else:
                return

    async def _refuse(self, error: RunyardError, close_code: int) -> None:
        problem = render_error(error)
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(f'{{"type":"problem","data":{problem.decode()}}}')
        await self._close(close_code, error.code)

    async def _close(self, code: int, reason: str = "") -> None:
        # The client may have gone while this side was about to close.
        with suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(code, reason)


class _MessageTooBigError(InvalidRequestError):
    code = "too_large"


async def _next(events: AsyncIterator[Event]) -> Event | None:
    return await anext(events, None)


async def _end(*tasks: asyncio.Task[object] | asyncio.Task[Event | None] | None) -> None:
    living = [task for task in tasks if task is not None]
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)


async def _close(events: AsyncIterator[Event]) -> None:
    """An abandoned generator would give back what it holds only when it is collected."""
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
