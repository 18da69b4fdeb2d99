"""Everybody's executions, for administrators: to find them, to stop them, and in numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from runyard.domain.audit import Actor
from runyard.domain.errors import InvalidRequestError, NotFoundError
from runyard.domain.execution import Execution
from runyard.domain.identifiers import is_identifier
from runyard.services.audit import Audit
from runyard.services.executions import Executions
from runyard.store.accounts import AccountRecords
from runyard.store.figures import FigureRecords, Figures
from runyard.store.oversight import (
    ExecutionSearch,
    OversightRecords,
    OwnedExecution,
    Owner,
)

# What one request stops; it says how many are left.
STOP_COUNT_MAX = 200
# No account can have these names.
ANONYMOUS, LOCAL = "anonymous", "local"
# Counting reads all that ended in a day, so that not every look at a page may ask for it.
_FIGURES_SECONDS = 10.0


class Oversight:
    """An `owner` is an account's id or name, "anonymous" for whoever has none, or "local" for the
    one user of a server in development. `now_us` is the time in microseconds since 1970.
    """

    def __init__(
        self,
        *,
        records: OversightRecords,
        figures: FigureRecords,
        accounts: AccountRecords,
        executions: Executions,
        audit: Audit,
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._figure_records = figures
        self._accounts = accounts
        self._executions = executions
        self._audit = audit
        self._now_us = now_us
        self._figures: tuple[int, Figures] | None = None
        self._counting = asyncio.Lock()

    async def list(
        self, search: ExecutionSearch, *, owner: str | None = None
    ) -> Sequence[OwnedExecution]:
        """Return executions, the newest first, without contents and output. Raises NotFoundError
        for an owner that there is not.
        """
        if owner is not None:
            search = replace(search, owner=await self._find_owner(owner))
        return await self._records.list(search)

    async def cancel(self, execution_id: str, *, by: Actor) -> Execution:
        """Ask for the end of an execution; a finished one stays as it is. Raises NotFoundError."""
        progress = await self._executions.progress(execution_id)
        entry = self._audit.entry(
            by,
            "execution.cancel",
            f"execution {execution_id}",
            before={"owner": progress.owner_id, "state": progress.state},
        )
        await self._records.request_cancel(execution_id, entry=entry)
        return await self._executions.cancel(execution_id)

    async def stop(self, owner: str, *, by: Actor) -> tuple[int, int]:
        """Ask for the end of what an owner has unfinished, queued ones included. Return how many
        that were and how many are left to ask for. Raises NotFoundError.
        """
        found = await self._find_owner(owner)
        entry = self._audit.entry(by, "execution.stop", f"executions of {owner.strip().lower()}")
        stopping = await self._records.request_stop(found, count_max=STOP_COUNT_MAX, entry=entry)
        for execution_id in stopping.ids:
            # One that was deleted meanwhile, with its account, is at its end.
            try:
                await self._executions.end(execution_id)
            except NotFoundError:
                continue
        return len(stopping.ids), stopping.left

    async def figures(self) -> Figures:
        """Return what is going on, as it was ten seconds ago at most."""
        async with self._counting:
            now = self._now_us()
            if self._figures is None or not 0 <= now - self._figures[0] < _FIGURES_SECONDS * 1e6:
                self._figures = (now, await self._figure_records.read(now=now))
            return self._figures[1]

    async def _find_owner(self, owner: str) -> Owner:
        wanted = owner.strip()
        if not wanted:
            raise InvalidRequestError("owner: name an account, or say anonymous.", field="owner")
        if wanted.lower() == ANONYMOUS:
            return Owner(None)
        if wanted.lower() == LOCAL:
            return Owner(LOCAL)
        if is_identifier(wanted):
            return Owner(wanted)
        found = None if "\0" in wanted else await self._accounts.find_by_login(wanted.lower())
        if found is None:
            raise NotFoundError(f"There is no account {wanted[:80]!r}.")
        return Owner(found.account.id)
