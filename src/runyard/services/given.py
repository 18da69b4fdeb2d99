"""The kind of an engine that whoever opens a Runyard brings along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runyard.domain.errors import InvalidRequestError
from runyard.engines.interface import Capabilities, Engine, Sandbox, SandboxSpec


class GivenKind:
    """Nothing of it can be configured. Closing what it opens leaves the engine to its owner."""

    name = "given"
    description = "The engine that this process was started with."

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {}, "additionalProperties": False}

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        for name in options:
            raise InvalidRequestError(f"options.{name[:40]}: this engine has no options.")
        return {}

    def open(
        self, options: Mapping[str, Any], groundwork: object, *, is_trial: bool = False
    ) -> Engine:
        del options, groundwork, is_trial
        return _Borrowed(self._engine)


class _Borrowed:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def probe(self) -> Capabilities:
        return await self._engine.probe()

    async def create(self, spec: SandboxSpec) -> Sandbox:
        return await self._engine.create(spec)

    async def list_ids(self) -> list[str]:
        return await self._engine.list_ids()

    async def destroy(self, sandbox_id: str) -> None:
        await self._engine.destroy(sandbox_id)

    async def aclose(self) -> None:
        """Its sandboxes end with whoever took them."""
