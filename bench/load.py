"""Clients that ask as fast as they are answered, over kept connections, at little cost."""

import asyncio
import json
import re
import time
from dataclasses import dataclass

LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


@dataclass(frozen=True, slots=True)
class Load:
    """`latencies` are seconds, one for each request, in the order of their ends."""

    latencies: tuple[float, ...]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def run(port: int, request: bytes, *, clients: int, seconds: float) -> Load:
    """Send `request` again and again from `clients` connections for about `seconds`."""
    return asyncio.run(_run(port, request, clients, seconds))


async def _run(port: int, request: bytes, clients: int, seconds: float) -> Load:
    started = time.perf_counter()
    latencies: list[float] = []
    await asyncio.gather(
        *(_client(port, request, started + seconds, latencies) for _ in range(clients))
    )
    return Load(tuple(latencies), time.perf_counter() - started)


async def _client(port: int, request: bytes, deadline: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (begun := time.perf_counter()) < deadline:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = LENGTH.search(head)
            if length is None:
                raise SystemExit(f"No Content-Length in the answer: {head!r}")
            answer = json.loads(await reader.readexactly(int(length[1])))
            if answer.get("outcome") != "succeeded":
                raise SystemExit(f"An execution did not succeed: {answer}")
            latencies.append(time.perf_counter() - begun)
    finally:
        writer.close()
        await writer.wait_closed()
