"""Platforms and settings for administrators, method by method as in the asynchronous client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client import platform_wire as wire
from runyard.client.async_platforms import NEW
from runyard.client.platform_models import (
    EngineKind,
    Platform,
    ServerHealth,
    Setting,
    SmokeResult,
    Trial,
)
from runyard.client.sync_connection import Connection
from runyard.client.wire import render_if_match


class Platforms:
    """`client.admin.platforms`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> Sequence[Platform]:
        """List the platforms by name."""
        body = self._connection.call("GET", wire.PLATFORMS)
        return [wire.parse_platform(entry) for entry in body["items"]]

    def engines(self) -> Sequence[EngineKind]:
        """List the kinds of platforms that are installed, with the schemas of their options."""
        body = self._connection.call("GET", wire.ENGINES)
        return [wire.parse_engine(entry) for entry in body["items"]]

    def view(self, name: str) -> Platform:
        return wire.parse_platform(self._connection.call("GET", wire.platform_path(name)))

    def put(
        self,
        name: str,
        engine: str,
        *,
        options: Mapping[str, Any] | None = None,
        description: str = "",
        version: int = NEW,
    ) -> Platform:
        """Add a platform, or change the one that has this version."""
        answer = self._connection.call(
            "PUT",
            wire.platform_path(name),
            json=wire.render_draft(engine, options, description),
            headers=render_if_match(version),
        )
        return wire.parse_platform(answer)

    def delete(self, name: str) -> None:
        """Delete a platform that is neither the default nor in use."""
        self._connection.call("DELETE", wire.platform_path(name))

    def enable(self, name: str) -> Platform:
        return self._set_state(name, "enabled")

    def drain(self, name: str) -> Platform:
        """Let what runs be finished and nothing new begin; executions wait in the queue."""
        return self._set_state(name, "draining")

    def disable(self, name: str) -> Platform:
        """The same, and destroy what stands ready."""
        return self._set_state(name, "disabled")

    def make_default(self, name: str) -> Platform:
        """Let servers run on this platform from their next start on."""
        path = wire.platform_path(name, "/default")
        return wire.parse_platform(self._connection.call("POST", path))

    def test(self, name: str) -> Trial:
        """Try step by step whether programs can be run on a platform."""
        path = wire.platform_path(name, "/test")
        return wire.parse_trial(self._connection.call("POST", path))

    def test_draft(
        self, name: str, engine: str, *, options: Mapping[str, Any] | None = None
    ) -> Trial:
        """Try what is not saved yet."""
        path, body = wire.platform_path(name, "/test"), wire.render_draft(engine, options, "")
        return wire.parse_trial(self._connection.call("POST", path, json=body))

    def smoke(self, name: str, runtimes: Sequence[str] = ()) -> Sequence[SmokeResult]:
        """Run the self-tests of up to three runtimes on a platform."""
        path, body = wire.platform_path(name, "/smoke"), {"runtimes": list(runtimes)}
        return wire.parse_smoke(self._connection.call("POST", path, json=body))

    def _set_state(self, name: str, state: str) -> Platform:
        path, body = wire.platform_path(name, "/state"), {"state": state}
        return wire.parse_platform(self._connection.call("POST", path, json=body))


class Settings:
    """`client.admin.settings`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> Sequence[Setting]:
        """List all settings as they hold now."""
        body = self._connection.call("GET", wire.SETTINGS)
        return [wire.parse_setting(entry) for entry in body["items"]]

    def set(self, name: str, value: Any) -> Setting:
        """Change a setting while the server runs."""
        path, body = wire.setting_path(name), {"value": value}
        return wire.parse_setting(self._connection.call("PUT", path, json=body))

    def reset(self, name: str) -> Setting:
        """Let the default hold again."""
        return wire.parse_setting(self._connection.call("DELETE", wire.setting_path(name)))


def view_health(connection: Connection) -> ServerHealth:
    return wire.parse_health(connection.call("GET", wire.HEALTH))
