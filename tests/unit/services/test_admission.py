"""A submission becomes a request within the policy's bounds, or is refused with the number."""

from dataclasses import replace
from typing import Any

import pytest

from runyard.domain.checkers import Checker, CheckerKind
from runyard.domain.errors import (
    InvalidPathError,
    InvalidRequestError,
    LimitError,
    RunyardError,
    TooLargeError,
    TooManyTestsError,
)
from runyard.domain.execution import Request
from runyard.domain.execution import TestCase as Case
from runyard.domain.files import File
from runyard.domain.limits import Limits, Policy
from runyard.domain.runtime import Command, Runtime
from runyard.domain.submission import Submission
from runyard.services.admission import admit, choose_entry

POLICY = Policy()
PYTHON = Runtime(
    id="python",
    language="python",
    name="Python",
    version="3",
    entry="main.py",
    extensions=(".py",),
    run=Command(argv=("python3", "{entry}")),
    run_limits=Limits(wall_seconds=7.0),
)
MAIN = File("main.py", b"print(1)")


def submit(policy: Policy = POLICY, runtime: Runtime = PYTHON, **fields: Any) -> Request:
    submission = Submission(**({"runtime": "python", "files": (MAIN,)} | fields))
    return admit(submission, runtime=runtime, policy=policy)


def test_admit_fills_in_what_was_left_out() -> None:
    request = submit()

    assert request.runtime_id == "python"
    assert request.entry == "main.py"
    assert request.run_limits == PYTHON.run_limits
    assert request.compile_limits == PYTHON.compile_limits
    assert request.execution_wall_seconds == POLICY.execution_wall_seconds


def test_admit_keeps_what_was_chosen() -> None:
    request = submit(
        files=(File("a.py", b""), File("b.py", b"")),
        entry="b.py",
        args=("x",),
        env={"NAME": "value"},
        stdin=b"in",
        interactive=True,
        merge_stderr=True,
        terminal=(24, 80),
        limits={"wall_seconds": 3, "memory_bytes": 10_000_000},
        compile_limits={"cpu_seconds": 4},
        execution_wall_seconds=5,
        artifacts=("*.txt",),
    )

    assert request.entry == "b.py"
    assert (request.args, request.env, request.stdin) == (("x",), {"NAME": "value"}, b"in")
    assert (request.interactive, request.merge_stderr) == (True, True)
    assert request.terminal == (24, 80)
    assert request.run_limits == replace(
        PYTHON.run_limits, wall_seconds=3.0, memory_bytes=10_000_000
    )
    assert request.compile_limits == replace(PYTHON.compile_limits, cpu_seconds=4.0)
    assert request.execution_wall_seconds == 5.0
    assert request.artifacts == ("*.txt",)


@pytest.mark.parametrize(
    ("paths", "entry"),
    [
        (["main.py"], "main.py"),
        (["other.py", "main.py"], "main.py"),
        (["anything"], "anything"),
        (["notes.txt", "second.py", "third.py"], "second.py"),
    ],
)
def test_choose_entry_without_a_wish(paths: list[str], entry: str) -> None:
    files = tuple(File(path, b"") for path in paths)

    assert choose_entry(files, None, PYTHON) == entry


def test_choose_entry_that_cannot_be_guessed_asks() -> None:
    files = (File("a.txt", b""), File("b.txt", b""))

    with pytest.raises(InvalidRequestError, match=r"None of the 2 files is called 'main\.py'"):
        choose_entry(files, None, PYTHON)


def test_admit_adds_the_runtimes_files_unless_the_request_brings_them() -> None:
    runtime = replace(
        PYTHON, extra_files=(File("go.mod", b"own"), File("x/y", b""), File("main.py/z", b""))
    )

    request = submit(runtime=runtime, files=(MAIN, File("go.mod", b"theirs"), File("x", b"")))

    assert [file.path for file in request.files] == ["main.py", "go.mod", "x"]
    assert submit(runtime=runtime).files[1].content == b"own"


def _many(count: int) -> tuple[File, ...]:
    return tuple(File(f"f{number}.py", b"") for number in range(count))


def _tests(count: int, **fields: Any) -> tuple[Case, ...]:
    return tuple(Case(name=f"t{number}", **fields) for number in range(count))


def _regex(pattern: str) -> tuple[Case, ...]:
    return _tests(1, expected_stdout=pattern, checker=Checker(CheckerKind.REGEX))


AT_THE_BOUND: list[dict[str, Any]] = [
    {"files": _many(POLICY.file_count_max)},
    {"files": (File("main.py", b"x" * POLICY.file_bytes_max),)},
    {"files": tuple(File(f"{n}.py", b"x" * POLICY.file_bytes_max) for n in range(5))},
    {"stdin": b"x" * POLICY.stdin_bytes_max},
    {"args": ("x",) * POLICY.arg_count_max},
    {"args": ("x" * POLICY.arg_bytes_max,)},
    {"env": {f"N{n}": "" for n in range(POLICY.env_count_max)}},
    {"env": {"N": "x" * (POLICY.env_bytes_max - 1)}},
    {"tests": _tests(POLICY.test_count_max)},
    {"artifacts": ("*",) * POLICY.artifact_glob_count_max},
    {"execution_wall_seconds": POLICY.execution_wall_seconds_max},
    {"tests": _regex("x" * 4096)},
    {"terminal": (1, 1000)},
]


@pytest.mark.parametrize("fields", AT_THE_BOUND, ids=lambda fields: next(iter(fields)))
def test_admit_at_the_bound_is_accepted(fields: dict[str, Any]) -> None:
    submit(**fields)


