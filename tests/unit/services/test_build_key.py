"""Equal keys mean equal builds."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runyard.domain.execution import Request
from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.domain.runtime import Command, Mount
from runyard.services import build_key
from runyard.services.build_key import compute_key, describe_host
from runyard.services.commands import plain_request
from tests.unit.services.rig import KEPT

RUNTIME = replace(
    KEPT,
    version="1",
    compile=Command(argv=("/bin/cc", "-Xmx{heap_mib}m", "{entry}", "{others:*.c}"), env={"A": "1"}),
)
REQUEST = replace(
    plain_request(RUNTIME), files=(File("main.sh", b"main"), File("a.c", b"a"), File("b.h", b"b"))
)


def key(request: Request = REQUEST, context: str = "host", **runtime: Any) -> str | None:
    return compute_key(request, replace(RUNTIME, **runtime), context=context)


def with_file(path: str, content: bytes, *, executable: bool = False) -> Request:
    others = tuple(file for file in REQUEST.files if file.path != path)
    return replace(REQUEST, files=(*others, File(path, content, executable=executable)))


def test_same_request_has_the_same_key_in_any_order() -> None:
    assert key() == key()
    assert key(replace(REQUEST, files=REQUEST.files[::-1])) == key()


@pytest.mark.parametrize(
    "change",
    [
        {"args": ("x",)},
        {"env": {"B": "2"}},
        {"stdin": b"x"},
        {"run_limits": replace(REQUEST.run_limits, memory_bytes=MIB)},
        {"compile_limits": replace(REQUEST.compile_limits, wall_seconds=1.0)},
        {"merge_stderr": True},
    ],
)
def test_what_concerns_only_the_run_or_the_clock_is_left_out(change: dict[str, Any]) -> None:
    assert key(replace(REQUEST, **change)) == key()


@pytest.mark.parametrize(
    "request_",
    [
        with_file("a.c", b"A"),
        with_file("b.h", b"B"),
        with_file("a.c", b"a", executable=True),
        with_file("new.h", b""),
        replace(REQUEST, files=REQUEST.files[:2]),
        replace(REQUEST, entry="a.c"),
        replace(REQUEST, compile_limits=replace(REQUEST.compile_limits, memory_bytes=64 * MIB)),
    ],
    ids=["content", "header", "mode", "new", "gone", "entry", "heap"],
)
def test_what_the_compiler_sees_of_a_request_counts(request_: Request) -> None:
    assert key(request_) not in (key(), None)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"version": "2"},
        {"digest": "another toolchain"},
        {"image": "image@sha256:1"},
        {"compile": replace(RUNTIME.compile, argv=("/bin/cc", "-O2", "{entry}"))},
        {"compile": replace(RUNTIME.compile, env={"A": "2"})},
        {"compile": replace(RUNTIME.compile, env={"A1": ""})},
        {"build_outputs": ("out/*",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_runtime_says_counts(change: dict[str, Any]) -> None:
    assert key(**change) not in (key(), None)


def test_machine_counts() -> None:
    assert key(context="other host") != key()


def test_contents_that_read_alike_are_told_apart() -> None:
    one = replace(REQUEST, files=(File("main.sh", b"1"), File("a", b"bc"), File("d", b"")))
    other = replace(REQUEST, files=(File("main.sh", b"1"), File("a", b"b"), File("cd", b"")))

    assert key(one) != key(other)


@pytest.mark.parametrize(
    "change",
    [{"compile": None}, {"build_outputs": ()}, {"digest": ""}],
    ids=lambda change: next(iter(change)),
)
def test_what_decides_is_not_known_so_there_is_no_key(change: dict[str, Any]) -> None:
    assert key(**change) is None


def test_request_that_brings_its_own_script_of_the_compile_command_has_no_key() -> None:
    script = File("build.sh", b"make")
    command = Command(argv=("/bin/sh", "build.sh"))
    with_script = replace(REQUEST, files=(*REQUEST.files, script))

    assert key(with_script, extra_files=(script,), compile=command) is not None
    own = with_file("build.sh", b"evil")
    assert key(own, extra_files=(script,), compile=command) is None


def test_host_is_described_by_its_packages_and_its_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, processor = tmp_path / "status", tmp_path / "cpuinfo"
    monkeypatch.setattr(build_key, "_PACKAGE_RECORDS", (str(record),))
    monkeypatch.setattr(build_key, "_PROCESSOR", processor)
    seen = set()
    for text, flags in (("", "flags: a"), ("package", "flags: a"), ("package", "flags: a b")):
        record.write_text(text)
        processor.write_text(f"model: x\n{flags}\n")
        build_key._processor_features.cache_clear()
        seen.add(describe_host())
    build_key._processor_features.cache_clear()

    assert len(seen) == 3


def test_mount_of_the_toolchain_is_part_of_its_digest() -> None:
    # The digest covers them; where the host keeps a toolchain is not the request's business.
    assert key(mounts=(Mount(source="/opt/x", target="/opt/y"),)) == key()
