"""Does again and again what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_EVERY_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


async def clear_hourly(work: Callable[[], Awaitable[object]], *, name: str) -> None:
    """Until cancelled; what fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await work()
        except Exception:  # noqa: BLE001  Whatever it is, the next time may go better.
            _log.exception("clearing_failed", work=name)