REFUSED: list[tuple[dict[str, Any], type[RunyardError], str]] = [
    ({"files": ()}, InvalidRequestError, "no files"),
    ({"files": _many(201)}, TooLargeError, "201 files; at most 200"),
    (
        {"files": (File("main.py", b"x" * (POLICY.file_bytes_max + 1)),)},
        TooLargeError,
        "1048577 bytes; at most 1048576",
    ),
    (
        {"files": tuple(File(f"{n}.py", b"x" * 1_000_000) for n in range(6))},
        TooLargeError,
        "6000000 bytes together; at most 5242880",
    ),
    ({"files": (File("../x", b""),)}, InvalidPathError, "'..'"),
    ({"files": (MAIN, MAIN)}, InvalidPathError, "given twice"),
    ({"files": (File("a", b""), File("a/b", b""))}, InvalidPathError, "also the folder"),
    ({"entry": "other.py"}, InvalidRequestError, "'other.py' is not one of the 1 files"),
    ({"stdin": b"x" * (POLICY.stdin_bytes_max + 1)}, TooLargeError, "1048577 bytes"),
    ({"args": ("x",) * 65}, LimitError, "65 values; at most 64"),
    ({"args": ("ok", "x" * 4097)}, LimitError, r"args[1] has 4097 bytes; at most 4096"),
    ({"args": ("a\0b",)}, InvalidRequestError, "args[0] contains a NUL"),
    ({"args": ("\ud800",)}, InvalidRequestError, "args[0] is not valid Unicode"),
    ({"env": {f"N{n}": "" for n in range(65)}}, LimitError, "65 variables; at most 64"),
    ({"env": {"N": "x" * POLICY.env_bytes_max}}, LimitError, "32769 bytes; at most 32768"),
    ({"env": {"1X": ""}}, InvalidRequestError, "'1X'"),
    ({"env": {"A=B": ""}}, InvalidRequestError, "'A=B'"),
    ({"env": {"A": "\0"}}, InvalidRequestError, "NUL"),
    ({"limits": {"wall_seconds": 61}}, LimitError, "limits.wall_seconds is 61"),
    ({"limits": {"memory_bytes": -1}}, LimitError, "limits.memory_bytes is -1"),
    (
        {"files": (File("main.py", b"x" * 70_000),), "limits": {"disk_bytes": 65_536}},
        LimitError,
        "70000 bytes, more than limits.disk_bytes (65536)",
    ),
    ({"limits": {"sekunden": 1}}, LimitError, "not a limit"),
    ({"compile_limits": {"disk_bytes": 1}}, LimitError, "compile_limits.disk_bytes is 1"),
    ({"execution_wall_seconds": 301}, LimitError, "301; it must be between 0.05 and 300"),
    ({"execution_wall_seconds": float("nan")}, LimitError, "nan"),
    ({"terminal": (0, 80)}, InvalidRequestError, "0 rows"),
    ({"terminal": (24, 1001)}, InvalidRequestError, "1001 columns"),
    ({"tests": _tests(201)}, TooManyTestsError, "201 tests; at most 200"),
    ({"tests": _tests(1), "stdin": b"x"}, InvalidRequestError, "leave out stdin"),
    ({"tests": _tests(1), "interactive": True}, InvalidRequestError, "interactive"),
    ({"tests": _tests(1), "terminal": (1, 1)}, InvalidRequestError, "terminal"),
    ({"tests": _tests(1), "artifacts": ("*",)}, InvalidRequestError, "artifacts or tests"),
    ({"tests": (*_tests(1), *_tests(1))}, InvalidRequestError, "name 't0'"),
    ({"tests": (Case(name=""),)}, InvalidRequestError, "0 characters"),
    ({"tests": (Case(name="x" * 201),)}, InvalidRequestError, "201 characters"),
    ({"tests": _tests(1, args=("x" * 4097,))}, LimitError, "Test 't0': args[0]"),
    ({"tests": _tests(1, stdin=b"x" * 1_048_577)}, TooLargeError, "Test 't0': stdin"),
    ({"tests": _tests(17, stdin=b"x" * 1_000_000)}, TooLargeError, "17000000 bytes"),
    (
        {"tests": _tests(1, checker=Checker(CheckerKind.FLOAT, -1.0))},
        InvalidRequestError,
        "tolerance is -1.0",
    ),
    ({"tests": _regex("(")}, InvalidRequestError, "not valid: missing )"),
    ({"tests": _regex("a{99999999999}")}, InvalidRequestError, "not valid"),
    ({"tests": _regex("(" * 3000 + ")" * 1000)}, InvalidRequestError, "not valid"),
    ({"tests": _regex("x" * 4097)}, InvalidRequestError, "4097 characters"),
    ({"artifacts": ("*",) * 17}, LimitError, "17 patterns; at most 16"),
    ({"artifacts": ("/etc/*",)}, InvalidPathError, "artifacts: "),
    ({"artifacts": ("../*",)}, InvalidPathError, "artifacts: "),
]


@pytest.mark.parametrize(("fields", "error", "said"), REFUSED)
def test_admit_past_the_bound_is_refused_with_the_number(
    fields: dict[str, Any], error: type[RunyardError], said: str
) -> None:
    with pytest.raises(error) as refusal:
        submit(**fields)

    assert said in refusal.value.message
    assert type(refusal.value) is error


def test_admit_shows_a_long_name_shortened() -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        submit(entry="x" * 10_000)

    assert len(refusal.value.message) < 200
