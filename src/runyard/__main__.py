"""The `runyard` command: the command line, given what this installation can do by itself.

Everything of the server is imported where it is needed: without the server extra there is none,
and a program that runs by `runyard run` must not wait for what it does not use.
"""

# ruff: noqa: PLC0415 - see above.

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runyard.cli.app import run_command_line
from runyard.cli.local import Diagnosis, Finding, Local, NewAccount, ServeChoices
from runyard.cli.output import UsageError, say
from runyard.domain.errors import ConflictError, EngineError

if TYPE_CHECKING:
    import socket

    import httpx

    from runyard.bootstrap import Application, Groundwork
    from runyard.settings import Settings

DATA_VARIABLE = "RUNYARD_DATA_DIR"
# A request makes some hundreds that live as long as it does: many at once cost no more to look at.
_OBJECTS_PER_COLLECTION = 10_000


def main() -> None:
    local: Local | None = Installation() if find_spec("fastapi") else None
    sys.exit(run_command_line(sys.argv[1:], local=local))


class Installation:
    """What a machine with the server extra can do without any other machine."""

    def open_transport(
        self, *, keep_records: bool
    ) -> AbstractAsyncContextManager[httpx.AsyncBaseTransport]:
        return _open_embedded(keep_records=keep_records)

    def serve(self, choices: ServeChoices) -> int:
        from runyard.api.server import open_socket, refuse_beyond_loopback

        chosen = {
            name: value
            for name in ("host", "port", "profile")
            if (value := getattr(choices, name)) is not None
        }
        settings = _load_settings(**chosen)
        listener = open_socket(settings.host, settings.port)
        if settings.profile == "development":
            refuse_beyond_loopback(listener, settings.host)
        return _run_until_stopped(settings, listener)

    def work(self) -> int:
        return _run_until_stopped(_load_settings(), None)

    def create_account(self, account: NewAccount) -> str:
        settings = _load_settings(log_level="error")
        _become_owner(settings)
        return asyncio.run(_create_account(settings, account))

    def diagnose(self) -> Diagnosis:
        from runyard.bootstrap import lay_groundwork

        settings = _load_settings(log_level="error")
        try:
            groundwork = lay_groundwork(settings, keep_user=True)
        except EngineError as error:
            return Diagnosis(usable=False, reason=error.message, findings=_explain_host())
        try:
            return asyncio.run(_probe(groundwork))
        finally:
            groundwork.launcher.close()


def _load_settings(**chosen: Any) -> Settings:
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from runyard.settings import Settings

    try:
        return Settings(**chosen)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise UsageError(f"The settings are wrong: {'; '.join(wrong)}.") from error
    except SettingsError as error:
        raise UsageError(f"The settings are wrong: {error}.") from error


def _run_until_stopped(settings: Settings, listener: socket.socket | None) -> int:
    """Serve on the socket, or only work, until a signal asks for the end."""
    # Loading makes many objects and no garbage; looking for it takes a tenth of the start.
    gc.disable()
    from runyard.bootstrap import lay_groundwork

    groundwork = lay_groundwork(settings)
    try:
        # After the rights are gone: what faces the web is loaded without them.
        import uvloop

        uvloop.run(_serve(settings, groundwork, listener))
    finally:
        groundwork.launcher.close()
    return 0


async def _serve(
    settings: Settings, groundwork: Groundwork, listener: socket.socket | None
) -> None:
    from runyard.api.app import build_app
    from runyard.api.server import address_of, listen, stop_signals
    from runyard.bootstrap import open_application

    stopped = asyncio.Event()
    with stop_signals(stopped.set):
        async with open_application(
            settings, groundwork.launcher, found=groundwork.found
        ) as application:
            if listener is None:
                _keep_what_is_loaded()
                say("works on queued executions")
                await stopped.wait()
                return
            app = build_app(application)
            _keep_what_is_loaded()
            address = address_of(listener)
            say(f"serves on {address} ({_describe_profile(application)})")
            if settings.web:
                say(_describe_site(settings, address, is_built=app.state.has_site))
            await _offer_set_up(application, address, has_site=app.state.has_site)
            await listen(
                app,
                listener,
                stopped=stopped,
                drain_seconds=settings.drain_seconds,
            )


def _keep_what_is_loaded() -> None:
    """Look for garbage from now on, but not in what there is: five requests take no longer."""
    gc.freeze()
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    gc.enable()


def _describe_profile(application: Application) -> str:
    settings = application.settings
    if application.live_settings.is_anonymous_allowed:
        return f"{settings.profile}: anybody on this machine may run code"
    return f"{settings.profile}: who has an account may run code"


def _describe_site(settings: Settings, address: str, *, is_built: bool) -> str:
    if is_built:
        return f"shows its web site at {settings.public_url or address}/"
    return f"has no web site: make web builds it; the API is at {address}/api/v1"


async def _offer_set_up(application: Application, address: str, *, has_site: bool) -> None:
    """Let whoever reads this server's messages make the first administrator."""
    ticket = await application.accounts.sign_up.offer_set_up()
    if ticket is None:
        return
    link = f"'{address}/setup#{ticket}'"
    way = f"open {link}, or runyard set-up with it" if has_site else f"runyard set-up {link}"
    say(f"has no administrator yet: {way}")


