"""What one account may have altogether, as the store counts it."""

from __future__ import annotations

from runyard.domain.errors import QuotaError
from runyard.domain.execution import Execution
from runyard.domain.identifiers import is_identifier
from runyard.domain.limits import Policy
from runyard.domain.runtime import Runtime
from runyard.store.interface import Quota, Refusal


def has_account(execution: Execution) -> bool:
    """Say whether an execution is of an account: not of nobody, nor of a machine's one user."""
    return execution.owner_id is not None and is_identifier(execution.owner_id)


def find_quota(execution: Execution, runtime: Runtime, policy: Policy) -> Quota | None:
    """Return what an execution is counted against; None where nobody has an account."""
    if not has_account(execution):
        return None
    request, seconds = execution.request, policy.cpu_seconds_per_day_max
    granted = request.run_limits.cpu_seconds * max(1, len(request.tests))
    if runtime.compile is not None:
        granted += request.compile_limits.cpu_seconds
    return Quota(
        active_count_max=policy.active_count_max,
        executions_per_minute_max=policy.executions_per_minute_max,
        cpu_us_per_day_max=None if seconds is None else round(seconds * 1e6),
        cpu_us=round(granted * 1e6),
    )


def explain_refusal(refusal: Refusal, quota: Quota) -> QuotaError:
    seconds = refusal.retry_after_seconds
    if refusal.limit == "executions_per_minute_max":
        message = f"You may run {quota.executions_per_minute_max} programs in a minute"
    else:
        maximum = (quota.cpu_us_per_day_max or 0) / 1e6
        message = (
            f"You may use {maximum:g} seconds of CPU time a day: {refusal.cpu_us / 1e6:.1f} are"
            f" spent, and {refusal.cpu_granted_us / 1e6:g} are granted to what runs or waits"
        )
    return QuotaError(
        f"{message}; try again in {seconds} seconds.",
        limit=refusal.limit,
        retry_after_seconds=seconds,
    )
