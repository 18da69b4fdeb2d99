"""The settings as administrators see them: what each is for, what it is without its secrets, and
which may change while the server runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import SecretStr, TypeAdapter
from pydantic_core import to_jsonable_python

from runyard.services.live_settings import SettingSpec
from runyard.settings import Settings

MASK = "***"
# Changed here, if the environment does not say what they are.
CHANGEABLE = (
    *("sign_up", "anonymous", "anonymous_runs_per_minute", "totp_roles"),
    *("retention_days", "log_level"),
)
# Up to the last @: what looks like a host may be the end of a password that is not escaped.
_PASSWORD = re.compile(r"(?s)^([a-z][a-z0-9+.-]*://[^/:?#@]*):.*@", re.IGNORECASE)
_SECRET_PARAMETER = re.compile(
    r"(?i)([?&;][^=&;]*(?:pass|pwd|secret|token|key|credential)[^=&;]*=)[^&;]*"
)

DESCRIPTIONS: Mapping[str, str] = {
    "data_dir": "Where records, the lock and scratch files live.",
    "database_url": "Sqlite:///path, or postgresql+asyncpg://… with the extra postgres.",
    "store_synchronous": (
        "What was acknowledged survives a killed server; with full it also survives a "
        "loss of power, and each commit waits for the disk (SQLite; PostgreSQL has "
        "synchronous_commit)."
    ),
    "toolchain_dirs": "Folders with toolchains of their own, such as typescript/.",
    "host": "Address to listen on; beyond loopback only in the production profile.",
    "port": "Port to listen on.",
    "profile": (
        "Development lets anybody on this machine run code without an account; make serve uses it."
    ),
    "anonymous": "Whether code may be run without an account.",
    "anonymous_runs_per_minute": "How often from one address, except in development.",
    "sign_up": "Who may make an account: open, invitation or closed.",
    "totp_roles": "Roles whose accounts must have a second factor of user and admin.",
    "secret_keys": (
        "What secrets in the database are sealed with: the first seals, all of them open;"
        " the same on all servers of a database."
    ),
    "public_url": "Where the site is, as people see it; links in mails begin with it.",
    "smtp_host": "The mail server; none: no mail is sent.",
    "smtp_port": "Its port; by default 587, 465 for tls, 25 for none.",
    "smtp_user": "Whom to log in as at the mail server.",
    "smtp_password": "With which password.",
    "smtp_security": "How the connection to it is protected: starttls, tls or none.",
    "mail_from": "The sender of mails, an address with or without a name.",
    "trusted_proxies": (
        "Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."
    ),
    "allowed_hosts": "Values of the Host header that are served beside the loopback names.",
    "allowed_origins": "Web origins that may use the API from a browser.",
    "web": "Whether the web site is shown beside the API.",
    "web_dir": "The folder of its build; by default the one in the package, if there is one.",
    "worker_concurrency": "Executions that run at once.",
    "pool_count_max": "Sandboxes that stand ready before anybody asks; 0 keeps none.",
    "pool_bytes_max": "What they may hold of the memory, by the measured size of each kind.",
    "pool_floor_count": (
        "How many stand ready at least for each runtime in use; one where a program is "
        "started ahead."
    ),
    "pool_idle_seconds": "A runtime that was not asked for in this time is not in use.",
    "pool_runtimes": (
        "Runtimes that count as in use from the start, once their self-tests have passed."
    ),
    "prepared_files": (
        "Whether files that compilers begin with, such as precompiled headers, are made "
        "once for each toolchain; up to 1 GiB for each in data_dir/prepared."
    ),
    "forked_starts": (
        "Whether interpreters are forked from a started one, where the runtime says so; "
        "forks share its address layout and hash seed."
    ),
    "build_cache_bytes_max": (
        "Of what compilers made, kept in builds in the data directory; 0 keeps nothing."
    ),
    "build_cache_bytes_per_owner_max": (
        "The same for one account, so that nobody pushes out what others built."
    ),
    "queue_length_max": "Executions that may wait; beyond it the answer is busy.",
    "lease_seconds": "A worker that did not renew for this long is taken for dead.",
    "attempts_max": (
        "How often an execution is started again after its worker died before anything "
        "was exchanged."
    ),
    "drain_seconds": "How long a stopping worker lets running executions go on.",
    "retention_days": "How long finished executions are kept.",
    "user": "The account that the server becomes when it is started as root.",
    "allow_weak_limits": (
        "Serve although some limit is not enforced here (runyard doctor names it)."
    ),
    "log_format": "Text or json.",
    "log_level": "Debug, info, warning or error.",
    "policy": (
        "What a request may contain and ask for where administrators say nothing else, and the"
        " most that it may have."
    ),
    "data_bytes_per_project_max": (
        "What one project may keep in /data; held in memory while it is carried in and out."
    ),
    "anonymous_policy": (
        "The same for who has no account, except in development: shorter and smaller."
    ),
}


def build_specs(settings: Settings) -> list[SettingSpec]:
    return [_build_spec(settings, name) for name in Settings.model_fields]


def mask(value: Any) -> Any:
    """Return a JSON value in which no secret and no password of an address is left."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, str):
        return _SECRET_PARAMETER.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", value))
    if isinstance(value, tuple | list):
        return [mask(each) for each in value]
    if isinstance(value, dict):
        return {key: mask(each) for key, each in value.items()}
    return value


def _build_spec(settings: Settings, name: str) -> SettingSpec:
    field, value = Settings.model_fields[name], getattr(settings, name)
    default = field.get_default(call_default_factory=True)
    spec = SettingSpec(
        name=name,
        variable=f"RUNYARD_{name.upper()}",
        description=DESCRIPTIONS.get(name, ""),
        value=value,
        shown=_show(value),
        default=_show(default),
        is_secret="SecretStr" in str(field.annotation),
        is_set_outside=name in settings.model_fields_set,
        type=TypeAdapter(_type_of(name)) if name in CHANGEABLE else None,
    )
    if name == "anonymous":
        # What it means where nothing is set depends on the profile.
        default = settings.profile == "development"
        allowed = settings.is_anonymous_allowed
        spec = replace(spec, value=allowed, shown=allowed, default=default)
    return spec


def _type_of(name: str) -> Any:
    field = Settings.model_fields[name]
    if name == "anonymous":
        return bool
    return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation


def _show(value: Any) -> Any:
    # Secrets first: what comes after knows them no more.
    if isinstance(value, tuple) and any(isinstance(each, SecretStr) for each in value):
        return mask(value)
    return mask(to_jsonable_python(value, serialize_unknown=True))
