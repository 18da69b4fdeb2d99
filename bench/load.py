"""Clients that cost little: complete requests are made ahead, connections are kept, and an answer
is searched for what it must say and not parsed.
"""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import uvloop

HOST = "127.0.0.1"
SUCCEEDED = b'"state":"finished","outcome":"succeeded"'
ANSWER_SECONDS_MAX = 60.0
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


class WrongAnswerError(Exception):
    """An execution did not succeed, so its time means nothing."""


def submission(runtime: str, path: str, content: str, **fields: object) -> bytes:
    """Return a complete HTTP request that runs one file and waits for it."""
    files = [{"path": path, "content": content}]
    body = json.dumps({"runtime": runtime, "files": files, "wait": 60, **fields}).encode()
    return (
        b"POST /api/v1/executions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )


def question(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


class Connection:
    """One kept connection, asked one thing at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=ANSWER_SECONDS_MAX)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def run(self, request: bytes) -> float:
        """Return the seconds until the answer of an execution that succeeded."""
        return self.run_and_keep(request)[0]

    def run_and_keep(self, request: bytes) -> tuple[float, bytes]:
        """Return the answer too."""
        begun = time.perf_counter()
        answer = self.ask(request)
        seconds = time.perf_counter() - begun
        _check(answer)
        return seconds, answer

    def ask(self, request: bytes) -> bytes:
        """Return the body of the answer."""
        self._socket.sendall(request)
        received = bytearray()
        while (end := _end_of_answer(received)) is None or len(received) < end:
            received += self.receive()
        return bytes(received[received.index(_END) + len(_END) :])

    def ask_json(self, request: bytes) -> Any:
        return json.loads(self.ask(request))

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise WrongAnswerError("The server closed the connection.")
        return data


@dataclass(frozen=True, slots=True)
class Load:
    """`latencies` are seconds, one for each request, in the order of their ends; `cpu_seconds` is
    what the clients themselves used.
    """

    latencies: tuple[float, ...]
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def saturate(port: int, requests: Iterator[bytes], *, clients: int, seconds: float) -> Load:
    """Ask from `clients` connections as fast as they are answered, for about `seconds`."""
    return uvloop.run(_saturate(port, requests, clients, seconds))


async def _saturate(port: int, requests: Iterator[bytes], clients: int, seconds: float) -> Load:
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    started, cpu_started = time.perf_counter(), time.process_time()
    asking = []
    for _ in range(clients):
        _, client = await loop.create_connection(
            lambda: _Client(requests, started + seconds, latencies), HOST, port
        )
        asking.append(client.ended)
    async with asyncio.timeout(seconds + ANSWER_SECONDS_MAX):
        await asyncio.gather(*asking)
    return Load(tuple(latencies), time.perf_counter() - started, time.process_time() - cpu_started)


class _Client(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], deadline: float, latencies: list[float]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._deadline = deadline
        self._latencies = latencies
        self._received = bytearray()
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # That of uvloop is one in all but its base class.
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = _end_of_answer(self._received)
        if end is None or len(self._received) < end:
            return
        now = time.perf_counter()
        self._latencies.append(now - self._begun)
        try:
            _check(bytes(self._received))
        except WrongAnswerError as error:
            self._end(error)
            return
        self._received.clear()
        if now < self._deadline:
            self._ask()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or WrongAnswerError("The server closed the connection."))

    def _ask(self) -> None:
        assert self._transport is not None
        self._begun = time.perf_counter()
        self._transport.write(next(self._requests))

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)
        if self._transport is not None:
            self._transport.close()


def _end_of_answer(received: bytearray) -> int | None:
    """Return where the answer ends, once its head is there."""
    head = received.find(_END)
    if head < 0:
        return None
    length = _LENGTH.search(received, 0, head)
    if length is None:
        raise WrongAnswerError(f"No Content-Length in the answer: {bytes(received[:head])!r}")
    return head + len(_END) + int(length[1])


def _check(answer: bytes) -> None:
    if SUCCEEDED not in answer:
        raise WrongAnswerError(f"An execution did not succeed: {answer[:2000].decode()}")
