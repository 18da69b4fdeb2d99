"""Writes small catalogues into a temporary directory."""

from pathlib import Path

RUNTIME = """
language = "Demo"
name = "Demo"
description = "A language for tests."
rank = 1
entry = "main.demo"
aliases = ["dm"]
extensions = [".demo"]

[example]
expected_stdout = "demo\\n"

[self_test]
expected_stdout = "hello\\n"

[[toolchain]]
programs = ["demo"]
packages = ["demo-lang"]
version = ["demo", "--version"]
run = ["demo", "{entry}"]
"""


def write_runtime(folder: Path, runtime_id: str = "demo", text: str = RUNTIME) -> Path:
    """Write one runtime and return its runtime.toml."""
    place = folder / runtime_id
    for name in ("example", "selftest"):
        (place / name).mkdir(parents=True, exist_ok=True)
        (place / name / "main.demo").write_text(f"{name}\n")
    file = place / "runtime.toml"
    file.write_text(text)
    return file
