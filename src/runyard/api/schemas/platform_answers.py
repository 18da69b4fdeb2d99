"""What administrators are told of platforms, settings and the server's health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field, JsonValue

from runyard.api.schemas.answers import StrictAnswer
from runyard.domain.platform import PlatformState
from runyard.engines.interface import Capabilities, EngineKind
from runyard.services.health import Report, Status
from runyard.services.live_settings import SettingView, Source
from runyard.services.platforms import PlatformView
from runyard.services.trials import SmokeResult, StepStatus, Trial

_MILLISECONDS = 1000.0


class EnforcementAnswer(StrictAnswer):
    enforced: bool
    by: str = Field(examples=["cgroup v2"])
    advice: str | None


class FindingAnswer(StrictAnswer):
    tried: str
    ok: bool
    advice: str


class CapabilitiesAnswer(StrictAnswer):
    usable: bool
    reason: str | None
    isolation: str = Field(examples=["namespaces"])
    network_cut: bool
    root_read_only: bool
    terminal: bool
    images: bool
    limits: dict[str, EnforcementAnswer]
    findings: list[FindingAnswer]


class PlatformAnswer(StrictAnswer):
    name: str
    engine: str
    options: dict[str, JsonValue]
    description: str
    state: PlatformState
    default: bool = Field(description="Servers open it when they start.")
    in_use: bool = Field(description="The server that answers runs on it.")
    needs_restart: bool = Field(description="What it is now holds once this server starts again.")
    version: int
    updated_at: datetime
    capabilities: CapabilitiesAnswer | None = Field(
        description="As they were found when this server opened it; null: it has not."
    )
    running: int = Field(description="Executions in this server.")
    ready: int = Field(description="Sandboxes that stand ready in this server.")


class PlatformsAnswer(StrictAnswer):
    items: list[PlatformAnswer]


class EngineAnswer(StrictAnswer):
    name: str
    description: str
    options: dict[str, JsonValue] = Field(description="The JSON schema of a platform's options.")


class EnginesAnswer(StrictAnswer):
    items: list[EngineAnswer]


class TrialStepAnswer(StrictAnswer):
    name: str
    title: str
    status: StepStatus
    milliseconds: float
    detail: str
    advice: str


class TrialAnswer(StrictAnswer):
    passed: bool
    steps: list[TrialStepAnswer]
    capabilities: CapabilitiesAnswer | None


class SmokeResultAnswer(StrictAnswer):
    runtime: str
    passed: bool
    reason: str | None
    milliseconds: float


class SmokeAnswer(StrictAnswer):
    passed: bool
    results: list[SmokeResultAnswer]


class SettingAnswer(StrictAnswer):
    name: str
    variable: str = Field(description="The environment variable that sets it.")
    description: str
    value: JsonValue = Field(description="Without secrets.")
    default: JsonValue
    source: Source
    changeable: bool
    secret: bool
    value_schema: dict[str, JsonValue] | None = Field(
        description="JSON schema; null: it cannot be changed while the server runs.",
    )


class SettingsAnswer(StrictAnswer):
    items: list[SettingAnswer]


class PartAnswer(StrictAnswer):
    name: str
    status: Status
    message: str
    values: dict[str, JsonValue]


class AdminHealthAnswer(StrictAnswer):
    status: Status
    parts: list[PartAnswer]


def render_platforms(views: Sequence[PlatformView]) -> PlatformsAnswer:
    return PlatformsAnswer(items=[render_platform(each) for each in views])


def render_platform(view: PlatformView) -> PlatformAnswer:
    platform, capabilities = view.platform, view.capabilities
    return PlatformAnswer(
        name=platform.name,
        engine=platform.draft.engine,
        options=dict(platform.draft.options),
        description=platform.draft.description,
        state=platform.state,
        default=view.is_default,
        in_use=view.is_in_use,
        needs_restart=view.needs_restart,
        version=platform.version,
        updated_at=platform.updated_at,
        capabilities=None if capabilities is None else _render_capabilities(capabilities),
        running=view.running_count,
        ready=view.ready_count,
    )


def render_engines(kinds: Sequence[EngineKind]) -> EnginesAnswer:
    return EnginesAnswer(
        items=[
            EngineAnswer(name=kind.name, description=kind.description, options=kind.schema())
            for kind in kinds
        ]
    )


def render_trial(trial: Trial) -> TrialAnswer:
    capabilities = trial.capabilities
    return TrialAnswer(
        passed=trial.has_passed,
        steps=[
            TrialStepAnswer(
                name=step.name,
                title=step.title,
                status=step.status,
                milliseconds=round(step.seconds * _MILLISECONDS, 3),
                detail=step.detail,
                advice=step.advice,
            )
            for step in trial.steps
        ],
        capabilities=None if capabilities is None else _render_capabilities(capabilities),
    )


def render_smoke(results: Sequence[SmokeResult]) -> SmokeAnswer:
    return SmokeAnswer(
        passed=all(each.reason is None for each in results),
        results=[
            SmokeResultAnswer(
                runtime=each.runtime_id,
                passed=each.reason is None,
                reason=each.reason,
                milliseconds=round(each.seconds * _MILLISECONDS, 3),
            )
            for each in results
        ],
    )


def render_settings(views: Sequence[SettingView]) -> SettingsAnswer:
    return SettingsAnswer(items=[render_setting(each) for each in views])


def render_setting(view: SettingView) -> SettingAnswer:
    spec = view.spec
    return SettingAnswer(
        name=spec.name,
        variable=spec.variable,
        description=spec.description,
        value=view.value,
        default=spec.default,
        source=view.source,
        changeable=view.is_changeable,
        secret=spec.is_secret,
        value_schema=None if spec.type is None else spec.type.json_schema(),
    )


def render_report(report: Report) -> AdminHealthAnswer:
    return AdminHealthAnswer(
        status=report.status,
        parts=[
            PartAnswer(
                name=part.name, status=part.status, message=part.message, values=dict(part.values)
            )
            for part in report.parts
        ],
    )


def _render_capabilities(found: Capabilities) -> CapabilitiesAnswer:
    return CapabilitiesAnswer(
        usable=found.usable,
        reason=found.reason,
        isolation=found.isolation,
        network_cut=found.network_cut,
        root_read_only=found.root_read_only,
        terminal=found.has_terminal,
        images=found.has_images,
        limits={
            name: EnforcementAnswer(enforced=each.enforced, by=each.by, advice=each.advice)
            for name, each in found.limits.items()
        },
        findings=[
            FindingAnswer(tried=tried, ok=is_well, advice=advice)
            for tried, is_well, advice in found.checks
        ],
    )
