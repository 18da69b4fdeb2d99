"""Platforms and settings for administrators, asynchronously. The synchronous ones have the same
shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client import platform_wire as wire
from runyard.client.async_connection import AsyncConnection
from runyard.client.platform_models import (
    EngineKind,
    Platform,
    ServerHealth,
    Setting,
    SmokeResult,
    Trial,
)
from runyard.client.wire import render_if_match

# What there is not yet, for `put`.
NEW = 0


class AsyncPlatforms:
    """`client.admin.platforms`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self) -> Sequence[Platform]:
        """List the platforms by name."""
        body = await self._connection.call("GET", wire.PLATFORMS)
        return [wire.parse_platform(entry) for entry in body["items"]]

    async def engines(self) -> Sequence[EngineKind]:
        """List the kinds of platforms that are installed, with the schemas of their options."""
        body = await self._connection.call("GET", wire.ENGINES)
        return [wire.parse_engine(entry) for entry in body["items"]]

    async def view(self, name: str) -> Platform:
        return wire.parse_platform(await self._connection.call("GET", wire.platform_path(name)))

    async def put(
        self,
        name: str,
        engine: str,
        *,
        options: Mapping[str, Any] | None = None,
        description: str = "",
        version: int = NEW,
    ) -> Platform:
        """Add a platform, or change the one that has this version."""
        answer = await self._connection.call(
            "PUT",
            wire.platform_path(name),
            json=wire.render_draft(engine, options, description),
            headers=render_if_match(version),
        )
        return wire.parse_platform(answer)

    async def delete(self, name: str) -> None:
        """Delete a platform that is neither the default nor in use."""
        await self._connection.call("DELETE", wire.platform_path(name))

    async def enable(self, name: str) -> Platform:
        return await self._set_state(name, "enabled")

    async def drain(self, name: str) -> Platform:
        """Let what runs be finished and nothing new begin; executions wait in the queue."""
        return await self._set_state(name, "draining")

    async def disable(self, name: str) -> Platform:
        """The same, and destroy what stands ready."""
        return await self._set_state(name, "disabled")

    async def make_default(self, name: str) -> Platform:
        """Let servers run on this platform from their next start on."""
        path = wire.platform_path(name, "/default")
        return wire.parse_platform(await self._connection.call("POST", path))

    async def test(self, name: str) -> Trial:
        """Try step by step whether programs can be run on a platform."""
        path = wire.platform_path(name, "/test")
        return wire.parse_trial(await self._connection.call("POST", path))

    async def test_draft(
        self, name: str, engine: str, *, options: Mapping[str, Any] | None = None
    ) -> Trial:
        """Try what is not saved yet."""
        path, body = wire.platform_path(name, "/test"), wire.render_draft(engine, options, "")
        return wire.parse_trial(await self._connection.call("POST", path, json=body))

    async def smoke(self, name: str, runtimes: Sequence[str] = ()) -> Sequence[SmokeResult]:
        """Run the self-tests of up to three runtimes on a platform."""
        path, body = wire.platform_path(name, "/smoke"), {"runtimes": list(runtimes)}
        return wire.parse_smoke(await self._connection.call("POST", path, json=body))

    async def _set_state(self, name: str, state: str) -> Platform:
        path, body = wire.platform_path(name, "/state"), {"state": state}
        return wire.parse_platform(await self._connection.call("POST", path, json=body))


class AsyncSettings:
    """`client.admin.settings`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self) -> Sequence[Setting]:
        """List all settings as they hold now."""
        body = await self._connection.call("GET", wire.SETTINGS)
        return [wire.parse_setting(entry) for entry in body["items"]]

    async def set(self, name: str, value: Any) -> Setting:
        """Change a setting while the server runs."""
        path, body = wire.setting_path(name), {"value": value}
        return wire.parse_setting(await self._connection.call("PUT", path, json=body))

    async def reset(self, name: str) -> Setting:
        """Let the default hold again."""
        return wire.parse_setting(await self._connection.call("DELETE", wire.setting_path(name)))


async def view_health(connection: AsyncConnection) -> ServerHealth:
    return wire.parse_health(await connection.call("GET", wire.HEALTH))
