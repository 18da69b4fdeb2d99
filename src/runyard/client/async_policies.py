"""Policies as administrators set them, asynchronously. The synchronous one has the same shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client import policy_wire as wire
from runyard.client.async_connection import AsyncConnection
from runyard.client.policy_wire import ExplainedValue, Layer, Layers
from runyard.client.wire import render_given, render_if_match


class AsyncPolicies:
    """`client.admin.policies`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self) -> Layers:
        """Return what is set, and what the server was started with."""
        return wire.parse_layers(await self._connection.call("GET", wire.POLICIES))

    async def view(self, layer: str) -> Layer:
        return wire.parse_layer(await self._connection.call("GET", wire.layer_path(layer)))

    async def set(
        self, layer: str, values: Mapping[str, Any], *, version: int | None = None
    ) -> Layer:
        """Let a layer say this, in place of all it said; with `version`, only if that is still the
        version there is (0: nothing was said).
        """
        answer = await self._connection.call(
            "PUT",
            wire.layer_path(layer),
            json=dict(values),
            headers=render_if_match(version),
        )
        return wire.parse_layer(answer)

    async def delete(self, layer: str) -> None:
        """Let a layer say nothing."""
        await self._connection.call("DELETE", wire.layer_path(layer))

    async def explain(
        self, *, account: str | None = None, role: str | None = None, runtime: str | None = None
    ) -> Sequence[ExplainedValue]:
        """Return what holds for an account (its id), a role, or who has no account."""
        fields = render_given(account=account, role=role, runtime=runtime)
        answer = await self._connection.call("GET", wire.EFFECTIVE, params=fields)
        return wire.parse_explained(answer)
