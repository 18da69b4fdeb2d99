"""What an operator may choose about sandboxes on bare Linux. The launcher reads it once, while the
server is still trusted; nothing of it can be raised later.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

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


class PlatformOptions(BaseModel):
    """What an administrator may choose while the server runs: within what the launcher was started
    with, and taken up when the server opens the platform.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    slot_count_max: int | None = Field(
        default=None,
        ge=4,
        le=256,
        description="Sandboxes at a time, those that stand ready included; null: as many as the"
        " server was started for, which is also the most there can be.",
    )
    startup_seconds: float = Field(
        default=10.0, ge=1.0, le=120.0, description="How long a sandbox may take to start."
    )
    grace_seconds: float = Field(
        default=60.0,
        ge=1.0,
        le=600.0,
        description="How long after its wall limit a step is ended from outside its sandbox.",
    )