def _become_owner(settings: Settings) -> None:
    """Stop being root as the server does: it could not write to a database of root's."""
    from runyard.engines.linux.privileges import code_paths, drop_privileges

    directory = settings.data_dir
    try:
        if os.geteuid() != 0:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif (user := _find_owner(directory, settings.user)) is not None:
            drop_privileges(user=user, writable=[directory], readable=code_paths())
    except OSError as error:
        raise UsageError(f"The data directory {directory}: {error.strerror}.") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise UsageError(
            f"The data directory {directory} is somebody else's; do this as root or as its owner."
        )


def _find_owner(directory: Path, user: str) -> str | None:
    """Return whose the data directory is, the server's user where there is none yet, or None if it
    is root's own. Its owner may be another than the settings say: a server that was not started as
    root keeps its user.
    """
    import pwd

    try:
        uid = directory.stat().st_uid
    except FileNotFoundError:
        return user
    if uid == 0:
        return None
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


async def _create_account(settings: Settings, account: NewAccount) -> str:
    from runyard.bootstrap import open_records
    from runyard.domain.account import Role
    from runyard.domain.audit import Actor
    from runyard.parts import build_accounts, build_audit, build_live_settings
    from runyard.services.accounts.sign_up import Applicant

    database = await open_records(settings)
    try:
        applicant = Applicant(name=account.name, email=account.email, password=account.password)
        role = Role.ADMIN if account.is_admin else Role.USER
        live_settings = build_live_settings(settings, database)
        accounts = build_accounts(settings, database, build_audit(database), live_settings)
        operator = Actor(name="command line")
        made = await accounts.sign_up.create(applicant, role=role, by=operator)
    finally:
        await database.aclose()
    return made.name


@asynccontextmanager
async def _open_embedded(*, keep_records: bool) -> AsyncIterator[httpx.AsyncBaseTransport]:
    """Run everything in this process, without self-tests and without listening.

    Records are kept in a directory of the user's. Of several processes at once the first has it;
    where only the program matters, the others make do with one that is removed in the end.
    """
    # Loading makes many objects and no garbage; looking for it takes a tenth of the start.
    gc.disable()
    from runyard.api.app import build_app
    from runyard.bootstrap import lay_groundwork
    from runyard.client.in_process import InProcessTransport

    gc.freeze()
    gc.enable()
    # Nobody comes after this one, so nothing is kept ready.
    own = _load_settings(
        profile="development",
        log_level="error",
        allow_weak_limits=True,
        pool_count_max=0,
        web=False,
    )
    settings = _move(own, _embedded_directory(own))
    groundwork = lay_groundwork(settings, keep_user=True)
    async with AsyncExitStack() as stack:
        stack.callback(groundwork.launcher.close)
        try:
            application = await _open_application(stack, settings, groundwork)
        except ConflictError:
            if keep_records:
                raise
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="runyard-"))
            application = await _open_application(stack, _move(own, Path(directory)), groundwork)
        _warn_of_weak_limits(application)
        yield InProcessTransport(build_app(application))


async def _open_application(
    stack: AsyncExitStack, settings: Settings, groundwork: Groundwork
) -> Application:
    from runyard.bootstrap import open_application

    return await stack.enter_async_context(
        open_application(settings, groundwork.launcher, found=groundwork.found, self_tests=False)
    )


def _move(settings: Settings, data_dir: Path) -> Settings:
    """Keep the toolchains that were set up for the server."""
    changed = {
        "data_dir": data_dir,
        "database_url": None,
        "toolchain_dirs": settings.resolved_toolchain_dirs,
    }
    return settings.model_copy(update=changed)


def _embedded_directory(settings: Settings) -> Path:
    """Never the server's own: it holds the lock, and as root it belongs to another user."""
    if DATA_VARIABLE in os.environ:
        return settings.data_dir / "embedded"
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "runyard" / "embedded"


def _warn_of_weak_limits(application: Application) -> None:
    weak = [name for name, each in application.capabilities.limits.items() if not each.enforced]
    if weak:
        say(f"these limits are not enforced here: {', '.join(sorted(weak))} (runyard doctor)")


async def _probe(groundwork: Groundwork) -> Diagnosis:
    from runyard.engines.linux.engine import build

    engine = build(groundwork.launcher, groundwork.launcher.options)
    try:
        capabilities = await engine.probe()
    finally:
        await engine.aclose()
    limits = tuple(
        Finding(f"limit {name}: enforced by {limit.by}", limit.enforced, limit.advice or "")
        for name, limit in capabilities.limits.items()
    )
    checks = tuple(Finding(*check) for check in capabilities.checks)
    return Diagnosis(
        usable=capabilities.usable, reason=capabilities.reason, findings=(*checks, *limits)
    )


def _explain_host() -> tuple[Finding, ...]:
    from runyard.engines.linux.findings import explain
    from runyard.engines.linux.host import read_host

    return tuple(Finding(*finding.check) for finding in explain(read_host()))


if __name__ == "__main__":
    main()
