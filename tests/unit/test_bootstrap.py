"""A Runyard opens whole or not at all."""

import asyncio
from pathlib import Path

import pytest

from runyard.bootstrap import open_application
from runyard.domain.errors import ConflictError, EngineUnavailableError
from runyard.domain.execution import Outcome
from runyard.domain.files import File
from runyard.domain.submission import Submission
from runyard.engines.interface import Capabilities, Enforcement
from runyard.opening import require_safety
from runyard.settings import Settings
from runyard.telemetry import Metrics
from runyard.testing.unconfined_engine import UnconfinedEngine


async def test_application_runs_an_execution_and_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    engine = UnconfinedEngine()
    submission = Submission(runtime="bash", files=(File("main.sh", b"echo $((6 * 7))"),))
    async with open_application(settings, None, engine=engine, self_tests=False) as application:
        submitted = await application.executions.submit(submission)
        finished = await application.executions.wait(submitted.id, seconds_max=30)
        health = await application.health()

    async with open_application(settings, None, engine=engine, self_tests=False) as application:
        kept = await application.executions.get(submitted.id)
    await engine.aclose()

    assert (finished.outcome, finished.steps[0].stdout) == (Outcome.SUCCEEDED, b"42\n")
    assert health.is_ready
    assert health.checks == {"store": True, "engine": True, "worker": True}
    assert kept == finished


async def test_application_keeps_sandboxes_ready_and_takes_them_along(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, pool_floor_count=1)
    engine = UnconfinedEngine()
    submission = Submission(runtime="bash", files=(File("main.sh", b"echo 1"),))
    async with open_application(settings, None, engine=engine, self_tests=False) as application:
        hits = 0
        async with asyncio.timeout(30):
            # The first one finds nothing, and is what makes the next ones expected.
            while not hits:
                submitted = await application.executions.submit(submission)
                await application.executions.wait(submitted.id, seconds_max=30)
                hits = b"runyard_pool_hits_total{" in application.metrics.render()

    assert not await engine.list_ids()
    await engine.aclose()


async def test_second_application_on_the_same_data_is_refused(tmp_path: Path) -> None:
    settings, engine = Settings(data_dir=tmp_path), UnconfinedEngine()
    async with open_application(settings, None, engine=engine, self_tests=False):
        with pytest.raises(ConflictError, match="Another Runyard uses"):
            async with open_application(settings, None, engine=engine, self_tests=False):
                pass
    await engine.aclose()


async def test_application_without_any_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="launcher"):
        async with open_application(Settings(data_dir=tmp_path), None):
            pass


def test_weak_or_useless_sandboxes_are_refused_with_the_reason() -> None:
    weak = Capabilities(
        usable=True, limits={"memory_bytes": Enforcement(enforced=False, by="nothing")}
    )
    with pytest.raises(EngineUnavailableError, match="memory_bytes"):
        require_safety(weak, allow_weak_limits=False)
    require_safety(weak, allow_weak_limits=True)
    with pytest.raises(EngineUnavailableError, match="no namespaces"):
        require_safety(Capabilities(usable=False, reason="no namespaces"), allow_weak_limits=True)


def test_metrics_of_two_servers_do_not_mix() -> None:
    one, other = Metrics(), Metrics()

    one.executions.labels(runtime="python", outcome="succeeded").inc()

    assert b'executions_total{outcome="succeeded",runtime="python"} 1.0' in one.render()
    assert b"python" not in other.render()
