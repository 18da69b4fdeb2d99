"""Runtimes as administrators see them, method by method as in the asynchronous client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runyard.client import runtime_wire as wire
from runyard.client.async_runtimes import TEST_SECONDS_MAX
from runyard.client.models import Files
from runyard.client.runtime_models import AdministeredRuntime, RuntimeTrial
from runyard.client.sync_connection import Connection
from runyard.client.wire import render_given, render_if_match


class RuntimeAdministration:
    """`client.admin.runtimes`. A definition has the fields of the catalogue, with files as lists of
    {"path", "content"}.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> Sequence[AdministeredRuntime]:
        """List all runtimes, most used first."""
        body = self._connection.call("GET", wire.RUNTIMES)
        return [wire.parse_runtime(entry) for entry in body["items"]]

    def view(self, runtime_id: str) -> AdministeredRuntime:
        path = wire.runtime_path(runtime_id)
        return wire.parse_runtime(self._connection.call("GET", path))

    def put(
        self, runtime_id: str, definition: Mapping[str, Any], *, base: int
    ) -> AdministeredRuntime:
        """Add a runtime (`base` 0) or edit one: the fields that are given take the place of the
        catalogue's. RevisionConflictError: somebody changed it since the revision `base`.
        """
        path, headers = wire.runtime_path(runtime_id), render_if_match(base)
        answer = self._connection.call("PUT", path, json=dict(definition), headers=headers)
        return wire.parse_runtime(answer)

    def reset(self, runtime_id: str) -> None:
        """Have a runtime be as in the catalogue again, or remove one that was added.
        ConflictError: projects use it.
        """
        self._connection.call("DELETE", wire.runtime_path(runtime_id))

    def deprecate(
        self, runtime_id: str, *, message: str = "", replacement: str | None = None
    ) -> AdministeredRuntime:
        """Let it run, and say that nothing should be begun with it."""
        return self._set_lifecycle(runtime_id, "deprecated", message, replacement)

    def retire(
        self, runtime_id: str, *, message: str = "", replacement: str | None = None
    ) -> AdministeredRuntime:
        """Let nothing new run. The answer's `projects` says how many it concerns."""
        return self._set_lifecycle(runtime_id, "retired", message, replacement)

    def activate(self, runtime_id: str) -> AdministeredRuntime:
        """Take back that it is deprecated or retired."""
        return self._set_lifecycle(runtime_id, "active", "", None)

    def make_default(self, runtime_id: str) -> AdministeredRuntime:
        """Have the name of its language find this one."""
        path = wire.runtime_path(runtime_id, "/default")
        return wire.parse_runtime(self._connection.call("POST", path))

    def test(
        self,
        runtime_id: str,
        *,
        definition: Mapping[str, Any] | None = None,
        files: Files | None = None,
        stdin: str | bytes = b"",
    ) -> RuntimeTrial:
        """Run the self-test, or the program in `files`, with a runtime as it is or as a definition
        would make it.
        """
        body = wire.render_trial(definition, files, stdin)
        path = wire.runtime_path(runtime_id, "/test")
        return wire.parse_trial(
            self._connection.call("POST", path, json=body, timeout=TEST_SECONDS_MAX)
        )

    def _set_lifecycle(
        self, runtime_id: str, lifecycle: str, message: str, replacement: str | None
    ) -> AdministeredRuntime:
        body = render_given(lifecycle=lifecycle, message=message, replacement=replacement)
        path = wire.runtime_path(runtime_id, "/lifecycle")
        return wire.parse_runtime(self._connection.call("POST", path, json=body))
