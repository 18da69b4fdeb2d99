"""What works together in one process, whatever keeps executions and announces them."""

from __future__ import annotations

from dataclasses import dataclass

from runyard.bus.interface import Bus
from runyard.engines.interface import Capabilities, Engine
from runyard.options import (
    account_options,
    build_files,
    pool_size,
    secret_keys,
    stock_options,
)
from runyard.services.accounts.parts import Accounts, open_accounts
from runyard.services.accounts.sealing import Sealer
from runyard.services.audit import Audit
from runyard.services.build_cache import BuildCache
from runyard.services.build_key import describe_host
from runyard.services.checking import Checks
from runyard.services.completions import Completions
from runyard.services.executions import Executions
from runyard.services.machine import count_processors
from runyard.services.policies import Policies
from runyard.services.pool import Pool
from runyard.services.projects import Projects
from runyard.services.recent import RecentExecutions
from runyard.services.runtimes import Runtimes
from runyard.services.sharing import Sharing
from runyard.settings import Settings
from runyard.store.audit import AuditRecords
from runyard.store.database import Database
from runyard.store.documents import Documents
from runyard.store.interface import ExecutionStore
from runyard.store.moments import now_us
from runyard.store.projects import ProjectRecords
from runyard.store.sharing import SharingRecords
from runyard.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that a client can ask for."""

    executions: Executions
    runtimes: Runtimes
    projects: Projects
    sharing: Sharing
    accounts: Accounts
    policies: Policies
    audit: Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    metrics: Metrics
    bus: Bus
    recent: RecentExecutions
    checks: Checks
    pool: Pool
    builds: BuildCache
    completions: Completions

    async def aclose(self) -> None:
        await self.pool.aclose()
        await self.builds.aclose()
        await self.checks.aclose()
        await self.bus.aclose()


def build_parts(
    settings: Settings,
    *,
    engine: Engine,
    capabilities: Capabilities,
    store: ExecutionStore,
    bus: Bus,
) -> Parts:
    metrics, recent = Metrics(), RecentExecutions()
    return Parts(
        metrics=metrics,
        bus=bus,
        recent=recent,
        checks=Checks(),
        pool=Pool(
            engine,
            size=pool_size(settings),
            metrics=metrics,
            processors=count_processors(),
            stock=stock_options(settings, capabilities),
        ),
        builds=BuildCache(
            build_files(settings),
            metrics=metrics,
            context=lambda: f"{capabilities.isolation}\n{describe_host()}",
        ),
        completions=Completions(store=store, bus=bus, recent=recent, metrics=metrics),
    )


def build_services(
    settings: Settings,
    parts: Parts,
    *,
    database: Database,
    store: ExecutionStore,
    runtimes: Runtimes,
) -> Services:
    executions = Executions(
        store=store,
        bus=parts.bus,
        completions=parts.completions,
        recent=parts.recent,
        find_runtime=runtimes.find,
        policy=settings.policy,
        queue_length_max=settings.queue_length_max,
    )
    audit = build_audit(database)
    accounts = build_accounts(settings, database, audit)
    policies = Policies(
        Documents(database),
        audit,
        base=settings.policy,
        anonymous=settings.anonymous_policy,
        find_account=accounts.directory.find,
        list_runtimes=runtimes.list,
    )
    projects = Projects(
        records=ProjectRecords(database),
        executions=executions,
        find_runtime=runtimes.find,
        find_policy=policies.find,
        now_us=now_us,
    )
    return Services(
        executions=executions,
        runtimes=runtimes,
        projects=projects,
        sharing=build_sharing(database, projects=projects, runtimes=runtimes),
        accounts=accounts,
        policies=policies,
        audit=audit,
    )


def build_audit(database: Database) -> Audit:
    return Audit(AuditRecords(database), now_us=now_us)


def build_accounts(settings: Settings, database: Database, audit: Audit) -> Accounts:
    sealer = Sealer(lambda: secret_keys(settings))
    return open_accounts(database, sealer, account_options(settings), audit=audit)


def build_sharing(database: Database, *, projects: Projects, runtimes: Runtimes) -> Sharing:
    return Sharing(
        records=SharingRecords(database),
        project_records=ProjectRecords(database),
        projects=projects,
        list_runtimes=runtimes.list,
        now_us=now_us,
    )
