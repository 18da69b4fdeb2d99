"""With precompiled headers g++ does what it does without them, sooner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from runyard.domain.files import File
from tests.conformance.runtimes.prepared import Compiled, Prepared, compile_files, open_prepared
from tests.conformance.runtimes.toolchains import FOUND

PROGRAMS = sorted((Path(__file__).parent / "headers").glob("*.cpp"))

pytestmark = pytest.mark.skipif(not FOUND["cpp"].candidates, reason="there is no C++ compiler")


@pytest_asyncio.fixture(scope="module")
async def cpp(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prepared]:
    async with open_prepared("cpp", tmp_path_factory.mktemp("prepared")) as prepared:
        yield prepared


async def both(cpp: Prepared, files: Sequence[File]) -> tuple[Compiled, Compiled]:
    """Return what the compiler does without and with the precompiled headers."""
    plain = await compile_files(cpp.engine, cpp.plain, files, [".main"])
    return plain, await compile_files(cpp.engine, cpp.runtime, files, [".main"])


def results(compiled: Compiled) -> tuple[object, ...]:
    return (
        compiled.exit_code,
        compiled.signal,
        compiled.stdout.decode(),
        compiled.stderr.decode(),
        compiled.outputs,
    )


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
async def test_same_messages_and_same_binary(cpp: Prepared, program: Path) -> None:
    plain, prepared = await both(cpp, [File("main.cpp", program.read_bytes())])

    assert results(prepared) == results(plain)
    assert plain.stderr or plain.outputs


async def test_same_for_several_sources(cpp: Prepared) -> None:
    files = [
        File("main.cpp", b'#include <iostream>\n#include "say.hpp"\nint main() { say("x"); }\n'),
        File("say.hpp", b"#include <iostream>\n#include <string>\nvoid say(std::string);\n"),
        File("say.cpp", b'#include "say.hpp"\nvoid say(std::string s) { std::cout << s; }\n'),
        File("more.cc", b"#include <vector>\nstd::vector<int> more{1, 2};\n"),
    ]

    plain, prepared = await both(cpp, files)

    assert results(prepared) == results(plain)
    assert (plain.exit_code, plain.stderr) == (0, b"")


async def test_no_file_of_theirs_can_be_included(cpp: Prepared) -> None:
    for name in ("compile.sh", "iostream.gch", "sources", ".manifest.json"):
        plain, prepared = await both(cpp, [File("main.cpp", f"#include <{name}>\n".encode())])

        assert results(prepared) == results(plain)
        assert b"No such file" in plain.stderr


async def test_whole_library_costs_less_than_half(cpp: Prepared) -> None:
    program = b'#include <bits/stdc++.h>\nint main() { std::cout << "hello\\n"; }\n'

    plain, prepared = await both(cpp, [File("main.cpp", program)])

    assert results(prepared) == results(plain)
    assert prepared.cpu_seconds < 0.5 * plain.cpu_seconds
