"""Listens for HTTP: the socket, the signals that end it, and the order in which it ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import uvicorn
from fastapi import FastAPI

from runyard.api.connection import BoundedConnection
from runyard.api.streams import MESSAGE_BYTES_MAX
from runyard.domain.errors import EngineUnavailableError, InvalidRequestError

# Longer than the pauses of a person or a poller, so that they keep their connection.
KEEP_ALIVE_SECONDS = 65
# A message of the allowed size as JSON text with base64 in it, before the route looks at it.
WEBSOCKET_BYTES_MAX = 2 * MESSAGE_BYTES_MAX


class ListenError(EngineUnavailableError):
    code = "cannot_listen"


def open_socket(host: str, port: int) -> socket.socket:
    """Bind, so that a port in use is found out before anything is started."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ListenError(f"Cannot listen on {host!r}: {error}.") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        # Answers "refused" instead of nothing where a second server was about to start.
        listener.listen(1)
    except OSError as error:
        listener.close()
        raise ListenError(
            f"Cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another port with --port or RUNYARD_PORT."
        ) from error
    return listener


def refuse_beyond_loopback(listener: socket.socket, host: str) -> None:
    """For the development profile, in which whoever reaches the port can run code."""
    address = str(listener.getsockname()[0]).partition("%")[0]
    if not ip_address(address).is_loopback:
        listener.close()
        raise InvalidRequestError(
            f"Host {host} is reachable from other machines, and in the development profile whoever"
            " reaches it may run code without an account. Listen on 127.0.0.1 or ::1, or serve"
            " with --profile production."
        )


def address_of(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at SIGTERM and at SIGINT, each time."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def listen(
    app: FastAPI, listener: socket.socket, *, stopped: asyncio.Event, drain_seconds: float
) -> None:
    """Serve until `stopped`; then end endless answers, and give the others time to be given."""
    server = _Server(
        uvicorn.Config(
            app,
            http=BoundedConnection,
            ws="websockets-sansio",
            ws_max_size=WEBSOCKET_BYTES_MAX,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, round(drain_seconds)),
        )
    )

    async def stop() -> None:
        await stopped.wait()
        app.state.stopping.set()
        server.should_exit = True

    stopping = asyncio.create_task(stop())
    try:
        await server.serve(sockets=[listener])
    finally:
        stopping.cancel()


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone: this server raises them again before the worker has drained."""
        yield
