"""Everything that is an account's own, as one archive to take away."""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import IO, Any

from runyard.domain.account import Account, Principal
from runyard.domain.errors import NotFoundError
from runyard.domain.execution import Execution
from runyard.services.accounts.attempts import EXPORT_OF_ACCOUNT
from runyard.services.accounts.parts import Accounts
from runyard.services.executions import Executions
from runyard.services.kept_files import KeptFiles
from runyard.services.projects import Projects
from runyard.services.steps import describe_step
from runyard.store.moments import to_us

_PAGE_SIZE = 50
# Above it the archive lies on disk while it is made and sent.
_MEMORY_BYTES_MAX = 8 * 1024 * 1024
_CHUNK_BYTES = 256 * 1024


async def open_export(
    account: Account,
    *,
    accounts: Accounts,
    projects: Projects,
    data: KeptFiles,
    executions: Executions,
) -> AsyncIterator[bytes]:
    """Return the pieces of a ZIP archive. Raises TooManyAttemptsError, before the first piece."""
    await accounts.attempts.spend((EXPORT_OF_ACCOUNT, account.id))
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES_MAX)  # noqa: SIM115
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            await _write_account(archive, account, accounts)
            for in_trash in (False, True):
                await _write_projects(archive, account, projects, data, in_trash=in_trash)
            await _write_executions(archive, account, executions)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return _read(file)


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


async def _write_account(archive: zipfile.ZipFile, account: Account, accounts: Accounts) -> None:
    parts = {
        "account.json": asdict(account),
        "sessions.json": [asdict(each) for each in await accounts.sessions.list(account.id)],
        "tokens.json": [asdict(each) for each in await accounts.api_tokens.list(account.id)],
    }
    for name, content in parts.items():
        archive.writestr(name, _dump(content))


async def _write_projects(
    archive: zipfile.ZipFile,
    account: Account,
    projects: Projects,
    data: KeptFiles,
    *,
    in_trash: bool,
) -> None:
    """Write the newest revision of each, and what is in its /data."""
    principal, before = Principal(owner_id=account.id, account=account), None
    while page := await projects.list(
        principal, in_trash=in_trash, limit=_PAGE_SIZE, before_us=before
    ):
        for project in page:
            revision, files = await projects.read_revision(principal, project.id)
            folder = f"projects/{project.id}"
            described = {**asdict(project), "setup": asdict(revision.setup)}
            contents = {f"{folder}/files/{file.path}": file.content for file in files}
            for file in await data.read_all(principal, project.id):
                contents[f"{folder}/data/{file.path}"] = file.content
            await asyncio.to_thread(
                _write_members, archive, {f"{folder}/project.json": _dump(described), **contents}
            )
        before = to_us(page[-1].updated_at)


async def _write_executions(
    archive: zipfile.ZipFile, account: Account, executions: Executions
) -> None:
    before = None
    while page := await executions.list(owner_id=account.id, limit=_PAGE_SIZE, before=before):
        for listed in page:
            try:
                await _write_execution(archive, await executions.get(listed.id), executions)
            except NotFoundError:
                continue  # It was old enough to be deleted meanwhile.
        before = page[-1].id


async def _write_execution(
    archive: zipfile.ZipFile, execution: Execution, executions: Executions
) -> None:
    request, folder = execution.request, f"executions/{execution.id}"
    contents: dict[str, bytes] = {
        f"{folder}/execution.json": _dump(_describe(execution)),
        **{f"{folder}/files/{file.path}": file.content for file in request.files},
        **({f"{folder}/stdin": request.stdin} if request.stdin else {}),
    }
    for number, step in enumerate(execution.steps, start=1):
        contents[f"{folder}/steps/{number}-stdout"] = step.stdout
        contents[f"{folder}/steps/{number}-stderr"] = step.stderr
    for artifact in execution.artifacts:
        content = await executions.read_artifact(execution.id, artifact.name)
        contents[f"{folder}/artifacts/{artifact.name}"] = content

    await asyncio.to_thread(_write_members, archive, contents)


def _write_members(archive: zipfile.ZipFile, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        archive.writestr(name, content)


def _describe(execution: Execution) -> dict[str, Any]:
    request = execution.request
    return {
        "id": execution.id,
        "state": execution.state,
        "outcome": execution.outcome,
        "message": execution.message,
        "created_at": execution.created_at,
        "started_at": execution.started_at,
        "finished_at": execution.finished_at,
        "runtime": request.runtime_id,
        "entry": request.entry,
        "args": request.args,
        "env": request.env,
        "tests": [asdict(test) for test in request.tests],
        "steps": [describe_step(step) for step in execution.steps],
    }


def _dump(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=2, default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
