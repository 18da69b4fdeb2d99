"""Everybody's executions, method by method as in the asynchronous client."""

from __future__ import annotations

from typing import Unpack

from runyard.client import oversight_wire as wire
from runyard.client.models import Execution
from runyard.client.oversight_models import ExecutionFilter, OwnedExecutionPage, Stopped
from runyard.client.sync_connection import Connection
from runyard.client.wire import parse_execution


class Oversight:
    """`client.admin.executions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(
        self, *, limit: int = 50, before: str | None = None, **chosen: Unpack[ExecutionFilter]
    ) -> OwnedExecutionPage:
        """List executions, newest first.

        Args:
            limit: How many.
            before: Only those older than this id.
            chosen: The fields of ExecutionFilter.
        """
        fields = wire.render_filter(chosen, limit=limit, before=before)
        return wire.parse_owned_page(self._connection.call("GET", wire.EXECUTIONS, params=fields))

    def cancel(self, execution_id: str) -> Execution:
        path = wire.cancel_path(execution_id)
        return parse_execution(self._connection.call("POST", path))

    def stop(self, owner: str) -> Stopped:
        """Stop what an owner has unfinished: an account by its id, name or address, or "anonymous".
        There may be some left, for another call.
        """
        body = {"owner": owner}
        return wire.parse_stopped(self._connection.call("POST", wire.STOP, json=body))
