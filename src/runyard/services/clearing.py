"""Does again and again what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

HOUR_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


async def repeat(work: Callable[[], Awaitable[object]], *, every_seconds: float, name: str) -> None:
    """Until cancelled; what fails is logged and tried again the next time."""
    while True:
        await asyncio.sleep(every_seconds)
        try:
            await work()
        except Exception:  # noqa: BLE001  Whatever it is, the next time may go better.
            _log.exception("repeated_work_failed", work=name)
