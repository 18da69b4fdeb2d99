"""The commands of a request as its agent is told them, and those of a request that asks for
nothing special: what can be started before anybody asks.
"""

from __future__ import annotations

from runyard.agent.channel import Command as AgentCommand
from runyard.domain.execution import Request, TestCase
from runyard.domain.files import File
from runyard.domain.limits import Limits, Policy
from runyard.domain.runtime import Command, Runtime, expand_argv
from runyard.services.admission import with_extra_files


def compile_command(request: Request, command: Command, limits: Limits) -> AgentCommand:
    return AgentCommand(
        argv=_argv(request, command, (), limits), env=dict(command.env), limits=limits
    )


def run_command(request: Request, command: Command, limits: Limits) -> AgentCommand:
    return AgentCommand(
        argv=_argv(request, command, request.args, limits),
        env={**command.env, **request.env},
        limits=limits,
        stdin=request.stdin,
        keep_stdin_open=request.interactive,
        terminal=request.terminal,
        merge_stderr=request.merge_stderr,
    )


def test_command(
    request: Request, command: Command, limits: Limits, test: TestCase
) -> AgentCommand:
    return AgentCommand(
        argv=_argv(request, command, (*request.args, *test.args), limits),
        env={**command.env, **request.env},
        limits=limits,
        stdin=test.stdin,
        merge_stderr=request.merge_stderr,
    )


def plain_request(runtime: Runtime) -> Request:
    """Return the request that most are like: the usual entry, no arguments, default limits."""
    return Request(
        runtime_id=runtime.id,
        files=with_extra_files((File(runtime.entry, runtime.example.encode()),), runtime),
        entry=runtime.entry,
        compile_limits=runtime.compile_limits,
        run_limits=runtime.run_limits,
        execution_wall_seconds=Policy().execution_wall_seconds,
    )


def _argv(
    request: Request, command: Command, args: tuple[str, ...], limits: Limits
) -> tuple[str, ...]:
    return expand_argv(
        command,
        entry=request.entry,
        paths=tuple(file.path for file in request.files),
        args=args,
        files=request.files,
        memory_bytes=limits.memory_bytes,
    )
