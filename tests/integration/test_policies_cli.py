"""`runyard admin policies` and `runyard admin audit`, by an administrator of a real server."""

from __future__ import annotations

from tests.integration.test_accounts_cli import Person, admin, home, link, served, user

__all__ = ["admin", "home", "link", "served", "user"]


def test_policies_and_what_was_changed(admin: Person, user: str) -> None:
    layer = f"account:{user}"
    values = ("limits_max.wall_seconds=2.5", "active_count_max=none", "project_runs=queue")

    made = admin.runyard("admin", "policies", "set", layer, *values)
    changed = admin.runyard("admin", "policies", "set", layer, "test_count_max=3")
    listed = admin.runyard("admin", "policies", "list")
    explained = admin.runyard("admin", "policies", "explain", "--account", user)
    refused = admin.runyard("admin", "policies", "set", layer, "limits_max.wall_seconds=1e9")
    unset = admin.runyard("admin", "policies", "unset", layer, "project_runs")
    audit = admin.runyard("admin", "audit", "--action", "policy", "--query", user)
    cleared = admin.runyard("admin", "policies", "unset", layer)

    assert made.returncode == changed.returncode == unset.returncode == cleared.returncode == 0
    assert [line.split()[1] for line in listed.stdout.splitlines()] == [
        "active_count_max=none",
        "limits_max.wall_seconds=2.5",
        "project_runs=queue",
        "test_count_max=3",
    ]
    (wall,) = [line for line in explained.stdout.splitlines() if "max.wall_seconds" in line]
    assert wall.split()[1] == "2.5"
    assert "server: 60.0" in wall
    assert refused.returncode != 0
    assert "between 0.05 and 60" in refused.stderr
    newest = audit.stdout.splitlines()[0]
    assert f"policy.change  policy account:{user}" in newest
    assert "project_runs" in newest.partition(" -> ")[0]
    assert "project_runs" not in newest.partition(" -> ")[2]
    assert admin.runyard("admin", "policies", "list").stdout == ""
