"""`runyard admin policies` and `runyard admin audit`: what may be asked for, and who changed it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runyard.cli.administering import find_account
from runyard.cli.connection import connect_as_known
from runyard.cli.output import UsageError
from runyard.client.errors import NotFoundError

if TYPE_CHECKING:
    from runyard.client.policy_wire import AuditEntry, Layer
    from runyard.client.sync_client import Client

GROUP = "limits_max"
UNBOUNDED = "none"
AUDIT_PAGE_SIZE = 200

policies = typer.Typer(help="Set what may be asked for, in layers.", no_args_is_help=True)
LayerName = Annotated[
    str,
    typer.Argument(
        metavar="LAYER",
        help="defaults, role:user, role:admin, role:anonymous, account:NAME or runtime:ID.",
    ),
]


@policies.command("list")
def list_policies(context: typer.Context) -> None:
    """List what is set in each layer."""
    with connect_as_known(context) as client:
        for layer in client.admin.policies.list().items:
            for name, value in sorted(_flatten(layer.values).items()):
                typer.echo(f"{layer.layer}  {name}={_shown(value)}")


@policies.command("set")
def set_values(
    context: typer.Context,
    layer: LayerName,
    values: Annotated[
        list[str],
        typer.Argument(metavar="NAME=VALUE...", help="limits_max.wall_seconds=20, for example."),
    ],
) -> None:
    """Set values of a layer, and leave its others as they are. The value "none" is no bound."""
    given = dict(_parse(each) for each in values)
    with connect_as_known(context) as client:
        key = _resolve(client, layer)
        former = _find(client, key)
        flat = {} if former is None else _flatten(former.values)
        version = 0 if former is None else former.version
        kept = client.admin.policies.set(key, _nest(flat | given), version=version)
    typer.echo(f"{kept.layer} is at version {kept.version}")


@policies.command("unset")
def unset_values(
    context: typer.Context,
    layer: LayerName,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
) -> None:
    """Let a layer say nothing of some values, or nothing at all."""
    with connect_as_known(context) as client:
        key = _resolve(client, layer)
        former = _find(client, key)
        if former is None:
            raise UsageError(f"Nothing is set in the layer {layer}.")
        flat = _flatten(former.values)
        unknown = [name for name in names or () if name not in flat]
        if unknown:
            raise UsageError(f"The layer {layer} does not say anything of {', '.join(unknown)}.")
        left = {name: value for name, value in flat.items() if name not in (names or flat)}
        if left:
            client.admin.policies.set(key, _nest(left), version=former.version)
        else:
            client.admin.policies.delete(key)


@policies.command("explain")
def explain(
    context: typer.Context,
    *,
    account: Annotated[str | None, typer.Option(help="An account's name or address.")] = None,
    role: Annotated[str | None, typer.Option(help="user or admin, of whom no account is.")] = None,
    runtime: Annotated[str | None, typer.Option(help="With this runtime.")] = None,
) -> None:
    """Show what holds for an account, for a role, or for who has no account, and why."""
    with connect_as_known(context) as client:
        account_id = None if account is None else find_account(client, account).id
        explained = client.admin.policies.explain(account=account_id, role=role, runtime=runtime)
    width = max(len(each.name) for each in explained)
    for each in explained:
        others = "; ".join(f"{layer}: {_shown(value)}" for layer, value in each.said[:-1])
        said = f"  ({others})" if others else ""
        typer.echo(f"{each.name:<{width}}  {_shown(each.value):<10}  {each.source}{said}")


def list_audit_entries(
    context: typer.Context,
    *,
    action: Annotated[str, typer.Option(help="One, or the group before its dot.")] = "",
    query: Annotated[str, typer.Option(help="Only with this in whom or what.")] = "",
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=AUDIT_PAGE_SIZE)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what administrators changed, newest first."""
    with connect_as_known(context) as client:
        page = client.admin.audit(action=action, query=query, limit=count)
    for entry in page.items:
        typer.echo(_render_json(entry) if as_json else _render(entry))


def _render(entry: AuditEntry) -> str:
    what = f"{entry.actor_name}  {entry.action}  {entry.target}"
    change = f"{_shown(entry.before)} -> {_shown(entry.after)}"
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {what}  {change}"


def _render_json(entry: AuditEntry) -> str:
    fields = {name: getattr(entry, name) for name in entry.__slots__}
    return json.dumps(fields | {"at": entry.at.isoformat()})


def _resolve(client: Client, layer: str) -> str:
    """An account is named as people do, and kept by its id."""
    kind, _, name = layer.partition(":")
    return f"account:{find_account(client, name).id}" if kind == "account" else layer


def _find(client: Client, layer: str) -> Layer | None:
    try:
        return client.admin.policies.view(layer)
    except NotFoundError:
        return None


def _parse(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"{text!r} is no NAME=VALUE.")
    if value == UNBOUNDED:
        return name, None
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _flatten(values: Mapping[str, Any]) -> dict[str, Any]:
    nested = {f"{GROUP}.{name}": value for name, value in values.get(GROUP, {}).items()}
    return nested | {name: value for name, value in values.items() if name != GROUP}


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in flat.items() if not name.startswith(f"{GROUP}.")}
    limits = {n.removeprefix(f"{GROUP}."): v for n, v in flat.items() if n not in plain}
    return plain | ({GROUP: limits} if limits else {})


def _shown(value: Any) -> str:
    if value is None:
        return UNBOUNDED
    return value if isinstance(value, str) else json.dumps(value)
