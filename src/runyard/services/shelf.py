"""Sandboxes of one kind that stand ready: how one is made, whom it fits, what was learned."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, replace

import structlog

from runyard.agent.channel import Channel
from runyard.agent.channel import Command as AgentCommand
from runyard.domain.errors import EngineError
from runyard.domain.execution import StepKind
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Runtime, Start
from runyard.engines.interface import Engine, Sandbox, SandboxSpec
from runyard.services.commands import compile_command, plain_request, run_command
from runyard.services.demand import Demand

# A program that is started at the lowest weight beside a full worker takes long.
START_SECONDS_MAX = 60.0
_GRACE_SECONDS = 5.0
# Before anything was measured: an agent alone, a forked interpreter, a virtual machine.
_BYTES = {Start.COLD: 2 * MIB, Start.FORKED: 12 * MIB, Start.WAITING: 64 * MIB}
_SECONDS = {Start.COLD: 0.005, Start.FORKED: 0.005, Start.WAITING: 0.5}
# A program that waits sooner is made like a sandbox without one.
_SLOW_SECONDS = 0.025
# The newest measurement counts this much.
_WEIGHT = 0.3
# Of the sandboxes of one kind, one in so many is measured.
_MEASURE_EVERY = 16
_REST_SECONDS, _REST_SECONDS_MAX = 1.0, 60.0

_log = structlog.get_logger(__name__)

# A runtime's id and the step that a sandbox begins with.
Kind = tuple[str, StepKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to make a sandbox in which `runtime` begins with one of its steps. `command` is what a
    plain request would run there, with default limits.
    """

    runtime: Runtime
    kind: StepKind
    spec: SandboxSpec
    command: AgentCommand
    start: Start

    def makes_the_same_as(self, other: Recipe) -> bool:
        return (self.spec, self.command, self.start) == (other.spec, other.command, other.start)


def find_recipe(
    runtime: Runtime, kind: StepKind, *, has_images: bool, forked_starts: bool
) -> Recipe:
    """`kind` is COMPILE or RUN."""
    request = plain_request(runtime)
    if kind is StepKind.COMPILE and runtime.compile is not None:
        start = runtime.compile.start
        command = compile_command(request, runtime.compile, runtime.compile_limits)
    else:
        start = runtime.run.start
        command = run_command(request, runtime.run, runtime.run_limits)
    if start is Start.FORKED and not forked_starts:
        start = Start.COLD
    zygote = (
        Command(argv=command.argv, env=command.env, start=start) if start is Start.FORKED else None
    )
    spec = (
        SandboxSpec(image=runtime.image, zygote=zygote)
        if has_images
        else SandboxSpec(mounts=runtime.mounts, zygote=zygote)
    )
    return Recipe(runtime=runtime, kind=kind, spec=spec, command=command, start=start)


@dataclass(eq=False, slots=True, kw_only=True)
class Ready:
    """A sandbox with nothing of any request in it, whose agent was greeted. `program` is what
    waits in it, if anything does; `since` is a time of the monotonic clock.
    """

    sandbox: Sandbox
    channel: Channel
    limits: Limits
    program: AgentCommand | None
    since: float

    def why_not(self, limits: Limits, command: AgentCommand | None) -> str | None:
        """Return why this is no place for a step with these limits, or None. Without a `command`
        no program may wait in it: what comes first is not one.
        """
        if limits.disk_bytes != self.limits.disk_bytes:
            return "disk"
        waiting = self.program
        if waiting is None:
            return None
        if limits.memory_bytes < self.limits.memory_bytes:
            # The program may hold more already.
            return "memory"
        is_same = (
            command is not None
            and command.argv == waiting.argv
            and command.env == waiting.env
            and command.cwd == waiting.cwd
            and command.terminal is None
            and not command.merge_stderr
        )
        return None if is_same else "command"


class Shelf:
    """`rest` after a failure is longer each time, until one that was made is of use."""

    def __init__(self, recipe: Recipe, *, now: float) -> None:
        self.recipe = recipe
        self.demand = Demand(now=now)
        # The oldest first.
        self.ready: deque[Ready] = deque()
        self.start_seconds = _SECONDS[recipe.start]
        self.sandbox_bytes = _BYTES[recipe.start]
        self._made = 0
        self._failures = 0
        self._rests_until = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether making one takes so long that others are not to wait for it."""
        return self.recipe.start is Start.WAITING and self.start_seconds > _SLOW_SECONDS

    async def make(self, engine: Engine) -> Ready:
        """Return a sandbox of this kind. Raises EngineError, and leaves nothing behind then."""
        limits = self.recipe.command.limits
        sandbox = await engine.create(self.recipe.spec)
        try:
            async with asyncio.timeout(START_SECONDS_MAX + _GRACE_SECONDS):
                await sandbox.prepare(limits, ahead=True, light=self.is_slow)
                channel = Channel(sandbox.stream)
                await channel.open()
                program = await self._start_program(channel)
                await self._measure(sandbox)
        except TimeoutError as error:
            await asyncio.shield(sandbox.destroy())
            raise EngineError("A sandbox was not ready in time.") from error
        except BaseException:
            await asyncio.shield(sandbox.destroy())
            raise
        return Ready(
            sandbox=sandbox, channel=channel, limits=limits, program=program, since=time.monotonic()
        )

    def learn(self, seconds: float) -> None:
        weight = _WEIGHT if self._made else 1.0
        self.start_seconds += weight * (seconds - self.start_seconds)
        self._made += 1

    def note_use(self) -> None:
        self._failures = 0

    def rest(self) -> None:
        seconds = min(_REST_SECONDS * 2**self._failures, _REST_SECONDS_MAX)
        self._failures = min(self._failures + 1, 16)
        self._rests_until = time.monotonic() + seconds

    def is_resting(self, now: float) -> bool:
        return now < self._rests_until

    async def _start_program(self, channel: Channel) -> AgentCommand | None:
        """Return the program that a request must be the same as; None if any is right: a fork that
        is not wanted costs next to nothing.
        """
        command = self.recipe.command
        if self.recipe.start is Start.COLD:
            return None
        patient = replace(command.limits, wall_seconds=START_SECONDS_MAX)
        warmed = await channel.warm(replace(command, limits=patient))
        if warmed.is_waiting:
            return command if self.recipe.start is Start.WAITING else None
        _log.info("program_does_not_wait", runtime=self.recipe.runtime.id, reason=warmed.message)
        self.rest()
        return None

    async def _measure(self, sandbox: Sandbox) -> None:
        if self._made % _MEASURE_EVERY == 0:
            measured = (await sandbox.usage()).memory_peak_bytes
            if measured is not None:
                self.sandbox_bytes = measured
