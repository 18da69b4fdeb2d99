"""A slot from the server's side: orders go to it as packets, reports come back on the same socket.
One job at a time; each order has a sequence number by which its reports are known.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence

from runyard.domain.errors import EngineError, EngineUnavailableError
from runyard.domain.limits import Limits
from runyard.engines.interface import SandboxSpec
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.spec import (
    PACKET_BYTES_MAX,
    OrderFlag,
    OrderKind,
    Report,
    ReportKind,
    pack_begin,
    pack_order,
    pack_start,
    unpack_report,
)
from runyard.engines.linux.weight import Weight

_ANSWER_SECONDS_MAX = 15.0
_END_SECONDS_MAX = 2.0


class Slot:
    """`spec` is what its root and its zygote were made for. `fds` are its socket and, where there
    is a cpu controller, the file of its weight. `on_lost` is called once if the slot ends without
    being told to.
    """

    def __init__(
        self, *, number: int, spec: SandboxSpec, fds: Sequence[int], on_lost: Callable[[Slot], None]
    ) -> None:
        self.number = number
        self.spec = spec
        self.is_lost = False
        self._socket = socket.socket(fileno=fds[0])
        self._weight = Weight(fds[1]) if len(fds) > 1 else None
        self._socket.setblocking(False)
        self._on_lost = on_lost
        self._sequence = 0
        self._on_failed: Callable[[], None] | None = None
        self._waiting: dict[ReportKind, asyncio.Future[Report]] = {}
        # How the job with the present sequence number ended, once it has.
        self._ended: Report | None = None
        self._words = ""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._receive)

    async def wait_ready(self, seconds_max: float) -> None:
        """Wait until the root is built. Raises EngineUnavailableError with what went wrong."""
        try:
            report = await self._report(ReportKind.READY, seconds_max)
        except EngineError as error:
            raise EngineUnavailableError(f"A sandbox cannot be set up: {error}") from error
        if report.kind is ReportKind.FAILED:
            raise EngineUnavailableError(f"A sandbox cannot be set up: {report.words}.")

    def start(
        self,
        limits: Limits,
        options: LinuxOptions,
        *,
        flags: OrderFlag,
        is_light: bool = False,
        job_end: int,
        on_failed: Callable[[], None],
    ) -> int:
        """Order a job and return its sequence number. `on_failed` is called if an order about it
        fails; why is told by `explain_end`.
        """
        self._sequence += 1
        self._ended = None
        self._on_failed = on_failed
        self._weigh(is_light=is_light)
        packet = pack_start(limits, options, sequence=self._sequence, flags=flags)
        try:
            socket.send_fds(self._socket, [packet], [job_end])
        except OSError as error:
            raise EngineError(f"The sandbox is gone: {error}.") from error
        return self._sequence

    def begin(self, limits: Limits, options: LinuxOptions) -> None:
        """Give the job that was started ahead the limits of a request."""
        self._weigh(is_light=False)
        try:
            self._socket.send(pack_begin(limits, options, sequence=self._sequence))
        except OSError as error:
            raise EngineError(f"The sandbox is gone: {error}.") from error

    async def measure(self) -> Report:
        return await self._ask(OrderKind.USAGE, ReportKind.USAGE)

    async def release(self) -> None:
        """End the job and everything of it. Raises EngineError if that cannot be confirmed."""
        report = await self._ask(OrderKind.RELEASE, ReportKind.RELEASED)
        if report.kind is not ReportKind.RELEASED:
            raise EngineError(f"A sandbox cannot be cleared: {report.words}.")

    async def explain_end(self, sequence: int) -> None:
        """Wait for the report on a job whose stream has ended, and raise EngineError if it is not
        the ordinary end of an agent that was told to go.
        """
        if sequence == self._sequence and self._ended is None and not self.is_lost:
            try:
                await self._report(ReportKind.ENDED, _END_SECONDS_MAX)
            except EngineError:
                return
        report = self._ended
        if sequence != self._sequence or report is None:
            return
        if report.words:
            raise EngineError(f"The sandbox ended: {report.words}.")
        if report.oom_kills and report.status < 0:
            raise EngineError("The sandbox ended: the kernel ended its agent for want of memory.")

    def close(self) -> None:
        """Forget the slot; its process ends when the socket does. Idempotent."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            if self._weight is not None:
                self._weight.close()
        self.is_lost = True
        self._fail_waiting()

    def _weigh(self, *, is_light: bool) -> None:
        if self._weight is None:
            return
        try:
            self._weight.set(is_light=is_light)
        except OSError as error:
            raise EngineError(f"The weight of a sandbox cannot be set: {error}.") from error

    async def _ask(self, order: OrderKind, answer: ReportKind) -> Report:
        try:
            self._socket.send(pack_order(order, sequence=self._sequence))
        except OSError as error:
            raise EngineError(f"The sandbox is gone: {error}.") from error
        return await self._report(answer, _ANSWER_SECONDS_MAX)

    async def _report(self, kind: ReportKind, seconds_max: float) -> Report:
        if self.is_lost:
            raise EngineError(self._gone())
        if kind not in self._waiting:
            self._waiting[kind] = self._loop.create_future()
        future = self._waiting[kind]
        alarm = self._loop.call_later(seconds_max, _give_up, future, f"no answer in {seconds_max}s")
        try:
            return await asyncio.shield(future)
        finally:
            alarm.cancel()
            if future.done() and self._waiting.get(kind) is future:
                del self._waiting[kind]

    def _receive(self) -> None:
        while True:
            try:
                packet = self._socket.recv(PACKET_BYTES_MAX)
                report = unpack_report(packet) if packet else None
            except BlockingIOError:
                return
            except (OSError, EngineError):
                report = None
            if report is None:
                self.close()
                self._on_lost(self)
                return
            self._dispatch(report)

    def _dispatch(self, report: Report) -> None:
        if report.kind is ReportKind.FAILED:
            self._words = report.words
            for kind in (ReportKind.READY, ReportKind.RELEASED):
                self._resolve(kind, report)
        if report.sequence == self._sequence and report.kind in (
            ReportKind.ENDED,
            ReportKind.FAILED,
        ):
            # The job's own end, if one comes after it, explains less.
            if self._ended is None or self._ended.kind is not ReportKind.FAILED:
                self._ended = report
            self._resolve(ReportKind.ENDED, report)
            if report.kind is ReportKind.FAILED and self._on_failed is not None:
                self._on_failed()
            return
        self._resolve(report.kind, report)

    def _resolve(self, kind: ReportKind, report: Report) -> None:
        future = self._waiting.pop(kind, None)
        if future is not None and not future.done():
            future.set_result(report)

    def _fail_waiting(self) -> None:
        for future in self._waiting.values():
            _give_up(future, self._gone())
        self._waiting.clear()

    def _gone(self) -> str:
        return self._words or "its supervisor is gone"


def _give_up(future: asyncio.Future[Report], reason: str) -> None:
    if not future.done():
        future.set_exception(EngineError(f"The sandbox does not answer: {reason}."))
        # Nobody may be waiting any more; the reason is then of no interest.
        future.exception()
