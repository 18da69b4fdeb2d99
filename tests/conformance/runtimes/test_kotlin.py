"""With an archive of its classes Kotlin's compiler does what it does without it, sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from runyard.domain.files import File
from runyard.services.commands import plain_request
from tests.conformance.runtimes.prepared import (
    Prepared,
    compile_files,
    open_prepared,
    run_ahead,
    run_cold,
)
from tests.conformance.runtimes.toolchains import FOUND

pytestmark = pytest.mark.skipif(not FOUND["kotlin"].candidates, reason="there is no Kotlin")

PROGRAMS = {
    "facts": (
        File(
            "main.kt",
            """
            fun main(args: Array<String>) {
                println(args.toList() + generateSequence(::readLine).toList() + inner.word())
                println(System.getProperties().toSortedMap())
                println(System.getenv().toSortedMap())
                println(java.io.File(".").list().sorted())
                error("last é")
            }
            """.encode(),
        ),
        File("inner/Word.kt", b"package inner\nfun word() = listOf(1, 2).map { it * 2 }\n"),
    ),
    "errors": (
        File("main.kt", 'fun main() { val é: Int = "x"; unknown() }\n'.encode()),
        File("other.kt", b"class Other {\n"),
    ),
    "warnings": (File("main.kt", b"fun main() { val unused = 1; println(1 as Int) }\n"),),
    "no_main": (File("main.kt", b"fun start() { }\n"),),
}


@pytest_asyncio.fixture(scope="module")
async def kotlin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    async with open_prepared("kotlin", tmp_path_factory.mktemp("prepared")) as prepared:
        yield prepared


@pytest.mark.parametrize("name", PROGRAMS)
async def test_same_messages_and_same_program(kotlin: Prepared, name: str) -> None:
    request = replace(plain_request(kotlin.plain), files=PROGRAMS[name], stdin=b"one\ntwo")

    cold = await run_cold(kotlin.engine, kotlin.plain, request)
    ahead = await run_ahead(kotlin.engine, kotlin.runtime, request)

    assert ahead == cold
    assert cold[-1].stdout + cold[-1].stderr


async def test_compiler_costs_less(kotlin: Prepared) -> None:
    files = (File("main.kt", b"fun main() { println(1) }\n"),)

    plain, prepared = [
        await compile_files(kotlin.engine, runtime, files, [".main.jar"])
        for runtime in (kotlin.plain, kotlin.runtime)
    ]

    assert (prepared.exit_code, prepared.outputs) == (plain.exit_code, plain.outputs)
    assert prepared.exit_code == 0
    assert prepared.cpu_seconds < 0.8 * plain.cpu_seconds
