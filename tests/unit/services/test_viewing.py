"""Executions of others do not exist, whatever one tries with them."""

import inspect
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.account import Account, Principal, Role, Scope
from runyard.domain.errors import NotFoundError
from runyard.domain.execution import Execution, Outcome, State
from runyard.domain.files import File
from runyard.domain.identifiers import new_identifier
from runyard.domain.limits import Policy
from runyard.domain.submission import Submission
from runyard.services.executions import Executions
from runyard.services.viewing import ViewedExecutions
from tests.unit.services.rig import Rig, open_rig

# With it ViewedExecutions asks whose one is; no route does.
ASKED_BY_VIEWING_ITSELF = {"progress"}
# Of what an administrator stops (services/oversight.py): routes for others have no way to it.
FOR_ADMINISTRATORS = {"end"}
ARGUMENTS: dict[str, object] = {
    "seconds_max": 0.0,
    "data": b"x",
    "rows": 24,
    "columns": 80,
    "number": 2,
    "name": "out.txt",
}


def verbs_of(kind: type) -> dict[str, inspect.Signature]:
    """Return the public methods that take an execution's id."""
    return {
        name: signature
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
        and "execution_id" in (signature := inspect.signature(method)).parameters
    }


VERBS = verbs_of(Executions)
OFFERED = sorted(set(VERBS) - ASKED_BY_VIEWING_ITSELF - FOR_ADMINISTRATORS)


