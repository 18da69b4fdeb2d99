"""What the settings mean for each of the parts that bootstrap puts together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from runyard.domain.limits import Limits
from runyard.engines.interface import Capabilities
from runyard.engines.linux.options import LinuxOptions
from runyard.services.accounts import parts as account_parts
from runyard.services.accounts.sealing import load_key
from runyard.services.build_files import BuildFiles
from runyard.services.live_settings import LiveSettings
from runyard.services.machine import count_processors, find_memory_bytes
from runyard.services.mail import PORTS, MailOptions
from runyard.services.prepared import prepared_folder
from runyard.services.preparing import LIMITS as PREPARING_LIMITS
from runyard.services.stock import StockOptions
from runyard.services.toolchains import Found, mount_sources
from runyard.settings import Settings
from runyard.worker.loop import WorkerOptions

# One self-test may run beside a full worker.
_SANDBOXES_BESIDE = 1
_POOL_MEMORY_SHARE = 8
# The launcher takes no more.
_SLOT_COUNT_MAX = 256
# In the data directory, where the settings name no keys.
_KEY_FILE = "secret.key"


def pool_size(settings: Settings) -> int:
    """Return how many executions have a sandbox at once."""
    return settings.worker_concurrency + _SANDBOXES_BESIDE


def stock_options(settings: Settings, capabilities: Capabilities) -> StockOptions:
    bytes_max = settings.pool_bytes_max
    if bytes_max is None:
        bytes_max = find_memory_bytes() // _POOL_MEMORY_SHARE
    return StockOptions(
        count_max=settings.pool_count_max,
        bytes_max=bytes_max,
        floor=settings.pool_floor_count,
        idle_seconds=settings.pool_idle_seconds,
        has_images=capabilities.has_images,
        forked_starts=settings.forked_starts,
    )


def build_files(settings: Settings) -> BuildFiles | None:
    if not settings.build_cache_bytes_max or not settings.build_cache_bytes_per_owner_max:
        return None
    return BuildFiles(
        settings.data_dir / "builds",
        bytes_max=settings.build_cache_bytes_max,
        bytes_per_owner_max=settings.build_cache_bytes_per_owner_max,
    )


def worker_options(settings: Settings, owner: str) -> WorkerOptions:
    return WorkerOptions(
        owner=owner,
        concurrency=settings.worker_concurrency,
        lease_seconds=settings.lease_seconds,
        drain_seconds=settings.drain_seconds,
    )


def linux_options(settings: Settings, found: Iterable[Found]) -> LinuxOptions:
    found = list(found)
    runtimes = [candidate.runtime for each in found for candidate in each.candidates]
    limits = [
        limits for runtime in runtimes for limits in (runtime.compile_limits, runtime.run_limits)
    ]
    return LinuxOptions(
        sources=(
            "/opt",
            str(prepared_folder(settings.data_dir)),
            *(str(source) for source in mount_sources(found)),
        ),
        limits_max=_largest([settings.policy.limits_max, PREPARING_LIMITS, *limits]),
        # Slots of several runtimes stay warm beside those in use and those that stand ready.
        slot_count_max=min(
            2 * pool_size(settings) + 10 + settings.pool_count_max,
            _SLOT_COUNT_MAX,
        ),
    )


def _largest(limits: Sequence[Limits]) -> Limits:
    return Limits(
        **{
            field.name: max(getattr(each, field.name) for each in limits)
            for field in fields(Limits)
        }
    )


def account_options(live_settings: LiveSettings) -> account_parts.Options:
    return account_parts.Options(
        sign_up=lambda: live_settings.sign_up,
        totp_roles=lambda: live_settings.totp_roles,
        concurrency=count_processors(),
    )


def mail_options(settings: Settings) -> MailOptions | None:
    """Return how mail is sent, or None where it is not."""
    if settings.smtp_host is None or settings.mail_from is None or settings.public_url is None:
        return None
    password = settings.smtp_password
    return MailOptions(
        host=settings.smtp_host,
        port=settings.smtp_port or PORTS[settings.smtp_security],
        user=settings.smtp_user,
        password=None if password is None else password.get_secret_value(),
        security=settings.smtp_security,
        sender=settings.mail_from,
        public_url=settings.public_url,
    )


def secret_keys(settings: Settings) -> list[str]:
    """Return what secrets are sealed with; makes a key where the settings name none."""
    given = [key.get_secret_value() for key in settings.secret_keys]
    return given or [load_key(settings.data_dir / _KEY_FILE)]
