"""The settings that an administrator may change while the server runs.

What the environment or the command line sets is the operator's, and stays. The rest is a document
of the database, which holds at once here and within a second or so in other processes; without one
the default holds. Whoever needs such a setting asks for it each time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError

from runyard.domain.account import Role
from runyard.domain.audit import Actor
from runyard.domain.errors import ConflictError, InvalidRequestError, NotFoundError
from runyard.services.accounts.attempts import Rule
from runyard.services.accounts.sign_up import SignUpMode
from runyard.services.audit import Audit
from runyard.store.documents import DocumentKind, Documents

_log = structlog.get_logger(__name__)


class Source(StrEnum):
    ENVIRONMENT = "environment"
    DATABASE = "database"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSpec:
    """`value` is what holds without a document, `shown` and `default` are JSON values without
    secrets. `type` checks what an administrator sends; None: it cannot be changed here.
    """

    name: str
    variable: str
    description: str
    value: Any
    shown: Any
    default: Any
    is_secret: bool = False
    is_set_outside: bool
    type: TypeAdapter[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingView:
    """`is_changeable`: here, and now."""

    spec: SettingSpec
    value: Any
    source: Source
    is_changeable: bool


class LiveSettings:
    """`apply_log_level` is told the level whenever it changes."""

    def __init__(
        self,
        *,
        documents: Documents,
        audit: Audit,
        specs: Sequence[SettingSpec],
        apply_log_level: Callable[[str], None],
    ) -> None:
        self._documents = documents
        self._audit = audit
        self._specs = {spec.name: spec for spec in specs}
        self._apply_log_level = apply_log_level
        # By name, those that hold; of both the document's form and what it means.
        self._chosen: Mapping[str, tuple[Any, Any]] = {}
        self._lock = asyncio.Lock()

    @property
    def sign_up(self) -> SignUpMode:
        mode: SignUpMode = self._value("sign_up")
        return mode

    @property
    def totp_roles(self) -> Collection[Role]:
        roles: Collection[Role] = self._value("totp_roles")
        return roles

    @property
    def is_anonymous_allowed(self) -> bool:
        return bool(self._value("anonymous"))

    @property
    def anonymous_rule(self) -> Rule:
        return Rule("anonymous-run", self._value("anonymous_runs_per_minute"), 60)

    @property
    def retention(self) -> timedelta:
        return timedelta(days=self._value("retention_days"))

    def list(self) -> Sequence[SettingView]:
        return [self._view(spec) for spec in self._specs.values()]

    async def set(self, name: str, value: Any, *, by: Actor) -> SettingView:
        """Raises NotFoundError, InvalidRequestError, and ConflictError for one that cannot be
        changed here.
        """
        spec = self._find_changeable(name)
        meaning = _parse(spec, value)
        async with self._lock:
            await self._documents.put(
                DocumentKind.SETTING,
                name,
                value,
                describe=self._audit.describe(by, "setting.change", f"setting {name}"),
            )
            self._use({**self._chosen, name: (value, meaning)})
        return self._view(spec)

    async def reset(self, name: str, *, by: Actor) -> SettingView:
        """Let the default hold again. Raises like `set`."""
        spec = self._find_changeable(name)
        async with self._lock:
            await self._documents.delete(
                DocumentKind.SETTING,
                name,
                describe=self._audit.describe(by, "setting.reset", f"setting {name}"),
            )
            self._use({key: each for key, each in self._chosen.items() if key != name})
        return self._view(spec)

    async def look_again(self) -> None:
        """Use what another process may have changed."""
        async with self._lock:
            found: dict[str, tuple[Any, Any]] = {}
            for document in await self._documents.list(DocumentKind.SETTING):
                spec = self._specs.get(document.key)
                if spec is None or spec.type is None or spec.is_set_outside:
                    continue
                try:
                    found[spec.name] = (document.body, _parse(spec, document.body))
                except InvalidRequestError as error:
                    # Of a version of Runyard that allowed it.
                    _log.warning("setting_not_used", name=spec.name, reason=error.message)
            self._use(found)

    def _use(self, chosen: Mapping[str, tuple[Any, Any]]) -> None:
        former = self._value("log_level")
        self._chosen = chosen
        if self._value("log_level") != former:
            self._apply_log_level(self._value("log_level"))

    def _value(self, name: str) -> Any:
        chosen = self._chosen.get(name)
        return self._specs[name].value if chosen is None else chosen[1]

    def _view(self, spec: SettingSpec) -> SettingView:
        chosen = self._chosen.get(spec.name)
        source = Source.DEFAULT if chosen is None else Source.DATABASE
        if spec.is_set_outside:
            source = Source.ENVIRONMENT
        return SettingView(
            spec=spec,
            value=spec.shown if chosen is None else chosen[0],
            source=source,
            is_changeable=spec.type is not None and not spec.is_set_outside,
        )

    def _find_changeable(self, name: str) -> SettingSpec:
        spec = self._specs.get(name)
        if spec is None:
            raise NotFoundError("There is no setting of this name.")
        if spec.type is None:
            raise ConflictError(
                f"{name} cannot be changed while the server runs; set {spec.variable} and start it"
                " again."
            )
        if spec.is_set_outside:
            raise ConflictError(
                f"{name} is set where the server was started ({spec.variable} or its command line)"
                " and is changed there."
            )
        return spec


def _parse(spec: SettingSpec, value: Any) -> Any:
    assert spec.type is not None, "asked only of those that can be changed"
    try:
        return spec.type.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        errors = [
            {
                "field": ".".join(("value", *(str(part) for part in each["loc"]))),
                "message": each["msg"],
            }
            for each in found
        ]
        raise InvalidRequestError(f"{spec.name}: {errors[0]['message']}", errors=errors) from error
