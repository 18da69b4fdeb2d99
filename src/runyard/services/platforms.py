"""The platforms that administrators configure, and the one that this process runs executions on.

Theory of operation. A process opens one platform when it starts: the default one, with the options
it has then. From there on the state of that platform's record is obeyed. A change that is made here
holds once it is answered: the gate of the worker is closed and a claim under way has come to its
end. The records are read again every second or so for what other processes on the same database
changed. A lock keeps what was read before a change from being obeyed after it.

Another default, and other options of the platform in use, hold from the next start; until then
`needs_restart` says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from runyard.domain.audit import SERVER, Actor
from runyard.domain.errors import (
    ConflictError,
    EngineError,
    InvalidRequestError,
    NotFoundError,
    RevisionConflictError,
)
from runyard.domain.platform import (
    LOCAL_PLATFORM,
    Platform,
    PlatformDraft,
    PlatformState,
    check_platform_name,
)
from runyard.engines.interface import Capabilities, Engine, EngineKind
from runyard.services.audit import Audit
from runyard.services.claiming import ClaimGate
from runyard.services.pool import Pool
from runyard.store.platforms import PlatformRecords

COUNT_MAX = 100
# Of the platform that is there from the first start on.
_LOCAL_ENGINE = "linux"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlatform:
    """The platform that this process runs on, as it was when it was opened."""

    name: str
    draft: PlatformDraft
    engine: Engine
    capabilities: Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """`capabilities` are known of the platform in use; the counts are those of this process."""

    platform: Platform
    is_default: bool
    is_in_use: bool
    needs_restart: bool
    capabilities: Capabilities | None
    running_count: int
    ready_count: int


class Platforms:
    """`try_to_open` raises EngineError if nothing can be run on what a draft describes;
    `wake` tells the worker that it may claim again.
    """

    def __init__(
        self,
        *,
        records: PlatformRecords,
        audit: Audit,
        kinds: Mapping[str, EngineKind],
        in_use: OpenPlatform,
        pool: Pool,
        count_running: Callable[[], int],
        gate: ClaimGate,
        wake: Callable[[], None],
        try_to_open: Callable[[PlatformDraft], Awaitable[None]],
    ) -> None:
        self._records = records
        self._audit = audit
        self._kinds = kinds
        self._pool = pool
        self._count_running = count_running
        self._gate = gate
        self._wake = wake
        self._try_to_open = try_to_open
        self._lock = asyncio.Lock()
        self._has_been_enabled = asyncio.Event()
        self._obeyed: PlatformState | None = None
        self.in_use = in_use

    @property
    def state(self) -> PlatformState:
        """That of the platform in use, as it is obeyed here."""
        return self._obeyed or PlatformState.ENABLED

    @property
    def kinds(self) -> Sequence[EngineKind]:
        return list(self._kinds.values())

    async def list(self) -> Sequence[PlatformView]:
        """Return them by name."""
        default = await self._records.default_name()
        return [self._view(each, default) for each in await self._records.list()]

    async def view(self, name: str) -> PlatformView:
        """Raises NotFoundError."""
        return self._view(await self._find(name), await self._records.default_name())

    async def put(self, name: str, draft: PlatformDraft, *, base: int, by: Actor) -> PlatformView:
        """Add a platform (`base` 0) or change the one of this version; its state stays.

        Raises InvalidRequestError, RevisionConflictError, ConflictError for a default that cannot
        be used, and BusyError if something else is being tried.
        """
        check_platform_name(name)
        draft = self.check(draft)
        is_tried = name == await self._records.default_name()
        if is_tried:
            await self._require_usable(name, draft)
        async with self._lock:
            former = await self._records.find(name)
            if base != (0 if former is None else former.version):
                raise _changed(name, former)
            if former is None and len(await self._records.list()) >= COUNT_MAX:
                raise ConflictError(f"There are {COUNT_MAX} platforms; delete one first.")
            if not is_tried and name == await self._records.default_name():
                raise ConflictError(f"Platform {name!r} has become the default; try again.")
            kept = await self._records.put(
                name,
                draft,
                PlatformState.DISABLED if former is None else former.state,
                base=base,
                describe=self._audit.describe(
                    by, f"platform.{'add' if former is None else 'change'}", f"platform {name}"
                ),
            )
            if kept is None:
                raise _changed(name, await self._records.find(name))
        return await self.view(name)

    async def delete(self, name: str, *, by: Actor) -> None:
        """Raises NotFoundError, and ConflictError for the default and for the one in use."""
        async with self._lock:
            await self._find(name)
            if name == await self._records.default_name():
                raise ConflictError(
                    f"Platform {name!r} is the default; make another one the default first."
                )
            if name == self.in_use.name:
                raise ConflictError(
                    f"This server runs on platform {name!r} until it is started again."
                )
            describe = self._audit.describe(by, "platform.delete", f"platform {name}")
            await self._records.delete(name, describe=describe)

    async def set_state(self, name: str, state: PlatformState, *, by: Actor) -> PlatformView:
        """Obeyed here once this returns, and elsewhere within seconds. Raises NotFoundError."""
        describe = self._audit.describe(by, f"platform.{_VERBS[state]}", f"platform {name}")
        async with self._lock:
            kept: Platform | None = None
            while kept is None:
                # Whoever changed something else meanwhile keeps that change.
                found = await self._find(name)
                if found.state is state:
                    break
                kept = await self._records.put(
                    name, found.draft, state, base=found.version, describe=describe
                )
            if name == self.in_use.name:
                await self._obey(state)
        return await self.view(name)

    async def make_default(self, name: str, *, by: Actor) -> PlatformView:
        """Servers open it when they start. Raises NotFoundError, ConflictError for one that is not
        enabled or cannot be used, and BusyError if something else is being tried.
        """
        # Outside of the lock: it takes long, and others want to drain.
        tried = await self._find(name)
        if tried.state is PlatformState.ENABLED:
            await self._require_usable(name, tried.draft)
        async with self._lock:
            found = await self._find(name)
            if found.state is not PlatformState.ENABLED:
                raise ConflictError(f"Platform {name!r} is {found.state}; enable it first.")
            if found.version != tried.version:
                raise ConflictError(f"Platform {name!r} was changed meanwhile; try again.")
            if name != await self._records.default_name():
                describe = self._audit.describe(by, "platform.default", f"platform {name}")
                await self._records.set_default(name, describe=describe)
        return await self.view(name)

    def check(self, draft: PlatformDraft) -> PlatformDraft:
        """Return the draft with all options. Raises InvalidRequestError."""
        return check_draft(draft, self._kinds)

    async def draft_of(self, name: str) -> PlatformDraft:
        """Raises NotFoundError."""
        return (await self._find(name)).draft

    async def look_again(self) -> None:
        """Obey what another process may have changed."""
        async with self._lock:
            found = await self._records.find(self.in_use.name)
            # Without a record somebody elsewhere deleted it: what runs is finished.
            await self._obey(PlatformState.DRAINING if found is None else found.state)

    async def wait_until_enabled(self) -> None:
        """Return once the platform in use has been enabled in this process."""
        await self._has_been_enabled.wait()

    async def _require_usable(self, name: str, draft: PlatformDraft) -> None:
        """Servers could not start with a default that cannot be used."""
        try:
            await self._try_to_open(draft)
        except EngineError as error:
            raise ConflictError(
                f"Platform {name!r} cannot be used like this: {error.message} Its test says more."
            ) from error

    async def _obey(self, state: PlatformState) -> None:
        if state is self._obeyed:
            return
        if state is PlatformState.ENABLED:
            self._has_been_enabled.set()
            self._gate.open()
            self._wake()
        else:
            _log.warning("platform_not_enabled", platform=self.in_use.name, state=state)
            await self._gate.close()
        if state is PlatformState.DISABLED:
            await self._pool.stock.pause()
        else:
            self._pool.stock.resume()
        # Only now: what was cut short is done again at the next look.
        self._obeyed = state

    async def _find(self, name: str) -> Platform:
        found = await self._records.find(name)
        if found is None:
            raise NotFoundError("There is no platform of this name.")
        return found

    def _view(self, platform: Platform, default: str) -> PlatformView:
        in_use = self.in_use
        is_in_use, is_default = platform.name == in_use.name, platform.name == default
        differs = (platform.draft.engine, dict(platform.draft.options)) != (
            in_use.draft.engine,
            dict(in_use.draft.options),
        )
        return PlatformView(
            platform=platform,
            is_default=is_default,
            is_in_use=is_in_use,
            needs_restart=differs if is_in_use else is_default,
            capabilities=in_use.capabilities if is_in_use else None,
            running_count=self._count_running() if is_in_use else 0,
            ready_count=self._pool.stock.ready_count if is_in_use else 0,
        )


_VERBS = {
    PlatformState.ENABLED: "enable",
    PlatformState.DRAINING: "drain",
    PlatformState.DISABLED: "disable",
}


def check_draft(draft: PlatformDraft, kinds: Mapping[str, EngineKind]) -> PlatformDraft:
    """Return the draft with all options. Raises InvalidRequestError."""
    kind = find_kind(draft.engine, kinds)
    return PlatformDraft(
        engine=kind.name, options=kind.check(draft.options), description=draft.description
    )


def find_kind(name: str, kinds: Mapping[str, EngineKind]) -> EngineKind:
    """Raises InvalidRequestError."""
    if name not in kinds:
        raise InvalidRequestError(
            f"There is no engine {name[:40]!r}; installed are: {', '.join(kinds)}."
        )
    return kinds[name]


async def choose_platform(
    records: PlatformRecords, audit: Audit, kinds: Mapping[str, EngineKind]
) -> tuple[str, PlatformDraft]:
    """Return the platform that this process is to open: the default one. Where there is no record
    of it, one is made of what this machine has by itself.
    """
    name = await records.default_name()
    found = await records.find(name)
    if found is not None:
        return name, found.draft
    kind = kinds.get(_LOCAL_ENGINE) or next(iter(kinds.values()))
    draft = PlatformDraft(engine=kind.name, options=kind.check({}))
    describe = audit.describe(SERVER, "platform.add", f"platform {LOCAL_PLATFORM}")
    # Another process may have been first.
    await records.put(LOCAL_PLATFORM, draft, PlatformState.ENABLED, base=0, describe=describe)
    kept = await records.find(LOCAL_PLATFORM)
    return LOCAL_PLATFORM, draft if kept is None else kept.draft


def _changed(name: str, newest: Platform | None) -> RevisionConflictError:
    version = 0 if newest is None else newest.version
    return RevisionConflictError(
        f"Platform {name!r} was changed meanwhile; its version is {version}. Look at it and try"
        " again.",
        revision=version,
    )
