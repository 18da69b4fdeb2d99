"""Where executions run, as administrators configure it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from runyard.domain.errors import InvalidRequestError

# The one that every server has from its first start on.
LOCAL_PLATFORM = "local"
NAME_CHARACTERS_MAX = 40
_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{NAME_CHARACTERS_MAX - 1}}}")


class PlatformState(StrEnum):
    ENABLED = "enabled"
    # What runs is finished, and nothing new begins.
    DRAINING = "draining"
    # The same, and nothing stands ready.
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformDraft:
    """`engine` is the name of a kind; `options` are that kind's own."""

    engine: str
    options: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """`version` counts from 1 with each change."""

    name: str
    draft: PlatformDraft
    state: PlatformState
    version: int
    updated_at: datetime


def check_platform_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequestError(
            f"{name[:NAME_CHARACTERS_MAX]!r} is no name of a platform: up to {NAME_CHARACTERS_MAX}"
            " lower-case letters, digits and hyphens, not beginning with a hyphen."
        )
    return name
