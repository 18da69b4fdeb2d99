"""A server in a process of its own that can be killed at any moment.

`python -m tests.integration.recovering_server DATA_DIR` reads JSON lines {"code": …} and
{"cancel": id} on stdin and prints {"accepted": id}, and for every event of every execution it
accepted or found unfinished {"id": …, "kind": …, "data": …}.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from runyard.bootstrap import Application, open_application
from runyard.domain.execution import State
from runyard.domain.files import File
from runyard.domain.submission import Submission
from runyard.settings import Settings
from runyard.telemetry import configure_logs
from runyard.testing.unconfined_engine import UnconfinedEngine

OWNER = "ada"


async def serve(data_dir: Path) -> None:
    # The leases outlast the test: whatever is recovered was recognised as dead.
    settings = Settings(
        data_dir=data_dir, lease_seconds=3600, attempts_max=20, worker_concurrency=3
    )
    engine = UnconfinedEngine()
    async with (
        open_application(settings, None, engine=engine, self_tests=False) as application,
        asyncio.TaskGroup() as following,
    ):
        for execution in await application.executions.list(owner_id=OWNER, limit=1000):
            if execution.state is not State.FINISHED:
                following.create_task(follow(application, execution.id))
        say({"ready": True})
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        while line := await reader.readline():
            order = json.loads(line)
            if "cancel" in order:
                await application.store.request_cancel(order["cancel"])
                say({"requested": order["cancel"]})
                continue
            submission = Submission(
                runtime="bash", files=(File("main.sh", order["code"].encode()),)
            )
            execution = await application.executions.submit(submission, owner_id=OWNER)
            say({"accepted": execution.id})
            following.create_task(follow(application, execution.id))
    await engine.aclose()


async def follow(application: Application, execution_id: str) -> None:
    async for event in application.executions.follow(execution_id):
        say({"id": execution_id, "kind": event.kind, "data": event.data})


def say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    configure_logs(log_format="json", level="error")
    asyncio.run(serve(Path(sys.argv[1])))
