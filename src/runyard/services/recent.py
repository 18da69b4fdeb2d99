"""Finished executions that somebody is likely to ask for at once; they never change any more."""

from __future__ import annotations

from collections import OrderedDict

from runyard.domain.execution import Execution
from runyard.domain.limits import MIB

_COUNT_MAX = 256
_BYTES_MAX = 32 * MIB


class RecentExecutions:
    def __init__(self) -> None:
        self._executions: OrderedDict[str, tuple[Execution, int]] = OrderedDict()
        self._bytes = 0

    def add(self, execution: Execution) -> None:
        self.forget(execution.id)
        size = _size(execution)
        self._executions[execution.id] = (execution, size)
        self._bytes += size
        while len(self._executions) > _COUNT_MAX or self._bytes > _BYTES_MAX:
            _, (_, dropped) = self._executions.popitem(last=False)
            self._bytes -= dropped

    def find(self, execution_id: str) -> Execution | None:
        found = self._executions.get(execution_id)
        return None if found is None else found[0]

    def forget(self, execution_id: str) -> None:
        _, size = self._executions.pop(execution_id, (None, 0))
        self._bytes -= size

    def forget_all(self) -> None:
        self._executions.clear()
        self._bytes = 0


def _size(execution: Execution) -> int:
    request = execution.request
    return (
        sum(len(file.content) for file in request.files)
        + len(request.stdin)
        + sum(len(test.stdin) + len(test.expected_stdout or "") for test in request.tests)
        + sum(len(step.stdout) + len(step.stderr) for step in execution.steps)
    )
