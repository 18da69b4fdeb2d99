"""What works together in one process, whatever keeps executions and announces them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from runyard.bus.interface import Bus
from runyard.engines.interface import EngineKind
from runyard.options import (
    account_options,
    build_files,
    mail_options,
    pool_size,
    secret_keys,
    stock_options,
)
from runyard.services.accounts.parts import Accounts, open_accounts
from runyard.services.accounts.sealing import Sealer
from runyard.services.audit import Audit
from runyard.services.build_cache import BuildCache
from runyard.services.build_key import describe_host
from runyard.services.carrying import Carrier
from runyard.services.checking import Checks
from runyard.services.claiming import ClaimGate
from runyard.services.completions import Completions
from runyard.services.executions import Executions
from runyard.services.faq import Faq
from runyard.services.health import HealthChecks, WorkerView
from runyard.services.kept_files import KeptFiles
from runyard.services.live_settings import LiveSettings
from runyard.services.machine import count_processors
from runyard.services.mail import Mailer
from runyard.services.oversight import Oversight
from runyard.services.platforms import OpenPlatform, Platforms
from runyard.services.policies import Policies
from runyard.services.pool import Pool
from runyard.services.probing import Probing
from runyard.services.projects import Projects
from runyard.services.recent import RecentExecutions
from runyard.services.runtime_administration import RuntimeAdministration
from runyard.services.runtime_trials import RuntimeTrials
from runyard.services.runtimes import Runtimes
from runyard.services.secrets import Secrets, Vault
from runyard.services.sharing import Sharing
from runyard.services.trials import Trials
from runyard.setting_specs import build_specs
from runyard.settings import Settings
from runyard.store.accounts import AccountRecords
from runyard.store.audit import AuditRecords
from runyard.store.database import Database
from runyard.store.documents import Documents
from runyard.store.figures import FigureRecords
from runyard.store.interface import ExecutionStore
from runyard.store.kept_files import KeptFileRecords
from runyard.store.moments import now_us
from runyard.store.oversight import OversightRecords
from runyard.store.platforms import PlatformRecords
from runyard.store.projects import ProjectRecords
from runyard.store.queue_view import QueueRecords
from runyard.store.runtime_uses import RuntimeUses
from runyard.store.secrets import SecretRecords
from runyard.store.sharing import SharingRecords
from runyard.telemetry import Metrics, set_log_level


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that a client can ask for."""

    executions: Executions
    runtimes: Runtimes
    runtime_administration: RuntimeAdministration
    projects: Projects
    secrets: Secrets
    data: KeptFiles
    sharing: Sharing
    accounts: Accounts
    policies: Policies
    audit: Audit
    faq: Faq
    oversight: Oversight
    mailer: Mailer
    live_settings: LiveSettings
    platforms: Platforms
    trials: Trials
    health_checks: HealthChecks


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    metrics: Metrics
    bus: Bus
    recent: RecentExecutions
    checks: Checks
    pool: Pool
    builds: BuildCache
    completions: Completions
    gate: ClaimGate
    probing: Probing

    async def aclose(self) -> None:
        await self.pool.aclose()
        await self.builds.aclose()
        await self.checks.aclose()
        await self.bus.aclose()


