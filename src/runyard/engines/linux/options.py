"""What an operator may choose about sandboxes on bare Linux. The launcher reads it once, while the
server is still trusted; nothing of it can be raised later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runyard.domain.limits import Limits, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxOptions:
    # Host directories at or below which a mount's source may lie; missing ones are left out.
    # /usr is always there.
    sources: tuple[str, ...] = ("/opt",)
    # No sandbox gets more memory, disk or processes than this, whatever the server asks for. The
    # agent enforces time and output.
    limits_max: Limits = Policy().limits_max
    # In case an agent does not: a job is ended when it lives this much longer than its wall
    # limit, for files that go in and out, and at the latest after job_seconds_max.
    grace_seconds: float = 60.0
    job_seconds_max: float = 3600.0
    slot_count_max: int = 16
    # As root, each slot uses two host ids of the 2,097,152 from here on. Nobody else may.
    uid_base: int = 0x70000000
    # A new network namespace for every job, used or not; costs a third of the throughput.
    fresh_network: bool = False
    # The agent's binary, if not the one in the package.
    agent_path: Path | None = None
    startup_seconds: float = 10.0
