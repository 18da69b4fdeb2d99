"""Opens the platform that this process is to run on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from runyard.domain.errors import EngineUnavailableError, InvalidRequestError
from runyard.engines.interface import Capabilities, Engine, EngineKind
from runyard.engines.linux.engine import KIND as LINUX
from runyard.engines.linux.launcher import LauncherHandle
from runyard.engines.registry import load_kinds
from runyard.parts import build_audit
from runyard.services.given import GivenKind
from runyard.services.platforms import OpenPlatform, choose_platform
from runyard.settings import Settings
from runyard.store.database import Database
from runyard.store.documents import Documents
from runyard.store.platforms import PlatformRecords


def find_kinds(
    launcher: LauncherHandle | None, given: Engine | None
) -> tuple[dict[str, EngineKind], dict[str, object]]:
    """Return the engines that can be configured, and what each of them has started."""
    if given is not None:
        kind = GivenKind(given)
        return {kind.name: kind}, {}
    return load_kinds(), {} if launcher is None else {LINUX.name: launcher}


@asynccontextmanager
async def open_platform(
    settings: Settings,
    database: Database,
    kinds: Mapping[str, EngineKind],
    groundwork: Mapping[str, object],
) -> AsyncIterator[OpenPlatform]:
    """Open the default platform."""
    records = PlatformRecords(Documents(database))
    name, draft = await choose_platform(records, build_audit(database), kinds)
    if draft.engine not in kinds:
        raise EngineUnavailableError(
            f"Platform {name!r} needs the engine {draft.engine!r}, which is not installed here."
        )
    try:
        engine = kinds[draft.engine].open(draft.options, groundwork.get(draft.engine))
    except InvalidRequestError as error:
        raise EngineUnavailableError(
            f"Platform {name!r} cannot be opened: {error.message}"
        ) from error
    try:
        capabilities = await engine.probe()
        if not isinstance(kinds[draft.engine], GivenKind):
            require_safety(capabilities, allow_weak_limits=settings.allow_weak_limits)
        yield OpenPlatform(name=name, draft=draft, engine=engine, capabilities=capabilities)
    finally:
        await engine.aclose()


def require_safety(capabilities: Capabilities, *, allow_weak_limits: bool) -> None:
    if not capabilities.usable:
        raise EngineUnavailableError(
            f"Programs cannot be run safely here: {capabilities.reason}. Ask `runyard doctor`."
        )
    if capabilities.has_weak_limits and not allow_weak_limits:
        weak = sorted(name for name, limit in capabilities.limits.items() if not limit.enforced)
        raise EngineUnavailableError(
            f"These limits are not enforced on this machine: {', '.join(weak)}. `runyard doctor`"
            " says what to do; RUNYARD_ALLOW_WEAK_LIMITS=1 serves nevertheless."
        )