def person(owner_id: str, *, role: Role = Role.USER, **fields: Any) -> Principal:
    account = Account(
        id=owner_id,
        name=owner_id,
        email=f"{owner_id}@b",
        role=role,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return Principal(owner_id=owner_id, account=account, **fields)


ADA, BOB = person("ada"), person("bob")
ADMIN = person("cyd", role=Role.ADMIN)
STRANGERS = {
    "another user": BOB,
    "nobody in particular": Principal(),
    "the machine's user": Principal(owner_id="local"),
    "one without a name": Principal(owner_id=""),
    "an administrator's narrow token": person(
        "cyd", role=Role.ADMIN, token_id="t", scopes=frozenset({Scope.EXECUTIONS_WRITE})
    ),
    "the token of an administrator no more": person(
        "cyd", token_id="t", scopes=frozenset({Scope.ADMIN})
    ),
}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A rig where everything stays queued: whether it ran tells nothing here."""
    async with open_rig(tmp_path, is_working=False) as rig:
        yield rig


@pytest.fixture(params=["recent", "stored"])
async def of_ada(rig: Rig, request: pytest.FixtureRequest) -> Execution:
    execution = await rig.submit("print(1)", owner_id="ada", interactive=True)
    if request.param == "stored":
        rig.recent.forget_all()
    return execution


async def attempt(executions: Executions | ViewedExecutions, verb: str, execution_id: str) -> Any:
    """Call a method with arguments that are right, up to its first event if it yields them."""
    needed = [
        name
        for name, parameter in VERBS[verb].parameters.items()
        if parameter.default is parameter.empty and name not in {"self", "execution_id"}
    ]
    assert set(needed) <= set(ARGUMENTS), f"{verb} takes what this test does not know"
    result = getattr(executions, verb)(execution_id, **{name: ARGUMENTS[name] for name in needed})
    if not inspect.isasyncgen(result):
        return await result
    async with aclosing(result) as events:
        return await anext(events)


class TestEveryVerb:
    def test_viewing_has_every_method_of_executions(self) -> None:
        viewed = verbs_of(ViewedExecutions)

        assert set(viewed) == set(OFFERED)
        assert len(OFFERED) >= 9
        for verb in OFFERED:
            assert str(viewed[verb]) == str(VERBS[verb])

    @pytest.mark.parametrize("verb", OFFERED)
    async def test_what_belongs_to_another_is_told_like_what_there_is_not(
        self, rig: Rig, of_ada: Execution, verb: str
    ) -> None:
        missing_id = new_identifier()
        for name, principal in STRANGERS.items():
            viewed = ViewedExecutions(rig.executions, principal)

            with pytest.raises(NotFoundError) as hidden:
                await attempt(viewed, verb, of_ada.id)
            with pytest.raises(NotFoundError) as missing:
                await attempt(viewed, verb, missing_id)

            assert type(hidden.value) is type(missing.value), name
            assert str(hidden.value).replace(of_ada.id, missing_id) == str(missing.value)
            assert hidden.value.detail == missing.value.detail
        assert await rig.executions.get(of_ada.id) == of_ada

    @pytest.mark.parametrize("verb", OFFERED)
    async def test_what_is_no_id_is_not_found(self, rig: Rig, verb: str) -> None:
        for execution_id in ("", "x", "../../etc", "é" * 26, "x" * 100):
            for principal in (ADA, ADMIN, Principal()):
                with pytest.raises(NotFoundError):
                    await attempt(ViewedExecutions(rig.executions, principal), verb, execution_id)

    @pytest.mark.parametrize("principal", [ADA, ADMIN], ids=["owner", "administrator"])
    @pytest.mark.parametrize("verb", OFFERED)
    async def test_owner_and_administrators_may_do_what_anybody_could(
        self, rig: Rig, of_ada: Execution, verb: str, principal: Principal
    ) -> None:
        viewed = ViewedExecutions(rig.executions, principal)

        if verb == "read_artifact":
            with pytest.raises(NotFoundError, match="has no artifact"):
                await attempt(viewed, verb, of_ada.id)
        else:
            await attempt(viewed, verb, of_ada.id)

    @pytest.mark.parametrize("verb", sorted(set(OFFERED) - {"read_artifact"}))
    async def test_what_is_nobodys_is_seen_by_who_knows_its_id(self, rig: Rig, verb: str) -> None:
        execution = await rig.submit("print(1)", interactive=True)

        await attempt(ViewedExecutions(rig.executions, Principal()), verb, execution.id)

    async def test_owner_cancels_and_a_stranger_does_not(self, rig: Rig, of_ada: Execution) -> None:
        with pytest.raises(NotFoundError):
            await ViewedExecutions(rig.executions, BOB).cancel(of_ada.id)
        before = await rig.executions.get(of_ada.id)

        cancelled = await ViewedExecutions(rig.executions, ADA).cancel(of_ada.id)

        assert before.state is State.QUEUED
        assert cancelled.outcome is Outcome.CANCELLED


class TestSubmittingAndListing:
    async def test_submitted_execution_is_the_principals(self, rig: Rig) -> None:
        owners = [
            (await submit(ViewedExecutions(rig.executions, principal))).owner_id
            for principal in (ADA, Principal(owner_id="local"), Principal())
        ]

        assert owners == ["ada", "local", None]

    async def test_submission_obeys_the_policy_that_is_given(self, rig: Rig) -> None:
        viewed = ViewedExecutions(rig.executions, ADA)

        execution = await submit(viewed, policy=Policy(execution_wall_seconds=3.0))

        assert execution.request.execution_wall_seconds == 3.0

    async def test_list_has_ones_own_only(self, rig: Rig) -> None:
        own = [await rig.submit("", owner_id="ada") for _ in range(3)]
        for owner_id in ("bob", None, ""):
            await rig.submit("", owner_id=owner_id)
        viewed = ViewedExecutions(rig.executions, ADA)

        listed = await viewed.list(limit=10)
        page = await viewed.list(limit=1, before=own[2].id)

        assert ids(listed) == [each.id for each in reversed(own)]
        assert ids(page) == [own[1].id]
        assert ids(await ViewedExecutions(rig.executions, ADMIN).list(limit=10)) == []

    async def test_list_of_nobody_in_particular_is_empty(self, rig: Rig) -> None:
        for owner_id in (None, "", "ada", "None"):
            await rig.submit("", owner_id=owner_id)

        assert list(await ViewedExecutions(rig.executions, Principal()).list(limit=10)) == []


async def submit(viewed: ViewedExecutions, **fields: Any) -> Execution:
    files = (File("main.sh", b"echo 1"),)
    return await viewed.submit(Submission(runtime="shell", files=files), **fields)


def ids(executions: Sequence[Execution]) -> list[str]:
    return [each.id for each in executions]
