"""What the catalogue says that a run needs of the compiler is all that it needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runyard.agent.channel import Channel, Exited
from runyard.domain.execution import Request
from runyard.domain.files import File
from runyard.domain.runtime import Runtime
from runyard.engines.interface import SandboxSpec
from runyard.services.build_cache import CompileStep
from runyard.services.commands import compile_command, plain_request, run_command
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import FOUND, PRESENT, require

BUILT = [
    runtime_id for runtime_id in PRESENT if FOUND[runtime_id].candidates[0].runtime.build_outputs
]
# Runs cargo once more, which looks at the times of what it made.
NOT_KEPT = {"rust-cargo"}


def test_compiled_runtimes_say_what_a_run_needs() -> None:
    compiled = {
        runtime_id for runtime_id in PRESENT if FOUND[runtime_id].candidates[0].runtime.compile
    }

    assert compiled - set(BUILT) <= NOT_KEPT


async def rebuild(linux: Runner, runtime: Runtime, request: Request) -> tuple[Exited, bytes]:
    """Run the request in a sandbox in which nothing was compiled."""
    assert runtime.compile is not None
    step = CompileStep(request, runtime)
    sandbox = await linux.engine.create(SandboxSpec(mounts=runtime.mounts))
    try:
        await sandbox.prepare(request.compile_limits)
        channel = Channel(sandbox.stream)
        command = compile_command(request, runtime.compile, request.compile_limits)
        async for item in channel.exec(command, files=request.files):
            if isinstance(item, Exited):
                assert item.exit_code == 0
        assert await step.collect(channel)
    finally:
        await sandbox.destroy()
    sandbox = await linux.engine.create(SandboxSpec(mounts=runtime.mounts))
    output = b""
    try:
        await sandbox.prepare(request.run_limits)
        command = run_command(request, runtime.run, request.run_limits)
        async for item in Channel(sandbox.stream).exec(command, files=step.files):
            if isinstance(item, Exited):
                return item, output
            output += item.data
    finally:
        await sandbox.destroy()
    raise AssertionError("the program did not end")


@pytest.mark.parametrize("runtime_id", BUILT)
async def test_example_runs_from_what_is_kept(linux: Runner, runtime_id: str) -> None:
    runtime = require(runtime_id, linux)

    exited, output = await rebuild(linux, runtime, plain_request(runtime))

    assert exited.exit_code == 0, output
    assert output.decode() == FOUND[runtime_id].entry.example_stdout


JAVA = """package app.inner;
public class Main {
    interface Say { String say(); }
    record Word(String say) implements Say { }
    public static void main(String[] args) throws Exception {
        Say say = () -> "lambda";
        System.out.println(say.say() + new Word("record").say() + other.Other.value());
        System.out.print(java.nio.file.Files.readString(java.nio.file.Path.of("data.txt")));
    }
}
"""
OTHER = 'package other; public class Other { public static String value() { return "other"; } }'


async def test_java_finds_its_packages_and_files(linux: Runner) -> None:
    runtime = require("java", linux)
    entry = "src/app/inner/Main.java"
    files = (
        File(entry, JAVA.encode()),
        File("src/other/Other.java", OTHER.encode()),
        File("data.txt", b"data\n"),
    )

    _, output = await rebuild(
        linux, runtime, replace(plain_request(runtime), files=files, entry=entry)
    )

    assert output == b"lambdarecordother\ndata\n"


async def test_typescript_finds_its_modules(linux: Runner) -> None:
    runtime = require("typescript", linux)
    files = (
        File("main.ts", b"import { word } from './lib/word.ts';\nconsole.log(word as string);\n"),
        File("lib/word.ts", b"export const word: string = 'found';\n"),
        *(file for file in runtime.extra_files if file.path != "main.ts"),
    )

    _, output = await rebuild(linux, runtime, replace(plain_request(runtime), files=files))

    assert output == b"found\n"
