"""Policies in layers: what holds for everybody, for a role, for an account, for a runtime. The last
layer that says something of a value decides it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from runyard.domain.account import Role
from runyard.domain.errors import InvalidRequestError, LimitError
from runyard.domain.limits import LIMIT_NAMES, LIMITS_MIN, Limits, Policy, ProjectRuns

Values = Mapping[str, Any]

DEFAULTS = "defaults"
ANONYMOUS = "anonymous"
_ROLES = (*Role, ANONYMOUS)
_GROUP = "limits_max"
_RUNTIME = "runtime:"
_ACCOUNT_ID = re.compile(r"account:[0-9A-Z]{26}")
_RUNTIME_ID = re.compile(r"runtime:[a-z][a-z0-9-]{0,31}")

# Of one account altogether; they say nothing of a single request.
OF_ACCOUNT = frozenset(
    {"active_count_max", "executions_per_minute_max", "cpu_seconds_per_day_max", "project_runs"}
    | {"project_count_max", "revision_count_max", "project_bytes_max"}
)
# Those may be without a bound.
UNBOUNDED = frozenset({"active_count_max", "executions_per_minute_max", "cpu_seconds_per_day_max"})
_AT_LEAST_ONE = frozenset({"active_count_max", "revision_count_max", "file_count_max"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One value that holds, the layer that decided it, and what each layer says of it."""

    name: str
    value: Any
    source: str
    said: tuple[tuple[str, Any], ...]


def check_layer(key: str) -> str:
    """Return the key of a layer: "defaults", "role:user", "account:<id>" or "runtime:<id>"."""
    roles = {f"role:{role}" for role in _ROLES}
    if key == DEFAULTS or key in roles or _ACCOUNT_ID.fullmatch(key) or _RUNTIME_ID.fullmatch(key):
        return key
    raise InvalidRequestError(
        f"There is no layer {key[:60]!r}; there are {DEFAULTS}, {', '.join(sorted(roles))},"
        " account:<id> and runtime:<id>."
    )


def flatten(policy: Policy) -> dict[str, Any]:
    """Return the values by name, those of the limits as "limits_max.wall_seconds"."""
    return flatten_values(asdict(policy))


def flatten_values(values: Values) -> dict[str, Any]:
    flat = {name: value for name, value in values.items() if name != _GROUP}
    nested = values.get(_GROUP) or {}
    return {f"{_GROUP}.{name}": value for name, value in nested.items()} | flat


def build_policy(flat: Values) -> Policy:
    limits = {name: flat[f"{_GROUP}.{name}"] for name in LIMIT_NAMES}
    plain = {name: value for name, value in flat.items() if not name.startswith(f"{_GROUP}.")}
    plain["project_runs"] = ProjectRuns(plain["project_runs"])
    return Policy(**plain, limits_max=Limits(**limits))


def resolve(base: Policy, layers: Iterable[tuple[str, Values]], *, narrows: bool) -> Policy:
    """Put layers over a policy. With `narrows` that of a runtime can raise nothing."""
    flat = flatten(base)
    for key, values in layers:
        lowers = narrows and key.startswith(_RUNTIME)
        for name, value in flatten_values(values).items():
            flat[name] = _lower(flat[name], value) if lowers else value
    return build_policy(flat)


def explain(
    base: Policy, layers: Iterable[tuple[str, Values]], *, narrows: bool
) -> list[Explained]:
    """Return all values that `resolve` gives, with where each of them comes from."""
    layers = [(key, flatten_values(values)) for key, values in layers]
    result = flatten(resolve(base, layers, narrows=narrows))
    explained = []
    for name, value in flatten(base).items():
        said = [("server", value), *((key, flat[name]) for key, flat in layers if name in flat)]
        source = next(key for key, each in reversed(said) if each == result[name])
        explained.append(Explained(name=name, value=result[name], source=source, said=tuple(said)))
    return explained


def check_values(key: str, values: Values, *, ceiling: Policy) -> dict[str, Any]:
    """Return the values of a layer as they are kept. `ceiling` is what the server was started with,
    beyond which no request is let in. Raises InvalidRequestError or LimitError.
    """
    known, highest = _known_names(), flatten(ceiling)
    flat = flatten_values(values)
    for name, value in flat.items():
        if name not in known:
            raise InvalidRequestError(
                f"There is no value {name[:80]!r} in a policy; there are {', '.join(known)}.",
                field=name[:80],
            )
        if name in OF_ACCOUNT and key.startswith(_RUNTIME):
            raise InvalidRequestError(
                f"{name} is of an account, whatever it runs; a runtime cannot have it.", field=name
            )
        _check_value(name, value, highest[name])
    kept: dict[str, Any] = {n: v for n, v in flat.items() if not n.startswith(f"{_GROUP}.")}
    limits = {n.removeprefix(f"{_GROUP}."): v for n, v in flat.items() if n not in kept}
    return kept | ({_GROUP: limits} if limits else {})


def _known_names() -> list[str]:
    return [
        *(f"{_GROUP}.{name}" for name in LIMIT_NAMES),
        *(field.name for field in fields(Policy) if field.name != _GROUP),
    ]


def _check_value(name: str, value: Any, highest: Any) -> None:
    if name == "project_runs":
        if value not in set(ProjectRuns):
            raise InvalidRequestError(
                f"project_runs is {str(value)[:40]!r}; it is one of {', '.join(ProjectRuns)}.",
                field=name,
            )
        return
    if value is None and name in UNBOUNDED:
        return
    sample = flatten(Policy())[name]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise InvalidRequestError(f"{name} is {str(value)[:40]!r}; give a number.", field=name)
    if isinstance(sample, int) and value != int(value):
        raise LimitError(f"{name} is {value}; it must be a whole number.", limit=name)
    limit = name.removeprefix(f"{_GROUP}.")
    low = getattr(LIMITS_MIN, limit) if limit in LIMIT_NAMES else int(name in _AT_LEAST_ONE)
    high = math.inf if name in OF_ACCOUNT else highest
    # What columns can hold.
    high = min(high, 2**53)
    if not low <= value <= high:
        raise LimitError(
            f"{name} is {value}; it must be between {low} and {high:g}, which is what this server"
            " was started with.",
            limit=name,
        )


def _lower(first: Any, second: Any) -> Any:
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)
