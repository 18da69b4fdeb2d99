"""A TypeScript program cannot tell that its compiler and Node were started ahead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runyard.domain.files import File
from runyard.services.commands import plain_request
from tests.conformance.runtimes.prepared import run_ahead, run_cold
from tests.conformance.runtimes.running import Runner
from tests.conformance.runtimes.toolchains import require

FACTS = """
import * as fs from "node:fs";
import { execFileSync } from "node:child_process";
import { word, type Kind } from "./lib/word.ts";

const kind: Kind = "found";
console.log(process.argv, process.execArgv, process.cwd(), __filename, require.main === module);
console.log(Object.entries(process.env).sort(), process.umask(), word, kind);
for (const name of ["limits", "cmdline", "environ", "comm", "cgroup"])
    console.log(fs.readFileSync(`/proc/self/${name}`, "utf8"));
console.log(fs.readdirSync("."), fs.readdirSync(".out"), fs.readdirSync("/tmp"));
console.log(fs.readFileSync("data.txt", "utf8"), fs.readFileSync(0, "utf8"));
console.log(execFileSync("sh", ["-c", "echo child $0", "é"]).toString());
process.on("exit", (code) => console.log("exit", code));
async function main(): Promise<never> {
    await new Promise((resolve) => setTimeout(resolve, 10));
    throw new RangeError("last");
}
void main();
"""
WORD = 'export type Kind = "found";\nexport const word: string = "héllo ✓";\n'
PROGRAMS = {
    "facts": (File("main.ts", FACTS.encode()), File("lib/word.ts", WORD.encode())),
    "type_errors": (
        File(
            "main.ts", 'import { x } from "./x.ts";\nconst n: number = "é" + x;\nn.y();\n'.encode()
        ),
        File("x.ts", b"export const x: string = 1;\n"),
    ),
    "syntax_error": (File("main.ts", b"const = ;\nfunction {\n"),),
    "missing_module": (File("main.ts", b'import "./nothing.ts";\nimport "nowhere";\n'),),
    "thrown": (File("main.ts", b"function f(): never { throw new Error('no'); }\n\nf();\n"),),
    "exit_code": (File("main.ts", b"process.exitCode = 9;\n"),),
    "with_declarations": (
        File("main.ts", b"console.log(typeof given);\n"),
        File("given.d.ts", b"declare const given: number | undefined;\n"),
    ),
    "tsconfig_is_not_read": (
        File("main.ts", b"console.log(1);\n"),
        File("tsconfig.json", b"{ broken"),
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
async def test_program_and_compiler_behave_as_after_a_cold_start(linux: Runner, name: str) -> None:
    runtime = require("typescript", linux)
    files = (*PROGRAMS[name], *runtime.extra_files, File("data.txt", b"data"))
    request = replace(plain_request(runtime), files=files, stdin=b"one\ntwo")

    cold = await run_cold(linux.engine, runtime, request)
    ahead = await run_ahead(linux.engine, runtime, request)

    # With another file to name, the compiler's command is another one.
    is_plain = name != "with_declarations"
    assert [step.was_waiting for step in ahead] == [is_plain, True][: len(ahead)]
    assert [replace(step, was_waiting=False) for step in ahead] == list(cold)
    assert cold[-1].stdout + cold[-1].stderr or cold[-1].exit_code == 9
