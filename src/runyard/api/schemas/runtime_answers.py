"""What administrators are told about runtimes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, JsonValue

from runyard.api.schemas.answers import StepAnswer, StrictAnswer
from runyard.api.schemas.rendering import render_step
from runyard.domain.execution import Outcome
from runyard.domain.runtime import Lifecycle, RuntimeState
from runyard.services.runtime_administration import AdministeredRuntime
from runyard.services.runtime_definition import render_definition
from runyard.services.runtime_trials import Trial


class AdminRuntimeAnswer(StrictAnswer):
    id: str
    source: Literal["catalogue", "edited", "added"]
    state: RuntimeState
    reason: str | None = Field(description="Why it is unavailable.")
    version: str = Field(description="What the toolchain says; empty before its self-test.")
    lifecycle: Lifecycle
    message: str
    replacement: str | None
    default: bool = Field(description="Whether the language's name finds it.")
    projects: int = Field(description="How many projects use it, those in the trash included.")
    revision: int = Field(description="How often it was changed; for If-Match.")
    edited: list[str] = Field(description="The fields that are other than the catalogue's.")
    definition: dict[str, JsonValue] = Field(description="All fields, as they could be given.")


class AdminRuntimesAnswer(StrictAnswer):
    items: list[AdminRuntimeAnswer]


class TrialAnswer(StrictAnswer):
    version: str
    passed: bool | None = Field(description="Of the self-test; null for another program.")
    reason: str | None = Field(description="Why it did not pass, or did not run.")
    outcome: Outcome
    steps: list[StepAnswer]


def render_administered(runtime: AdministeredRuntime) -> AdminRuntimeAnswer:
    status = runtime.status
    return AdminRuntimeAnswer.model_validate(
        {
            "id": status.runtime.id,
            "source": runtime.source,
            "state": status.state,
            "reason": status.reason,
            "version": status.runtime.version,
            "lifecycle": status.support.lifecycle,
            "message": status.support.message,
            "replacement": status.support.replacement,
            "default": status.is_default,
            "projects": runtime.project_count,
            "revision": runtime.revision,
            "edited": list(runtime.given),
            "definition": render_definition(runtime.entry),
        }
    )


def render_all_administered(runtimes: Iterable[AdministeredRuntime]) -> AdminRuntimesAnswer:
    return AdminRuntimesAnswer(items=[render_administered(each) for each in runtimes])


def render_trial(trial: Trial) -> TrialAnswer:
    return TrialAnswer(
        version=trial.version,
        passed=trial.passed,
        reason=trial.reason,
        outcome=trial.outcome,
        steps=[StepAnswer.model_validate(render_step(step)) for step in trial.steps],
    )
