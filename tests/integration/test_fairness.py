"""Somebody who has a thousand executions waiting does not keep the others waiting."""

import asyncio
import statistics
from pathlib import Path

from runyard.bootstrap import Application
from runyard.domain.files import File
from runyard.domain.submission import Submission
from tests.integration.test_accounts_api import open_world

USERS = [f"user{n}" for n in range(20)]
EACH, OF_THE_HOG = 25, 1000
QUICK = Submission(runtime="bash", files=(File("main.sh", b":"),))
# So slow that they are there as long as the others.
SLOW = Submission(runtime="bash", files=(File("main.sh", b"sleep 0.05"),))


async def submit(
    application: Application, submission: Submission, owner: str, count: int
) -> list[str]:
    return [
        (await application.executions.submit(submission, owner_id=owner)).id for _ in range(count)
    ]


async def measure_wait_seconds(application: Application) -> float:
    """Return the median of how long the users' executions waited for a worker."""
    submitted = await asyncio.gather(*(submit(application, QUICK, user, EACH) for user in USERS))
    waits = []
    for execution_id in (each for ids in submitted for each in ids):
        execution = await application.executions.wait(execution_id, seconds_max=60)
        assert execution.started_at is not None
        waits.append((execution.started_at - execution.created_at).total_seconds())
    return statistics.median(waits)


async def test_others_wait_at_most_twice_as_long_beside_a_hog(tmp_path: Path) -> None:
    async with open_world(tmp_path) as application:
        alone = await measure_wait_seconds(application)
        hog = await submit(application, SLOW, "hog", OF_THE_HOG)

        beside = await measure_wait_seconds(application)

        left = [await application.executions.get(each) for each in hog]
        assert any(each.started_at is None for each in left), "the hog was done too early"
        for execution_id in hog:
            await application.executions.cancel(execution_id)
    assert beside <= 2 * alone
