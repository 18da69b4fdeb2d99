"""What an operator can configure: environment variables with the prefix RUNYARD_."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runyard.domain.account import Role
from runyard.domain.limits import ANONYMOUS_POLICY, GIB, MIB, Policy
from runyard.services.accounts.sealing import KEY_CHARACTERS_MIN
from runyard.services.accounts.sign_up import SignUpMode
from runyard.services.machine import count_processors
from runyard.services.mail import Security, is_sender

# No account can have this id: those of accounts are identifiers (`runyard.domain.identifiers`).
LOCAL_OWNER_ID = "local"
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_PRINTABLE = re.compile(r"[!-~]+")


def _default_data_dir() -> Path:
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path("/var/lib/runyard") if os.geteuid() == 0 else Path(home) / "runyard"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="RUNYARD_", extra="forbid", frozen=True)

    # Where records, the lock and scratch files live.
    data_dir: Path = Field(default_factory=_default_data_dir)
    # sqlite:///path or postgresql+asyncpg://…; by default a file in data_dir.
    database_url: str | None = None
    # "full" keeps what was acknowledged over a loss of power too, for a wait on the disk with each
    # commit. For SQLite; PostgreSQL has synchronous_commit.
    store_synchronous: Literal["normal", "full"] = "normal"

    # Folders with toolchains of their own, such as typescript/; by default data_dir/toolchains.
    toolchain_dirs: tuple[Path, ...] = ()

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    # "development" lets anybody on this machine run code without an account.
    profile: Literal["development", "production"] = "production"
    anonymous: bool | None = None
    # From one address, of those without an account.
    anonymous_runs_per_minute: int = Field(default=30, ge=1, le=1_000_000)
    # Who may make an account for himself: anybody, who was invited, nobody.
    sign_up: SignUpMode = SignUpMode.INVITATION
    # Roles whose accounts must have a second factor.
    totp_roles: tuple[Role, ...] = Field(default=(), max_length=len(Role))
    # Seal secrets in the database: the first seals, all of them open. By default one that is made
    # once, in a file in data_dir.
    secret_keys: tuple[SecretStr, ...] = ()
    # Where the site is, as people see it; links in mails begin with it.
    public_url: str | None = None
    # Mail is sent where there is a server to give it to.
    smtp_host: str | None = None
    # By default 587, 465 or 25, as the security has it.
    smtp_port: int | None = Field(default=None, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_security: Security = Security.STARTTLS
    # An address, with or without a name: Runyard <runyard@example.org>.
    mail_from: str | None = None
    # Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
    trusted_proxies: tuple[str, ...] = ()
    # Values of the Host header that are served, beside the loopback names and `host` itself.
    allowed_hosts: tuple[str, ...] = ()
    # Web origins that may use the API from a browser, beside the server's own.
    allowed_origins: tuple[str, ...] = ()
    # Show the web site wherever the API has no route.
    web: bool = True
    # A build of it; by default the one in the package, if there is one.
    web_dir: Path | None = None

    # One more than processors: while one execution waits for this server, they have the others.
    worker_concurrency: int = Field(default_factory=lambda: count_processors() + 1, ge=1, le=1024)
    # Sandboxes that stand ready before anybody asks; 0 keeps none.
    pool_count_max: int = Field(default=16, ge=0, le=128)
    # What they may hold of the memory; by default an eighth of what there is.
    pool_bytes_max: int | None = Field(default=None, ge=0)
    # Of each runtime in use that costs next to nothing to keep ready, at least so many.
    pool_floor_count: int = Field(default=2, ge=1, le=128)
    # A runtime that was not asked for in this time is not in use.
    pool_idle_seconds: float = Field(default=300.0, gt=0.0)
    # Runtimes that count as in use from the start, once their self-tests have passed.
    pool_runtimes: tuple[str, ...] = ("python", "javascript")
    # Let interpreters be forked, not executed. Forks of one parent share its address layout.
    forked_starts: bool = True

    # Of what compilers made, on disk in data_dir; 0 keeps nothing.
    build_cache_bytes_max: int = Field(default=1 * GIB, ge=0)
    # The same for one account, so that nobody pushes out what others built.
    build_cache_bytes_per_owner_max: int = Field(default=128 * MIB, ge=0)

    # Make files that compilers begin with, such as precompiled headers, once for each toolchain.
    prepared_files: bool = True
    # Executions that may wait; beyond it a submission is answered "busy".
    queue_length_max: int = Field(default=5000, ge=1)
    # A worker that did not renew for this long is taken for dead.
    lease_seconds: float = Field(default=30.0, ge=1.0)
    # How often an execution is started again after its worker died before anything was exchanged.
    attempts_max: int = Field(default=3, ge=1)
    # How long a stopping worker lets running executions go on.
    drain_seconds: float = Field(default=10.0, ge=0.0)
    retention_days: float = Field(default=30.0, gt=0.0, le=36_500.0)

    # The account that the server becomes when it is started as root.
    user: str = "runyard"
    # Serve although some limit is not enforced on this machine.
    allow_weak_limits: bool = False

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # What holds where administrators say nothing else, and the most that a request may have.
    # RUNYARD_POLICY is a JSON object with the values to change, for example
    # {"file_count_max": 50, "limits_max": {"wall_seconds": 20}}.
    policy: Policy = Policy()
    # In /data of one project that keeps it; held in memory while it is carried in and out.
    data_bytes_per_project_max: int = Field(default=16 * MIB, ge=0, le=256 * MIB)
    # The same for who has no account.
    anonymous_policy: Policy = ANONYMOUS_POLICY

    @field_validator("policy", mode="before")
    @classmethod
    def _merge_policy(cls, value: Any) -> Any:
        return _merge(Policy(), value)

    @field_validator("anonymous_policy", mode="before")
    @classmethod
    def _merge_anonymous_policy(cls, value: Any) -> Any:
        return _merge(ANONYMOUS_POLICY, value)

    @field_validator("secret_keys")
    @classmethod
    def _check_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < KEY_CHARACTERS_MIN for key in keys):
            raise ValueError(
                f"each needs {KEY_CHARACTERS_MIN} characters; try openssl rand -hex 32"
            )
        return keys

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            ip_network(network)
        return networks

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        is_plain = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        if not is_plain or parts.query or parts.fragment or not _PRINTABLE.fullmatch(url):
            raise ValueError("not the address of a site, such as https://runyard.example.org")
        return url.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _check_sender(cls, sender: str | None) -> str | None:
        if sender is not None and (not sender.isprintable() or not is_sender(sender)):
            raise ValueError("not an address, such as Runyard <runyard@example.org>")
        return sender

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        if self.smtp_host is None:
            return self
        missing = [name for name in ("public_url", "mail_from") if getattr(self, name) is None]
        if missing:
            names = " and ".join(f"RUNYARD_{name.upper()}" for name in missing)
            raise ValueError(f"with RUNYARD_SMTP_HOST, set {names} too")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("set both RUNYARD_SMTP_USER and RUNYARD_SMTP_PASSWORD, or neither")
        is_open = self.smtp_security is Security.NONE and self.smtp_host not in _LOOPBACK_NAMES
        if self.smtp_password is not None and is_open:
            raise ValueError("RUNYARD_SMTP_SECURITY=none would send the password readable")
        return self

    @property
    def is_anonymous_allowed(self) -> bool:
        return self.profile == "development" if self.anonymous is None else self.anonymous

    @property
    def anonymous_owner_id(self) -> str | None:
        """Whose executions are that somebody on this machine submits without an account. In
        development that is its one user; elsewhere it could be anybody.
        """
        return LOCAL_OWNER_ID if self.profile == "development" else None

    @property
    def resolved_toolchain_dirs(self) -> tuple[Path, ...]:
        return self.toolchain_dirs or (self.data_dir / "toolchains",)

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'runyard.db'}"


def _merge(defaults: Policy, value: Any) -> Any:
    """Put the bounds that were given over the defaults."""
    if not isinstance(value, dict):
        return value
    merged = asdict(defaults)
    merged["limits_max"].update(value.get("limits_max", {}))
    return merged | {key: item for key, item in value.items() if key != "limits_max"}
