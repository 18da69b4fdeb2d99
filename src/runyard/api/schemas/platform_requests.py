"""What administrators send about platforms and settings. What options there are, engines say."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, JsonValue

from runyard.api.schemas.requests import RUNTIME_CHARACTERS_MAX, StrictBody
from runyard.domain.platform import NAME_CHARACTERS_MAX, PlatformDraft, PlatformState
from runyard.services.trials import SMOKE_RUNTIMES_MAX

DESCRIPTION_CHARACTERS_MAX = 500


class PlatformBody(StrictBody):
    engine: str = Field(min_length=1, max_length=NAME_CHARACTERS_MAX, examples=["linux"])
    options: dict[str, JsonValue] = Field(
        default_factory=dict, description="The engine's own; GET /admin/engines has their schemas."
    )
    description: str = Field(
        default="",
        max_length=DESCRIPTION_CHARACTERS_MAX,
        # Some text on one line or several.
        pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$",
    )

    def build(self) -> PlatformDraft:
        return PlatformDraft(engine=self.engine, options=self.options, description=self.description)


class PlatformStateBody(StrictBody):
    state: PlatformState = Field(strict=False)


class SmokeBody(StrictBody):
    runtimes: list[Annotated[str, Field(min_length=1, max_length=RUNTIME_CHARACTERS_MAX)]] = Field(
        default_factory=list,
        max_length=SMOKE_RUNTIMES_MAX,
        description="None: the first that work here.",
    )


class SettingBody(StrictBody):
    value: JsonValue


BODIES: tuple[type[BaseModel], ...] = (PlatformBody, PlatformStateBody, SettingBody, SmokeBody)
