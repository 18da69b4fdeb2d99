"""What the HTTP interface needs of a running Runyard; `runyard.bootstrap` builds one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from runyard.domain.limits import Policy
from runyard.services.accounts.parts import Accounts
from runyard.services.audit import Audit
from runyard.services.executions import Executions
from runyard.services.faq import Faq
from runyard.services.health import HealthChecks
from runyard.services.kept_files import KeptFiles
from runyard.services.live_settings import LiveSettings
from runyard.services.oversight import Oversight
from runyard.services.platforms import Platforms
from runyard.services.policies import Policies
from runyard.services.projects import Projects
from runyard.services.runtime_administration import RuntimeAdministration
from runyard.services.runtimes import Runtimes
from runyard.services.secrets import Secrets
from runyard.services.sharing import Sharing
from runyard.services.trials import Trials
from runyard.telemetry import Metrics


class Settings(Protocol):
    @property
    def host(self) -> str: ...

    @property
    def allowed_hosts(self) -> tuple[str, ...]: ...

    @property
    def allowed_origins(self) -> tuple[str, ...]: ...

    @property
    def anonymous_owner_id(self) -> str | None: ...

    @property
    def policy(self) -> Policy: ...

    @property
    def trusted_proxies(self) -> tuple[str, ...]: ...

    @property
    def web(self) -> bool: ...

    @property
    def web_dir(self) -> Path | None: ...


class Health(Protocol):
    @property
    def is_ready(self) -> bool: ...

    @property
    def checks(self) -> Mapping[str, bool]: ...


class Application(Protocol):
    @property
    def settings(self) -> Settings: ...

    @property
    def executions(self) -> Executions: ...

    @property
    def runtimes(self) -> Runtimes: ...

    @property
    def runtime_administration(self) -> RuntimeAdministration: ...

    @property
    def projects(self) -> Projects: ...

    @property
    def secrets(self) -> Secrets: ...

    @property
    def data(self) -> KeptFiles: ...

    @property
    def sharing(self) -> Sharing: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def policies(self) -> Policies: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def live_settings(self) -> LiveSettings: ...

    @property
    def platforms(self) -> Platforms: ...

    @property
    def trials(self) -> Trials: ...

    @property
    def health_checks(self) -> HealthChecks: ...

    @property
    def faq(self) -> Faq: ...

    @property
    def oversight(self) -> Oversight: ...

    @property
    def metrics(self) -> Metrics: ...

    async def health(self) -> Health: ...