def build_parts(
    settings: Settings,
    *,
    platform: OpenPlatform,
    store: ExecutionStore,
    bus: Bus,
) -> Parts:
    capabilities = platform.capabilities
    metrics, recent, checks = Metrics(), RecentExecutions(), Checks()
    pool = Pool(
        platform.engine,
        size=pool_size(settings),
        metrics=metrics,
        processors=count_processors(),
        stock=stock_options(settings, capabilities),
    )
    return Parts(
        metrics=metrics,
        bus=bus,
        recent=recent,
        checks=checks,
        pool=pool,
        builds=BuildCache(
            build_files(settings),
            metrics=metrics,
            context=lambda: f"{capabilities.isolation}\n{describe_host()}",
        ),
        completions=Completions(store=store, bus=bus, recent=recent, metrics=metrics),
        gate=ClaimGate(),
        probing=Probing(pool=pool, checks=checks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Footing:
    """What a process has opened before anybody can ask for something. `kinds` are the engines that
    can be configured, `groundwork` what each of them started, by name.
    """

    database: Database
    store: ExecutionStore
    platform: OpenPlatform
    kinds: Mapping[str, EngineKind]
    groundwork: Mapping[str, object]
    live_settings: LiveSettings


def build_services(
    settings: Settings,
    parts: Parts,
    footing: Footing,
    *,
    runtimes: Runtimes,
    worker: WorkerView,
) -> Services:
    database, store = footing.database, footing.store
    executions = Executions(
        store=store,
        bus=parts.bus,
        completions=parts.completions,
        recent=parts.recent,
        find_runtime=runtimes.find,
        policy=settings.policy,
        queue_length_max=settings.queue_length_max,
    )
    audit, mailer = build_audit(database), Mailer(mail_options(settings))
    accounts = build_accounts(settings, database, audit, footing.live_settings, mailer)
    policies = Policies(
        Documents(database),
        audit,
        base=settings.policy,
        anonymous=settings.anonymous_policy,
        find_account=accounts.directory.find,
        list_runtimes=runtimes.list,
    )
    projects = build_projects(database, executions=executions, runtimes=runtimes, policies=policies)
    trials = Trials(
        kinds=footing.kinds,
        groundwork=footing.groundwork,
        checks=parts.checks,
        allow_weak_limits=settings.allow_weak_limits,
    )
    platforms = build_platforms(parts, footing, audit=audit, trials=trials, worker=worker)
    return Services(
        executions=executions,
        runtimes=runtimes,
        runtime_administration=build_runtime_administration(
            settings, parts, database, runtimes=runtimes, audit=audit
        ),
        projects=projects,
        secrets=build_secrets(settings, database, projects=projects, policies=policies),
        data=KeptFiles(
            records=KeptFileRecords(database),
            projects=projects,
            bytes_of_project=settings.data_bytes_per_project_max,
        ),
        sharing=build_sharing(database, projects=projects, runtimes=runtimes),
        accounts=accounts,
        policies=policies,
        audit=audit,
        faq=Faq(Documents(database), audit, list_runtimes=runtimes.list),
        oversight=build_oversight(database, executions=executions, audit=audit),
        mailer=mailer,
        live_settings=footing.live_settings,
        platforms=platforms,
        trials=trials,
        health_checks=build_health_checks(
            settings, database, worker=worker, platforms=platforms, runtimes=runtimes
        ),
    )


def build_health_checks(
    settings: Settings,
    database: Database,
    *,
    worker: WorkerView,
    platforms: Platforms,
    runtimes: Runtimes,
) -> HealthChecks:
    return HealthChecks(
        queue=QueueRecords(database),
        worker=worker,
        platforms=platforms,
        runtimes=runtimes,
        data_dir=settings.data_dir,
        queue_length_max=settings.queue_length_max,
        version=_find_version(),
        now_us=now_us,
    )


def build_oversight(database: Database, *, executions: Executions, audit: Audit) -> Oversight:
    return Oversight(
        records=OversightRecords(database),
        figures=FigureRecords(database),
        accounts=AccountRecords(database),
        executions=executions,
        audit=audit,
        now_us=now_us,
    )


def build_platforms(
    parts: Parts, footing: Footing, *, audit: Audit, trials: Trials, worker: WorkerView
) -> Platforms:
    return Platforms(
        records=PlatformRecords(Documents(footing.database)),
        audit=audit,
        kinds=footing.kinds,
        in_use=footing.platform,
        pool=parts.pool,
        count_running=lambda: worker.running_count,
        gate=parts.gate,
        wake=parts.bus.wake,
        try_to_open=trials.require_usable,
    )


def build_live_settings(settings: Settings, database: Database) -> LiveSettings:
    return LiveSettings(
        documents=Documents(database),
        audit=build_audit(database),
        specs=build_specs(settings),
        apply_log_level=set_log_level,
    )


def build_runtime_administration(
    settings: Settings, parts: Parts, database: Database, *, runtimes: Runtimes, audit: Audit
) -> RuntimeAdministration:
    return RuntimeAdministration(
        runtimes=runtimes,
        documents=Documents(database),
        uses=RuntimeUses(database),
        trials=RuntimeTrials(parts.probing, settings.policy, parts.bus),
        audit=audit,
        limits_max=settings.policy.limits_max,
    )


def build_audit(database: Database) -> Audit:
    return Audit(AuditRecords(database), now_us=now_us)


def build_accounts(
    settings: Settings,
    database: Database,
    audit: Audit,
    live_settings: LiveSettings,
    mailer: Mailer | None = None,
) -> Accounts:
    sealer = Sealer(lambda: secret_keys(settings))
    options = account_options(live_settings)
    return open_accounts(database, sealer, options, audit=audit, mailer=mailer)


def build_projects(
    database: Database, *, executions: Executions, runtimes: Runtimes, policies: Policies
) -> Projects:
    return Projects(
        records=ProjectRecords(database),
        executions=executions,
        find_runtime=runtimes.find,
        find_policy=policies.find,
        list_secrets=SecretRecords(database).list,
        now_us=now_us,
    )


def build_vault(settings: Settings, database: Database) -> Vault:
    return Vault(SecretRecords(database), Sealer(lambda: secret_keys(settings)))


def build_data_carrier(settings: Settings, database: Database) -> Carrier:
    return Carrier(
        records=KeptFileRecords(database),
        project_records=ProjectRecords(database),
        bytes_of_project=settings.data_bytes_per_project_max,
    )


def build_secrets(
    settings: Settings, database: Database, *, projects: Projects, policies: Policies
) -> Secrets:
    return Secrets(
        records=SecretRecords(database),
        vault=build_vault(settings, database),
        projects=projects,
        find_policy=policies.find,
        now_us=now_us,
    )


def build_sharing(database: Database, *, projects: Projects, runtimes: Runtimes) -> Sharing:
    return Sharing(
        records=SharingRecords(database),
        project_records=ProjectRecords(database),
        projects=projects,
        list_runtimes=runtimes.list,
        now_us=now_us,
    )


def _find_version() -> str:
    try:
        return version("runyard")
    except PackageNotFoundError:
        return "0"
