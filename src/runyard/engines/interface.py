"""The port between Runyard and a platform that runs code.

An engine only starts a sandbox and hands over the byte stream of the agent inside it; files,
commands, limits, terminals and results travel over that stream (`runyard.agent.channel`) and are
the same everywhere. What the types cannot say stands in the docstrings here and is enforced by
`runyard.testing.engine_conformance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runyard.domain.limits import Limits, Usage
from runyard.domain.runtime import Command, Mount


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforcement:
    """Whether a limit holds here, by what ("cgroup v2", "cgroup v1", "rlimit", "agent",
    "nothing"), and what to do about it where it is weaker than it should be.
    """

    enforced: bool
    by: str
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine promises on this host, found by trying."""

    usable: bool
    reason: str | None = None
    isolation: str = "namespaces"  # or "gvisor", "vm"
    # Keys: wall_seconds, cpu_seconds, memory_bytes, processes, output_bytes, disk_bytes.
    limits: dict[str, Enforcement] = field(default_factory=dict)
    network_cut: bool = False
    root_read_only: bool = False
    has_terminal: bool = True
    has_late_stdin: bool = True
    # Whether a sandbox is made from an image; otherwise it shows the host's root and mounts.
    has_images: bool = False
    # Findings in words for `runyard doctor`: (what was tried, whether it worked, what to do).
    checks: tuple[tuple[str, bool, str], ...] = ()

    @property
    def has_weak_limits(self) -> bool:
        return any(not limit.enforced for limit in self.limits.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """What a sandbox is started for; known before any request is."""

    # Read-only host directories beside the standard root.
    mounts: tuple[Mount, ...] = ()
    image: str | None = None
    # The interpreter to keep started, outside every sandbox, for commands to be forked from: argv
    # and env of one that it is to serve. An engine that cannot do it ignores it.
    zygote: Command | None = None


class Stream(Protocol):
    """Bytes to and from the agent. One reader and one writer at a time."""

    async def read(self, size_max: int) -> bytes:
        """Return at least one byte, or b"" once the agent is gone."""
        ...

    def write(self, data: bytes | memoryview) -> None:
        """Queue `data`; never blocks."""
        ...

    async def drain(self) -> None:
        """Wait until little is queued. Raises ConnectionError when the agent is gone."""
        ...

    async def aclose(self) -> None: ...


class Sandbox(Protocol):
    """One isolated place. Single-use: it serves one execution and is destroyed."""

    @property
    def id(self) -> str: ...

    @property
    def stream(self) -> Stream:
        """The stream of the present step's agent. The agent never speaks first.
        `begin_step` may replace it.
        """
        ...

    async def prepare(
        self, limits: Limits, *, network: bool = False, ahead: bool = False, light: bool = False
    ) -> None:
        """Set the limits of the first step. Called once, before anything is sent.

        `ahead`: nobody waits for this sandbox yet. What runs in it has no deadline until `begin`,
        and with `light` also gives way to everything else where that is possible. Raises
        EngineError for a network this platform does not grant.
        """
        ...

    async def begin(self, limits: Limits) -> None:
        """Turn a sandbox that was prepared ahead into that of a request: its limits, its deadline
        and its share of the processors count from here on.

        Called once, right before the request's first command is sent; what was sent before it
        belonged to nobody. `limits.disk_bytes` is the same as in `prepare`. Never waits for an
        answer: a platform that fails to set the limits ends the sandbox. Raises EngineError for a
        sandbox that was not prepared ahead, or that cannot have these limits any more.
        """
        ...

    def watch(self, ended: Callable[[], None] | None) -> None:
        """Have `ended` called, once, if the sandbox ends while nobody reads its stream. None calls
        that off, before the stream is read again.
        """
        ...

    async def begin_step(self, limits: Limits) -> None:
        """End whatever the former step left behind and make ready for the next one.

        After it no process of a former step is alive; /tmp, /dev/shm and IPC are empty; the
        limits are the new ones. The first call freezes /work as it is now, and every call starts
        from that frozen /work: what a later step wrote there is gone.
        """
        ...

    async def usage(self) -> Usage:
        """Return what the present step has spent, measured from outside it."""
        ...

    async def destroy(self) -> None:
        """End every process and give everything back. Idempotent; never raises for a sandbox
        that is already gone.
        """
        ...


class Engine(Protocol):
    """The driver for one kind of platform."""

    async def probe(self) -> Capabilities:
        """Find out by trying what works here. May take seconds; safe to repeat."""
        ...

    async def create(self, spec: SandboxSpec) -> Sandbox:
        """Return a started sandbox whose agent answers.

        Raises EngineUnavailableError if the platform does not work, BusyError if it is full,
        EngineError otherwise. Cancelling the call leaves nothing behind.
        """
        ...

    async def list_ids(self) -> list[str]:
        """Return the sandboxes that exist, those a crashed process left included."""
        ...

    async def destroy(self, sandbox_id: str) -> None:
        """End a sandbox by its id. Idempotent, also for ids that never existed."""
        ...

    async def aclose(self) -> None:
        """Destroy what this engine created and release the platform. Idempotent."""
        ...


class EngineKind(Protocol):
    """One kind of platform, as an administrator configures it: `KIND` in the module that the
    engine's entry point names. Options are JSON values and hold no secrets: they are shown to
    administrators and stand in the audit log.
    """

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the options, for a form."""
        ...

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options with their defaults. Raises InvalidRequestError that names what is
        wrong.
        """
        ...

    def open(
        self, options: Mapping[str, Any], groundwork: object, *, is_trial: bool = False
    ) -> Engine:
        """Return an engine of checked options. `groundwork` is what this kind started while the
        server still had its first rights, and may end with the engine that is opened of it. A trial
        lives beside that one, has one sandbox at a time and must take nothing from it.

        Raises EngineUnavailableError if this platform cannot be reached from here.
        """
        ...
