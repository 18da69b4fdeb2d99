"""Secret environment variables of projects: written by their owners, read by programs alone.

What is sealed names its owner, project and variable, so that it opens in no other place, whoever
moves rows in the database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from runyard.domain.account import Principal
from runyard.domain.errors import ConflictError, InvalidRequestError, NotFoundError, RunyardError
from runyard.domain.execution import Execution
from runyard.domain.limits import Policy
from runyard.domain.project import Secret
from runyard.services.accounts.sealing import Sealer, SealError
from runyard.services.admission import check_environment_room, measure_environment
from runyard.services.projects import Projects
from runyard.store.secrets import NewSecret, SecretRecords

NAME_CHARACTERS_MAX = 256


class SecretUnreadableError(RunyardError):
    """It was sealed with another key, or for another place."""

    code = "secret_unreadable"


class Vault:
    """Seals values for one place each, and opens them for the runs of that place."""

    def __init__(self, records: SecretRecords, sealer: Sealer) -> None:
        self._records = records
        self._sealer = sealer

    def seal(self, value: str, *, owner_id: str, project_id: str, name: str) -> bytes:
        return self._sealer.seal(json.dumps([owner_id, project_id, name, value]).encode())

    async def open(self, execution: Execution) -> dict[str, str]:
        """Return the values of the variables that the execution is to have, as they are now.

        Raises SecretUnreadableError, and ConflictError for one that there is no longer.
        """
        project_id, owner_id = execution.project_id, execution.owner_id
        if not execution.request.secrets or project_id is None or owner_id is None:
            return {}
        found = await self._records.read(project_id, owner_id=owner_id)
        values = {}
        for name in execution.request.secrets:
            if name not in found:
                raise ConflictError(
                    f"The secret variable {name!r} was deleted after this run was asked for; run"
                    " the project again."
                )
            values[name] = self._unseal(found[name], [owner_id, project_id, name])
        return values

    def _unseal(self, sealed: bytes, place: list[str]) -> str:
        try:
            *sealed_for, value = json.loads(self._sealer.open(sealed))
        except SealError:
            sealed_for, value = [], ""
        if sealed_for != place:
            raise SecretUnreadableError(
                f"The secret variable {place[-1]!r} cannot be opened on this server any more, so"
                " nothing was run; set it again."
            ) from None
        return str(value)


class Secrets:
    """Every method raises NotFoundError for a project that the principal may not see."""

    def __init__(
        self,
        *,
        records: SecretRecords,
        vault: Vault,
        projects: Projects,
        find_policy: Callable[[Principal, str | None], Policy],
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._vault = vault
        self._projects = projects
        self._find_policy = find_policy
        self._now_us = now_us

    async def list(self, principal: Principal, project_id: str) -> Sequence[Secret]:
        await self._projects.find(principal, project_id)
        return await self._records.list(project_id)

    async def put(self, principal: Principal, project_id: str, name: str, value: str) -> Secret:
        """Add a variable or replace its value. Raises InvalidRequestError, LimitError for more than
        a program may have together with the plain ones, and ConflictError in the trash.
        """
        if len(name) > NAME_CHARACTERS_MAX:
            raise InvalidRequestError(
                f"The name has {len(name)} characters; at most {NAME_CHARACTERS_MAX} are allowed."
            )
        size = measure_environment({name: value})[name]
        project = await self._projects.find(principal, project_id, is_changed=True)
        revision = await self._projects.find_revision(principal, project_id)
        policy = self._find_policy(principal, None)
        plain = measure_environment(revision.setup.env)

        def check(secrets: Sequence[Secret]) -> None:
            sizes = {secret.name: secret.size_bytes for secret in secrets}
            check_environment_room(plain | sizes, policy)

        sealed = self._vault.seal(
            value, owner_id=project.owner_id, project_id=project.id, name=name
        )
        secret = await self._records.put(
            NewSecret(project_id=project.id, name=name, sealed=sealed, size_bytes=size),
            now=self._now_us(),
            check=check,
        )
        if secret is None:
            raise NotFoundError(f"There is no project {project_id[:40]!r}.")
        return secret

    async def delete(self, principal: Principal, project_id: str, name: str) -> None:
        """Raises NotFoundError also for a name that there is not, ConflictError in the trash."""
        project = await self._projects.find(principal, project_id, is_changed=True)
        is_name = name.isascii() and name.isidentifier()
        if not is_name or not await self._records.delete(project.id, name):
            raise NotFoundError(f"The project has no secret variable {name[:80]!r}.")
