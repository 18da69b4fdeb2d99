"""The tokens this person has logged in with, one for each server, in a file only he can read."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from runyard.cli.output import UsageError
from runyard.client.wire import TOKEN_VARIABLE

_PORTS = {"http": 80, "https": 443}
_FOREIGN_RIGHTS = 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLogin:
    """`account` is None where the token may not tell whose it is."""

    token: str = field(repr=False)
    token_id: str | None = None
    account: str | None = None
    expires_at: str | None = None


def find_token(server: str) -> str:
    """Return the token to send to a server, "" for none. The variable goes before the file."""
    given = os.environ.get(TOKEN_VARIABLE)
    if given:
        return given
    stored = load_login(server)
    return stored.token if stored else ""


def load_login(server: str) -> StoredLogin | None:
    return _load().get(origin_of(server))


def store_login(server: str, login: StoredLogin) -> None:
    _store({**_load(), origin_of(server): login})


def forget_login(server: str) -> StoredLogin | None:
    """Return what was forgotten."""
    logins = _load()
    forgotten = logins.pop(origin_of(server), None)
    if forgotten is not None:
        _store(logins)
    return forgotten


def origin_of(server: str) -> str:
    """Return what tells one server from another, in one spelling."""
    parts = urlsplit(server)
    try:
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return server
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}"


def credentials_path() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME")
    directory = Path(home) if home else Path.home() / ".config"
    return directory / "runyard" / "credentials.json"


def _load() -> dict[str, StoredLogin]:
    path = credentials_path()
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & _FOREIGN_RIGHTS:
                raise UsageError(
                    f"Others may read the tokens in {path}, so none of them is used: chmod 600"
                    " it, or delete it and log in again."
                )
            entries = json.load(file)["logins"]
        return {origin: StoredLogin(**entry) for origin, entry in entries.items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is damaged; delete it and log in again.") from error


def _store(logins: dict[str, StoredLogin]) -> None:
    """Write another file and put it in the place of the former: there is never half of one."""
    path = credentials_path()
    text = json.dumps({"logins": {name: asdict(each) for name, each in logins.items()}}, indent=2)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
