"""Runs one program of a runtime in a sandbox: the files, the compile step, the run step."""

from __future__ import annotations

from collections.abc import Sequence

from runyard.agent.channel import Channel, Command, Exited, Output
from runyard.domain.execution import Outcome, StepKind, StepResult, decide_outcome
from runyard.domain.files import File
from runyard.domain.limits import Limits
from runyard.domain.runtime import Command as Template
from runyard.domain.runtime import Runtime, SelfTest, expand_argv
from runyard.engines.interface import Engine, SandboxSpec


class Runner:
    """`run_self_test` is what `Runtimes.probe` wants."""

    def __init__(self, engine: Engine, *, shows_mounts: bool) -> None:
        self.engine = engine
        self.shows_mounts = shows_mounts

    async def run_self_test(self, runtime: Runtime, test: SelfTest) -> StepResult:
        return await self.run(runtime, test.files, stdin=test.stdin)

    async def run(
        self,
        runtime: Runtime,
        files: Sequence[File],
        *,
        entry: str | None = None,
        stdin: bytes = b"",
        args: tuple[str, ...] = (),
    ) -> StepResult:
        """Return the run step, or the compile step where that failed."""
        own = {file.path for file in files}
        sent = (*files, *(file for file in runtime.extra_files if file.path not in own))

        def command(template: Template, limits: Limits, *words: str) -> Command:
            argv = expand_argv(
                template,
                entry=entry or runtime.entry,
                paths=tuple(file.path for file in sent),
                args=words,
                files=sent,
                memory_bytes=limits.memory_bytes,
            )
            return Command(argv=argv, env=template.env, limits=limits, stdin=stdin)

        sandbox = await self.engine.create(SandboxSpec(mounts=runtime.mounts))
        try:
            await sandbox.prepare(runtime.compile_limits if runtime.compile else runtime.run_limits)
            channel = Channel(sandbox.stream)
            await channel.put_files(sent)
            if runtime.compile:
                compiling = command(runtime.compile, runtime.compile_limits)
                compiled = await _perform(channel, compiling, StepKind.COMPILE)
                if compiled.outcome is not Outcome.SUCCEEDED:
                    return compiled
                await sandbox.begin_step(runtime.run_limits)
                channel = Channel(sandbox.stream)
            return await _perform(
                channel, command(runtime.run, runtime.run_limits, *args), StepKind.RUN
            )
        finally:
            await sandbox.destroy()


async def _perform(channel: Channel, command: Command, kind: StepKind) -> StepResult:
    streams = {"stdout": bytearray(), "stderr": bytearray()}
    exited: Exited | None = None
    async for item in channel.exec(command):
        if isinstance(item, Output):
            streams[item.stream] += item.data
        else:
            exited = item
    assert exited is not None
    outcome = decide_outcome(
        exit_code=exited.exit_code, signal=exited.signal, limit_hit=exited.limit_hit
    )
    if kind is StepKind.COMPILE and outcome is not Outcome.SUCCEEDED:
        outcome = Outcome.COMPILE_FAILED
    return StepResult(
        kind=kind,
        name=kind.value,
        outcome=outcome,
        exit_code=exited.exit_code,
        signal=exited.signal,
        limit_hit=exited.limit_hit,
        message=exited.message,
        usage=exited.usage,
        stdout=bytes(streams["stdout"]),
        stderr=bytes(streams["stderr"]),
    )
