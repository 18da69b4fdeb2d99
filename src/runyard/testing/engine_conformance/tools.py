"""Real tools that lock, watch, map and spawn, because those are what a tight sandbox breaks first.

`RUNYARD_REQUIRE_TOOLS` names (separated by commas) those that must not be skipped.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runyard.domain.limits import GIB, MIB
from runyard.domain.runtime import Mount
from runyard.engines.interface import Engine, SandboxSpec
from runyard.testing.engine_conformance.session import LIMITS, PYTHON, Ended, open_session
from runyard.testing.engine_conformance.surroundings import Surroundings

TOOL_LIMITS = dataclasses.replace(
    LIMITS,
    wall_seconds=110.0,
    cpu_seconds=110.0,
    memory_bytes=2 * GIB,
    processes=256,
    disk_bytes=512 * MIB,
)

WATCH = """
const fs = require("fs");
fs.mkdirSync("watched");
const watcher = fs.watch("watched", (event, name) => {
  console.log("saw", name);
  watcher.close();
});
const child = require("child_process").spawn("/bin/sh", ["-c", "echo x > watched/file"]);
child.on("exit", (code) => console.log("child", code));
setTimeout(() => { console.log("nothing seen"); process.exit(1); }, 15000).unref();
"""
# Two connections, journal and write-ahead log: each must see the other's lock, then its data.
DATABASE = """
import sqlite3, sys
for mode in ("delete", "wal"):
    first = sqlite3.connect(f"{mode}.db", timeout=0, isolation_level=None)
    second = sqlite3.connect(f"{mode}.db", timeout=0, isolation_level=None)
    assert first.execute(f"pragma journal_mode={mode}").fetchone() == (mode,)
    first.execute("create table numbers (number integer)")
    first.execute("begin immediate")
    first.execute("insert into numbers values (42)")
    try:
        second.execute("begin immediate")
        print("no lock")
    except sqlite3.OperationalError as error:
        print(mode, error)
    first.execute("commit")
    print(second.execute("select number from numbers").fetchone()[0])
"""
CARGO_FILES: dict[str, str | bytes] = {
    "Cargo.toml": '[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n',
    "src/main.rs": 'mod sum;\nfn main() { println!("sum {}", sum::of(&[1, 2, 3])); }\n',
    "src/sum.rs": "pub fn of(numbers: &[i32]) -> i32 { numbers.iter().sum() }\n",
}
GO_FILES: dict[str, str | bytes] = {
    "go.mod": "module tiny\n\ngo 1.19\n",
    "main.go": 'package main\n\nfunc main() { println("sum", Sum(1, 2, 3)) }\n',
    "sum.go": "package main\n\nfunc Sum(a, b, c int) int { return a + b + c }\n",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """Where a tool is inside a sandbox, and what must be mounted for it to be there."""

    program: str
    mounts: tuple[Mount, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


def find_tools() -> dict[str, Tool]:
    """Find tools for engines that show this machine's own directories.

    Those below /usr are there anyway; a Rust toolchain elsewhere becomes a mount.
    """
    tools = {"sqlite3": Tool(PYTHON)}
    for name in ("node", "go"):
        for folder in ("/usr/bin", "/usr/local/bin", "/usr/local/go/bin"):
            if Path(folder, name).exists():
                tools.setdefault(name, Tool(f"{folder}/{name}"))
    root = _find_rust()
    if root is not None:
        inside = str(root) if root.is_relative_to("/usr") else "/opt/rust"
        mounts = () if inside == str(root) else (Mount(source=str(root), target=inside),)
        tools["cargo"] = Tool(
            f"{inside}/bin/cargo", mounts, {"PATH": f"{inside}/bin:/usr/bin:/bin"}
        )
    return tools


def _find_rust() -> Path | None:
    """`rustc` in PATH may be a switch between toolchains, and one that knows none: ask each that
    there is for the real one.
    """
    for rustc in filter(None, (shutil.which("rustc"), shutil.which("rustc", path="/usr/bin"))):
        asked = subprocess.run(
            [rustc, "--print", "sysroot"], capture_output=True, text=True, check=False, timeout=30
        )
        root = Path(asked.stdout.strip() or "/nonexistent")
        if (root / "bin/cargo").exists():
            return root
    return None


class ToolConformance(Surroundings):
    @pytest.fixture
    def tools(self) -> dict[str, Tool]:
        return find_tools()

    async def test_node_sees_a_file_being_written(
        self, engine: Engine, spec: SandboxSpec, tools: dict[str, Tool]
    ) -> None:
        ended = await _use(_require(tools, "node"), engine, spec, {"watch.js": WATCH}, "watch.js")

        assert set(ended.text.splitlines()) == {"saw file", "child 0"}

    async def test_sqlite_locks_its_databases(
        self, engine: Engine, spec: SandboxSpec, tools: dict[str, Tool]
    ) -> None:
        tool = _require(tools, "sqlite3")
        ended = await _use(tool, engine, spec, {"database.py": DATABASE}, "database.py")

        locked = "database is locked"
        assert ended.text.splitlines() == [f"delete {locked}", "42", f"wal {locked}", "42"]

    async def test_cargo_builds_a_crate(
        self, engine: Engine, spec: SandboxSpec, tools: dict[str, Tool]
    ) -> None:
        tool = _require(tools, "cargo")
        ended = await _use(tool, engine, spec, CARGO_FILES, "run", "--offline", "--quiet")

        assert ended.text == "sum 6"

    async def test_go_builds_a_module(
        self, engine: Engine, spec: SandboxSpec, tools: dict[str, Tool]
    ) -> None:
        ended = await _use(_require(tools, "go"), engine, spec, GO_FILES, "run", ".")

        assert ended.exited.exit_code == 0, ended
        assert ended.stderr == b"sum 6\n"


def _require(tools: dict[str, Tool], name: str) -> Tool:
    if name in tools:
        return tools[name]
    if name in os.environ.get("RUNYARD_REQUIRE_TOOLS", "").split(","):
        pytest.fail(f"{name} is required here but was not found")
    pytest.skip(f"{name} is not installed")


async def _use(
    tool: Tool, engine: Engine, spec: SandboxSpec, files: dict[str, str | bytes], *args: str
) -> Ended:
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "CARGO_HOME": "/tmp/cargo",
        "GOCACHE": "/tmp/go-cache",
        "GOPATH": "/tmp/go",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    } | tool.env
    spec = dataclasses.replace(spec, mounts=(*spec.mounts, *tool.mounts))
    async with open_session(engine, spec, TOOL_LIMITS) as session:
        await session.put(files)
        return await session.run(tool.program, *args, env=env)
