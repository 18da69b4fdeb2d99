"""Sandboxes on bare Linux, through the launcher.

Theory of operation. agent/src/launcher.c describes the processes; here is what drives them.

A *slot* is a process that waits in a finished root; a *job* is one fresh set of namespaces in it,
with the agent as its init. A Sandbox is a slot taken for one execution: `create` takes an idle
slot made for the same spec or has the launcher make one, `prepare` and `begin_step` each order a
job and hand it one end of a new socket pair, and `destroy` tells the slot to end everything and
waits until it has. Then the slot is idle again, for the next sandbox of the same spec; if it does
not answer, the launcher kills it and a new one takes its place. A slot may keep a *zygote*, a
started interpreter outside every job, from which the programs of its jobs are forked.

Nothing waits for the start of a job: orders are packets, the agent does not speak first, and what
goes wrong in the job's set-up is reported by the slot and raised when the stream ends.

Everything ends with the server: the launcher sees the end of its socket, the slots that of theirs,
and the kernel ends each slot's pid namespace with the slot.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from pydantic import ValidationError

from runyard.domain.errors import (
    BusyError,
    EngineError,
    EngineUnavailableError,
    InvalidRequestError,
)
from runyard.engines.interface import Capabilities, Engine, EngineKind, SandboxSpec
from runyard.engines.linux import probe
from runyard.engines.linux.launcher import LauncherHandle
from runyard.engines.linux.options import LinuxOptions, PlatformOptions
from runyard.engines.linux.sandbox import LinuxSandbox
from runyard.engines.linux.slot import Slot
from runyard.engines.linux.spec import RequestKind, pack_mounts, pack_zygote

_Result = TypeVar("_Result")
# Of the launcher's slots: a trial takes them beside whatever else runs.
_TRIAL_SLOTS = 2


def build(launcher: LauncherHandle, options: LinuxOptions) -> Engine:
    return LinuxEngine(launcher, options)


class LinuxEngine:
    """`owns_launcher`: the launcher ends with the engine."""

    def __init__(
        self, launcher: LauncherHandle, options: LinuxOptions, *, owns_launcher: bool = True
    ) -> None:
        self._owns_launcher = owns_launcher
        self._launcher = launcher
        self._options = options
        self._numbers = count(1)
        self._sandboxes: dict[str, LinuxSandbox] = {}
        # Least recently used first.
        self._idle: OrderedDict[int, Slot] = OrderedDict()
        # Slots that exist or are being made.
        self._slot_count = 0
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_closed = False

    async def probe(self) -> Capabilities:
        return await probe.find_capabilities(self, self._launcher.facts)

    async def create(self, spec: SandboxSpec) -> LinuxSandbox:
        if self._is_closed:
            raise EngineUnavailableError("The engine is closed.")
        if spec.image is not None:
            raise EngineError("Sandboxes on bare Linux have the host's root, not an image's.")
        slot = self._take_idle(spec)
        if slot is None:
            slot = await self._make_slot(spec)
        sandbox_id = f"linux-{self._launcher.pid}-{slot.number}-{next(self._numbers)}"
        sandbox = LinuxSandbox(
            slot,
            sandbox_id=sandbox_id,
            options=self._options,
            facts=self._launcher.facts,
            give_back=self._give_back,
        )
        self._sandboxes[sandbox_id] = sandbox
        return sandbox

    async def list_ids(self) -> list[str]:
        reply, _ = await self._launcher.request(RequestKind.LIST)
        return [*self._sandboxes, *reply.words.split()]

    async def destroy(self, sandbox_id: str) -> None:
        sandbox = self._sandboxes.get(sandbox_id)
        if sandbox is not None:
            await sandbox.destroy()
        elif sandbox_id.isascii():
            await self._launcher.request(RequestKind.REAP, body=sandbox_id.encode())

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.gather(*(sandbox.destroy() for sandbox in tuple(self._sandboxes.values())))
        await asyncio.gather(*tuple(self._tasks), return_exceptions=True)
        idle = tuple(self._idle.values())
        self._idle.clear()
        if self._owns_launcher:
            for slot in idle:
                slot.close()
            await asyncio.to_thread(self._launcher.close)
        else:
            # A launcher that is gone has taken them along.
            await asyncio.gather(*(self._discard(slot) for slot in idle), return_exceptions=True)

    def _take_idle(self, spec: SandboxSpec) -> Slot | None:
        # The most recently used first: its pages are warm.
        for number, slot in reversed(self._idle.items()):
            if slot.spec == spec:
                del self._idle[number]
                return slot
        return None

    async def _make_slot(self, spec: SandboxSpec) -> Slot:
        if self._slot_count >= self._options.slot_count_max:
            await self._evict()
        self._slot_count += 1
        making = self._spawn(self._open_slot(spec))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            # The launcher is at work already: let it finish, and keep what comes of it.
            making.add_done_callback(self._keep_idle)
            raise

    async def _evict(self) -> None:
        if not self._idle:
            most = self._options.slot_count_max
            raise BusyError(f"All {most} sandboxes of this machine are in use.")
        _, slot = self._idle.popitem(last=False)
        await asyncio.shield(self._spawn(self._discard(slot)))

    async def _open_slot(self, spec: SandboxSpec) -> Slot:
        try:
            zygote = pack_zygote(spec.zygote)
            reply, fds = await self._launcher.request(
                RequestKind.CREATE_SLOT,
                slot=len(zygote),
                count=len(spec.mounts),
                body=pack_mounts(spec.mounts) + zygote,
            )
        except BaseException:
            self._slot_count -= 1
            raise
        if not fds:
            self._slot_count -= 1
            raise EngineError("The launcher sent no socket with a new slot.")
        slot = Slot(number=reply.slot, spec=spec, fds=fds, on_lost=self._forget)
        try:
            await slot.wait_ready(self._options.startup_seconds)
        except BaseException:
            await self._discard(slot)
            raise
        return slot

    async def _give_back(self, sandbox: LinuxSandbox, slot: Slot, *, is_clean: bool) -> None:
        self._sandboxes.pop(sandbox.id, None)
        if is_clean and not slot.is_lost and not self._is_closed:
            self._idle[slot.number] = slot
        else:
            await self._discard(slot)

    def _keep_idle(self, making: asyncio.Task[Slot]) -> None:
        if not making.cancelled() and making.exception() is None:
            self._idle[making.result().number] = making.result()

    def _forget(self, slot: Slot) -> None:
        """An idle slot died. One in use is discarded when its sandbox is destroyed."""
        if self._idle.get(slot.number) is slot:
            del self._idle[slot.number]
            self._slot_count -= 1

    async def _discard(self, slot: Slot) -> None:
        slot.close()
        try:
            await self._launcher.request(RequestKind.DESTROY_SLOT, slot=slot.number)
        finally:
            self._slot_count -= 1

    def _spawn(self, work: Coroutine[object, object, _Result]) -> asyncio.Task[_Result]:
        """Run `work` to its end even if nobody waits for it any more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class LinuxKind:
    """What an administrator configures of this machine's own sandboxes."""

    name = "linux"
    description = "Sandboxes of this machine's own kernel: namespaces, cgroups and seccomp."

    def schema(self) -> dict[str, Any]:
        return PlatformOptions.model_json_schema()

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return _parse(options).model_dump()

    def open(
        self, options: Mapping[str, Any], groundwork: object, *, is_trial: bool = False
    ) -> Engine:
        if not isinstance(groundwork, LauncherHandle):
            raise EngineUnavailableError("Sandboxes need the launcher; it was not started.")
        chosen, most = _parse(options), groundwork.options.slot_count_max - _TRIAL_SLOTS
        slot_count_max = min(chosen.slot_count_max or most, most)
        return LinuxEngine(
            groundwork,
            replace(
                groundwork.options,
                slot_count_max=_TRIAL_SLOTS if is_trial else slot_count_max,
                startup_seconds=chosen.startup_seconds,
                grace_seconds=chosen.grace_seconds,
            ),
            owns_launcher=not is_trial,
        )


def _parse(options: Mapping[str, Any]) -> PlatformOptions:
    try:
        # Not from Python's values: those of JSON have no other form.
        return PlatformOptions.model_validate_json(json.dumps(dict(options)))
    except ValidationError as error:
        errors = [
            {
                "field": ".".join(("options", *map(str, each["loc"]))),
                "message": each["msg"],
            }
            for each in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = errors[0]
        raise InvalidRequestError(f"{first['field']}: {first['message']}", errors=errors) from error


KIND: EngineKind = LinuxKind()
