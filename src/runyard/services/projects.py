"""Users' saved code: projects, their revisions, and running one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from runyard.domain.account import Principal
from runyard.domain.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RevisionConflictError,
    TooLargeError,
)
from runyard.domain.execution import Execution
from runyard.domain.files import File, check_path
from runyard.domain.identifiers import is_identifier, new_identifier
from runyard.domain.limits import Policy, ProjectRuns
from runyard.domain.project import (
    Change,
    Entry,
    Project,
    Revision,
    Secret,
    Setup,
    apply_change,
    check_description,
    check_project_name,
    fingerprint,
)
from runyard.domain.runtime import Runtime
from runyard.domain.submission import Submission
from runyard.services.admission import (
    check_distinct,
    check_run_fields,
    check_tree,
)
from runyard.services.carrying import check_kept_folder
from runyard.services.environment import with_environment
from runyard.services.executions import Executions
from runyard.store.interface import Rivals
from runyard.store.moments import from_us
from runyard.store.projects import Bounds, NewContent, ProjectRecords, Saving

TRASH_DAYS = 30
_MOVE_COUNT_MAX = 1000


@dataclass(frozen=True, slots=True)
class _Former:
    """What a revision follows."""

    project_id: str
    number: int = 0
    entries: tuple[Entry, ...] = ()


class Projects:
    """Every method raises NotFoundError for a project that the principal may not see, in the words
    for one that does not exist. What is in the trash is seen, but neither changed nor run.
    `now_us` is the time in microseconds since 1970.
    """

    def __init__(
        self,
        *,
        records: ProjectRecords,
        executions: Executions,
        find_runtime: Callable[[str], Runtime],
        find_policy: Callable[[Principal, str | None], Policy],
        list_secrets: Callable[[str], Awaitable[Sequence[Secret]]],
        now_us: Callable[[], int],
    ) -> None:
        self._records = records
        self._executions = executions
        self._find_runtime = find_runtime
        self._find_policy = find_policy
        self._list_secrets = list_secrets
        self._now_us = now_us

    async def create(
        self,
        principal: Principal,
        *,
        name: str,
        description: str,
        change: Change,
        forked_from: str | None = None,
    ) -> tuple[Project, Revision]:
        """Raises InvalidRequestError and its kin, UnknownRuntimeError, and TooLargeError, also for
        more projects than one may have.
        """
        if change.setup is None:
            raise InvalidRequestError("runtime: a new project needs one.", field="runtime")
        owner_id = principal.known_account.id
        policy = self._find_policy(principal, None)
        revision = self._build(_Former(new_identifier()), change.setup, change, policy)
        project = Project(
            id=revision.project_id,
            owner_id=owner_id,
            name=check_project_name(name),
            description=check_description(description),
            runtime=change.setup.runtime,
            revision=1,
            file_count=len(revision.entries),
            size_bytes=sum(entry.size_bytes for entry in revision.entries),
            created_at=revision.created_at,
            updated_at=revision.created_at,
            forked_from=forked_from,
        )
        content = _content(revision, change.put)
        if await self._records.insert(project, content, _bounds(policy)) is not Saving.DONE:
            raise _full(policy)
        return project, revision

    async def save(
        self,
        principal: Principal,
        project_id: str,
        change: Change,
        *,
        base: int,
        restored_from: int | None = None,
    ) -> Revision:
        """Make the next revision, if `base` is still the newest one; else RevisionConflictError
        names it. What changes nothing makes none: the answer is the newest one.
        """
        project = await self._require(principal, project_id, is_changed=True)
        former = await self._records.find_revision(project_id, base)
        if former is None or project.revision != base:
            raise _conflict(project.revision, base)
        setup, policy = change.setup or former.setup, self._find_policy(principal, None)
        revision = replace(
            self._build(_Former(project_id, base, former.entries), setup, change, policy),
            restored_from=restored_from,
        )
        if revision.fingerprint == former.fingerprint:
            return former
        saving = await self._records.save(
            project.owner_id, _content(revision, change.put), _bounds(policy)
        )
        match saving:
            case Saving.CONFLICT:
                raise _conflict((await self._require(principal, project_id)).revision, base)
            case Saving.TOO_LARGE:
                raise _full(policy)
            case Saving.DONE:
                return revision

    async def restore(
        self, principal: Principal, project_id: str, number: int, *, base: int
    ) -> Revision:
        """Take up the content of an earlier revision again, as a new one."""
        wanted, files = await self.read_revision(principal, project_id, number)
        change = Change(put=files, setup=wanted.setup, replaces=True)
        return await self.save(principal, project_id, change, base=base, restored_from=number)

    async def find(
        self, principal: Principal, project_id: str, *, is_changed: bool = False
    ) -> Project:
        """`is_changed`: ConflictError for what is in the trash."""
        return await self._require(principal, project_id, is_changed=is_changed)

    async def list(
        self,
        principal: Principal,
        *,
        in_trash: bool = False,
        limit: int,
        before_us: int | None = None,
    ) -> Sequence[Project]:
        """Return one's own, those changed last first."""
        return await self._records.list(
            principal.known_account.id, in_trash=in_trash, limit=limit, before_us=before_us
        )

    async def find_revision(
        self, principal: Principal, project_id: str, number: int | None = None
    ) -> Revision:
        """Return a revision, the newest if no number is given, without the files' contents."""
        return await self._find_revision(await self._require(principal, project_id), number)

    async def list_revisions(
        self, principal: Principal, project_id: str, *, limit: int, before: int | None = None
    ) -> Sequence[Revision]:
        await self._require(principal, project_id)
        return await self._records.list_revisions(project_id, limit=limit, before=before)

    async def read_revision(
        self, principal: Principal, project_id: str, number: int | None = None
    ) -> tuple[Revision, tuple[File, ...]]:
        """Return a revision, the newest if no number is given, and its files with contents."""
        project = await self._require(principal, project_id)
        return await self._read_revision(project, number)

    async def change(
        self,
        principal: Principal,
        project_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        keeps_data: bool | None = None,
    ) -> Project:
        """Change what is given. Data that is not kept any more stays until it is deleted."""
        project = await self._require(principal, project_id, is_changed=True)
        await self._records.change(
            project_id,
            name=project.name if name is None else check_project_name(name),
            description=(
                project.description if description is None else check_description(description)
            ),
            keeps_data=project.keeps_data if keeps_data is None else keeps_data,
        )
        return await self._require(principal, project_id)

    async def throw_away(self, principal: Principal, project_id: str) -> Project:
        """Put it into the trash, from which it is deleted after `TRASH_DAYS`."""
        project = await self._require(principal, project_id)
        if project.deleted_at is None:
            await self._records.set_deleted(project_id, self._now())
        return await self._require(principal, project_id)

    async def take_back(self, principal: Principal, project_id: str) -> Project:
        """Take it out of the trash."""
        await self._require(principal, project_id)
        await self._records.set_deleted(project_id, None)
        return await self._require(principal, project_id)

    async def delete(self, principal: Principal, project_id: str) -> None:
        """Delete what is in the trash. There is no way back."""
        project = await self._require(principal, project_id)
        if project.deleted_at is None:
            raise ConflictError(
                "Only what is in the trash is deleted; put the project there first."
            )
        await self._records.delete(project_id)

    async def empty_trash(self) -> int:
        """Delete what has been there for long enough."""
        return await self._records.delete_trashed(before=self._now() - timedelta(days=TRASH_DAYS))

    async def run(
        self, principal: Principal, project_id: str, number: int | None, submission: Submission
    ) -> Execution:
        """Run a revision, the newest if no number is given. `submission` has what is asked for
        beside it: its files, runtime and entry are those of the revision, its arguments,
        environment and stdin add to them, and the project's secrets come last. What runs already
        for the same request is returned. Raises InvalidRequestError and its kin, and
        ProjectBusyError.
        """
        project = await self._require(principal, project_id, is_changed=True)
        revision, files = await self._read_revision(project, number)
        setup = revision.setup
        runtime = self._find_runtime(setup.runtime)
        policy = self._find_policy(principal, runtime.id)
        rivals = _rivals(policy)
        if project.keeps_data:
            check_kept_folder(files)
            # Each begins with what the one before it left.
            rivals = rivals or Rivals.QUEUE
        submission = replace(
            submission,
            runtime=setup.runtime,
            files=files,
            entry=setup.entry,
            args=submission.args or setup.args,
            stdin=submission.stdin or setup.stdin,
            keeps_data=project.keeps_data,
        )
        return await self._executions.submit(
            with_environment(submission, setup, await self._list_secrets(project.id), policy),
            owner_id=principal.owner_id,
            project_id=project.id,
            revision=revision.number,
            rivals=rivals,
            policy=policy,
        )

    def _build(self, former: _Former, setup: Setup, change: Change, policy: Policy) -> Revision:
        """Check what was asked for and return the revision it makes."""
        self._check(setup, change, policy)
        entries = apply_change(former.entries, change)
        check_tree([(entry.path, entry.size_bytes) for entry in entries], policy)
        if setup.entry is not None and entries and setup.entry not in {e.path for e in entries}:
            raise InvalidRequestError(
                f"The entry {setup.entry[:80]!r} is not one of the {len(entries)} files.",
                field="entry",
            )
        return Revision(
            project_id=former.project_id,
            number=former.number + 1,
            setup=setup,
            entries=entries,
            created_at=self._now(),
            fingerprint=fingerprint(setup, entries),
        )

    def _check(self, setup: Setup, change: Change, policy: Policy) -> None:
        if change.setup is not None:
            self._find_runtime(setup.runtime)
            check_run_fields(args=setup.args, env=setup.env, stdin=setup.stdin, policy=policy)
        if len(change.move) + len(change.remove) > _MOVE_COUNT_MAX:
            raise TooLargeError(
                f"At most {_MOVE_COUNT_MAX} files are moved and removed at a time.",
                limit="move_count_max",
            )
        for _, target in change.move:
            check_path(target)
        # Of two with one name the change would take the later one.
        check_distinct([file.path for file in change.put])

    async def _require(
        self, principal: Principal, project_id: str, *, is_changed: bool = False
    ) -> Project:
        project = await self._records.find(project_id) if is_identifier(project_id) else None
        if project is None or project.owner_id != principal.owner_id:
            raise NotFoundError(f"There is no project {project_id[:40]!r}.")
        if is_changed and project.deleted_at is not None:
            raise ConflictError("The project is in the trash; take it out first.")
        return project

    async def _find_revision(self, project: Project, number: int | None) -> Revision:
        found = await self._records.find_revision(project.id, number or project.revision)
        if found is None:
            raise NotFoundError(
                f"The project has no revision {number}; the newest is {project.revision}, and"
                " the oldest are deleted."
            )
        return found

    async def _read_revision(
        self, project: Project, number: int | None
    ) -> tuple[Revision, tuple[File, ...]]:
        revision = await self._find_revision(project, number)
        return revision, await self._records.read_files(project.id, revision.number)

    def _now(self) -> datetime:
        return from_us(self._now_us())


def _content(revision: Revision, put: Sequence[File]) -> NewContent:
    hashes = {entry.path: entry.hash for entry in revision.entries}
    return NewContent(revision=revision, contents={hashes[file.path]: file.content for file in put})


def _bounds(policy: Policy) -> Bounds:
    return Bounds(
        project_count=policy.project_count_max,
        revision_count=policy.revision_count_max,
        bytes_of_owner=policy.project_bytes_max,
    )


def _rivals(policy: Policy) -> Rivals | None:
    """Return what becomes of what runs in a project when it is run again; None: both run."""
    runs = policy.project_runs
    return None if runs is ProjectRuns.PARALLEL else Rivals(runs)


def _full(policy: Policy) -> TooLargeError:
    return TooLargeError(
        f"You may keep {policy.project_count_max} projects and {policy.project_bytes_max} bytes in"
        " them, all revisions together; delete something first.",
        limit="project_bytes_max",
    )


def _conflict(newest: int, base: int) -> RevisionConflictError:
    return RevisionConflictError(
        f"The project was saved since revision {base}: the newest is {newest}. Load it, and save"
        " again what is still wanted.",
        revision=newest,
    )
