"""The questions that people ask often, as administrators keep them, asynchronously."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runyard.client import faq_wire as wire
from runyard.client.async_connection import AsyncConnection
from runyard.client.faq_models import FaqEntry, FaqList
from runyard.client.faq_wire import GENERAL
from runyard.client.wire import render_if_match


class AsyncFaqAdministration:
    """`client.admin.faq`. A `name` is "general", or the id or an alias of a runtime."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(self) -> Sequence[FaqList]:
        body = await self._connection.call("GET", wire.ADMIN_FAQ)
        return [wire.parse_list(each) for each in body["items"]]

    async def entries(self, name: str = GENERAL) -> Sequence[FaqEntry]:
        return wire.parse_entries(await self._connection.call("GET", wire.faq_path(name)))

    async def replace(
        self, entries: Iterable[FaqEntry], name: str = GENERAL, *, base: int | None = None
    ) -> FaqList:
        """Put a list in the place of the one there is.

        Args:
            entries: The whole list.
            name: Which one.
            base: The version that it was made of; RevisionConflictError if there is a later one.
        """
        body = await self._connection.call(
            "PUT",
            wire.faq_path(name),
            json=wire.render_entries(entries),
            headers=render_if_match(base),
        )
        return wire.parse_list(body)

    async def reset(self, name: str = GENERAL) -> FaqList:
        """Return to the list that ships with the server."""
        return wire.parse_list(await self._connection.call("DELETE", wire.faq_path(name)))
