"""What each principal may ask for and have, as administrators set it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from runyard.domain.account import Account, Principal, Role
from runyard.domain.audit import Actor
from runyard.domain.errors import (
    ConflictError,
    NotFoundError,
    RevisionConflictError,
    UnknownRuntimeError,
)
from runyard.domain.layers import (
    ANONYMOUS,
    DEFAULTS,
    Explained,
    Values,
    check_layer,
    check_values,
    explain,
    resolve,
)
from runyard.domain.limits import Policy
from runyard.domain.runtime import RuntimeStatus
from runyard.services.audit import Audit
from runyard.store.documents import Document, DocumentKind, Documents

_LAYER_COUNT_MAX = 10_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """For whom, and for which runtime, a policy is asked. `role` None: nobody who is known."""

    role: Role | None = None
    account_id: str | None = None
    runtime_id: str | None = None


class Policies:
    """`base` is what the server was started with, which also is the most that a policy allows;
    `anonymous` is that of who has no account.
    """

    def __init__(
        self,
        documents: Documents,
        audit: Audit,
        *,
        base: Policy,
        anonymous: Policy,
        find_account: Callable[[str], Awaitable[Account]],
        list_runtimes: Callable[[], Sequence[RuntimeStatus]],
    ) -> None:
        self._documents = documents
        self._audit = audit
        self._base = base
        self._anonymous = anonymous
        self._find_account = find_account
        self._list_runtimes = list_runtimes
        self._layers: dict[str, Values] = {}
        self._found: dict[Subject, Policy] = {}
        self._lock = asyncio.Lock()

    @property
    def base(self) -> Policy:
        return self._base

    def find(self, principal: Principal, runtime_id: str | None = None) -> Policy:
        """Return what holds for a principal. The one user of his own machine has no quota, and who
        has no account has none of his own.
        """
        account = principal.account
        if account is None:
            is_local = principal.owner_id is not None
            subject = Subject(runtime_id=runtime_id, role=Role.ADMIN if is_local else None)
            return replace(
                self.find_for(subject),
                active_count_max=None,
                executions_per_minute_max=None,
                cpu_seconds_per_day_max=None,
            )
        return self.find_for(
            Subject(role=account.role, account_id=account.id, runtime_id=runtime_id)
        )

    def find_for(self, subject: Subject) -> Policy:
        # Of most subjects nothing is said, and they share what there is.
        known = Subject(
            role=subject.role,
            account_id=self._known("account", subject.account_id),
            runtime_id=self._known("runtime", subject.runtime_id),
        )
        if known not in self._found:
            self._found[known] = resolve(
                self._start(known), self._chain(known), narrows=known.role is None
            )
        return self._found[known]

    def explain(self, subject: Subject) -> list[Explained]:
        """Return every value that holds, with the layer that decided it."""
        return explain(self._start(subject), self._chain(subject), narrows=subject.role is None)

    async def list_layers(self) -> Sequence[Document]:
        return await self._documents.list(DocumentKind.POLICY)

    async def view(self, key: str) -> Document:
        found = await self._documents.find(DocumentKind.POLICY, check_layer(key))
        if found is None:
            raise NotFoundError(f"Nothing is set in the layer {key}.")
        return found

    async def put(
        self, key: str, values: dict[str, Any], *, by: Actor, base: int | None = None
    ) -> Document:
        """Set what a layer says. Raises InvalidRequestError, LimitError, NotFoundError for an
        account or a runtime that is not there, and RevisionConflictError if `base` is not the
        version there is.
        """
        target = await self._name(check_layer(key))
        kept = check_values(key, values, ceiling=self._base)
        if key not in self._layers and len(self._layers) >= _LAYER_COUNT_MAX:
            raise ConflictError(f"There are {_LAYER_COUNT_MAX} layers already; delete some first.")
        async with self._lock:
            document = await self._documents.put(
                DocumentKind.POLICY,
                key,
                kept,
                describe=self._audit.describe(by, "policy.change", target),
                base=base,
            )
            if document is None:
                former = await self._documents.find(DocumentKind.POLICY, key)
                version = 0 if former is None else former.version
                raise RevisionConflictError(
                    f"The layer {key} was changed since version {base}: it is at {version}.",
                    revision=version,
                )
            self._set(self._layers | {key: kept})
        return document

    async def delete(self, key: str, *, by: Actor) -> None:
        """Let a layer say nothing. Raises NotFoundError if it says nothing."""
        try:
            target = await self._name(check_layer(key))
        except (NotFoundError, UnknownRuntimeError):
            # The layer outlives what it is of.
            target = f"policy {key}"
        describe = self._audit.describe(by, "policy.delete", target)
        async with self._lock:
            if not await self._documents.delete(DocumentKind.POLICY, key, describe=describe):
                raise NotFoundError(f"Nothing is set in the layer {key}.")
            self._set({each: values for each, values in self._layers.items() if each != key})

    async def load(self) -> None:
        """Take up what there is."""
        # What was read before a change must not hold after it.
        async with self._lock:
            await self._load()

    async def _load(self) -> None:
        layers: dict[str, Values] = {}
        for document in await self.list_layers():
            try:
                # An earlier server may have allowed more, or known other values.
                layers[document.key] = check_values(document.key, document.body, ceiling=self._base)
            except Exception as error:  # noqa: BLE001  One bad layer must not stop the others.
                _log.warning("policy_not_used", layer=document.key, reason=str(error))
        if layers != self._layers:
            self._set(layers)

    def _known(self, kind: str, name: str | None) -> str | None:
        return name if f"{kind}:{name}" in self._layers else None

    def _set(self, layers: dict[str, Values]) -> None:
        self._layers, self._found = layers, {}

    def _start(self, subject: Subject) -> Policy:
        return self._base if subject.role is not None else self._anonymous

    def _chain(self, subject: Subject) -> list[tuple[str, Values]]:
        keys = [f"role:{ANONYMOUS}"] if subject.role is None else [DEFAULTS, f"role:{subject.role}"]
        keys += [f"account:{subject.account_id}", f"runtime:{subject.runtime_id}"]
        return [(key, self._layers[key]) for key in keys if key in self._layers]

    async def _name(self, key: str) -> str:
        """Return how the audit log names a layer."""
        kind, _, name = key.partition(":")
        if kind == "account":
            return f"policy account:{(await self._find_account(name)).name}"
        if kind == "runtime" and name not in {each.runtime.id for each in self._list_runtimes()}:
            raise UnknownRuntimeError(f"There is no runtime {name!r}.")
        return f"policy {key}"
