"""The launcher process from the server's side: starting it, and asking it for slots."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from runyard.agent.binary import agent_path
from runyard.domain.errors import EngineError, EngineUnavailableError
from runyard.engines.linux import delegation, spec
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.spec import Reply, ReplyKind, RequestKind

_END_SECONDS_MAX = 10.0
# A slot's socket and the file of its weight.
_FD_COUNT_MAX = 2


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What the launcher found when it started."""

    is_root: bool
    cgroup_version: int
    has_memory: bool
    has_processes: bool
    has_cpu: bool
    group: str
    why_no_cgroup: str

    @classmethod
    def parse(cls, words: str) -> Self:
        values = dict(line.partition("=")[::2] for line in words.splitlines())
        return cls(
            is_root=values["mode"] == "root",
            cgroup_version=int(values["cgroup"]),
            has_memory=values["memory"] == "1",
            has_processes=values["pids"] == "1",
            has_cpu=values["cpu"] == "1",
            group=values["group"],
            why_no_cgroup=values["why"],
        )


def start_launcher(options: LinuxOptions) -> LauncherHandle:
    """Start the launcher with the rights that this process has now, and wait until it is ready.

    Call it from the main thread, before privileges are dropped: the launcher ends with the thread
    that started it. Raises EngineUnavailableError.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EngineError("The launcher ends with the thread that starts it: use the main thread.")
    launcher = LauncherHandle(options)
    if os.geteuid() == 0 or launcher.facts.cgroup_version:
        return launcher
    granted = delegation.request_scope()
    if isinstance(granted, delegation.NotDelegated):
        return launcher
    launcher.close()
    granted.settle()
    return LauncherHandle(options)


class LauncherHandle:
    """One launcher process and the socket to it. Requests are answered in order."""

    def __init__(self, options: LinuxOptions) -> None:
        self.options = options
        self._lock: asyncio.Lock | None = None
        self._request_id = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        with theirs:
            self._process = _spawn(options, theirs)
        ours.settimeout(options.startup_seconds)
        try:
            reply = spec.unpack_reply(ours.recv(spec.PACKET_BYTES_MAX))
        except (OSError, EngineError) as error:
            self.close()
            raise EngineUnavailableError(
                f"The sandbox launcher does not answer ({error}). Its own message, if it had one, "
                "is on standard error."
            ) from error
        if reply.kind is not ReplyKind.HELLO:
            self.close()
            raise EngineUnavailableError(f"The sandbox launcher cannot start: {reply.words}.")
        ours.setblocking(False)
        self.facts = HostFacts.parse(reply.words)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def request(
        self, kind: RequestKind, *, slot: int = 0, count: int = 0, body: bytes = b""
    ) -> tuple[Reply, list[int]]:
        """Return the answer and the descriptors that came with it. Raises EngineError with the
        launcher's words.
        """
        if self._lock is None:
            self._lock = asyncio.Lock()
        async with self._lock:
            self._request_id += 1
            request_id = self._request_id
            packet = spec.pack_request(
                kind, request_id=request_id, slot=slot, count=count, body=body
            )
            try:
                self._socket.send(packet)
                while True:
                    reply, fds = await self._receive()
                    if reply.request_id == request_id:
                        break
                    # The answer to a request whose caller was cancelled.
                    for fd in fds:
                        os.close(fd)
            except OSError as error:
                raise EngineUnavailableError(f"The sandbox launcher is gone: {error}.") from error
        if reply.kind is not ReplyKind.OK:
            raise EngineError(f"The sandbox launcher refused: {reply.words}.")
        return reply, fds

    async def _receive(self) -> tuple[Reply, list[int]]:
        await _readable(self._socket)
        data, fds, _, _ = socket.recv_fds(self._socket, spec.PACKET_BYTES_MAX, _FD_COUNT_MAX)
        if not data:
            raise EngineUnavailableError("The sandbox launcher is gone; start the server again.")
        return spec.unpack_reply(data), fds

    def close(self) -> None:
        """End the launcher and with it every slot and job. Idempotent; blocks until it is gone."""
        self._socket.close()
        try:
            self._process.wait(_END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _spawn(options: LinuxOptions, theirs: socket.socket) -> subprocess.Popen[bytes]:
    path = (options.agent_path or agent_path()).absolute()
    present = tuple(source for source in options.sources if Path(source).is_dir())
    words = spec.launcher_arguments(options, sources=present, fd=theirs.fileno())
    try:
        return subprocess.Popen(
            [path, "launcher", *words],
            env={},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
    except OSError as error:
        raise EngineUnavailableError(f"Cannot start {path}: {error}.") from error


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(sock, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_reader(sock)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
