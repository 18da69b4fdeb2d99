"""Decides what a submission may be: checks it against the policy and fills in what was left out.

Nothing here waits or looks outside; every refusal says which value is wrong and what is allowed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from runyard.domain.checkers import CheckerKind
from runyard.domain.errors import (
    InvalidPathError,
    InvalidRequestError,
    LimitError,
    TooLargeError,
    TooManyTestsError,
)
from runyard.domain.execution import Request, TestCase
from runyard.domain.files import File, check_path
from runyard.domain.limits import LIMITS_MIN, Limits, Policy, choose_limits, clip_limits
from runyard.domain.runtime import Runtime
from runyard.domain.submission import Submission

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TEST_NAME_CHARACTERS_MAX = 200
# Compiling a longer pattern could hold up the server.
_PATTERN_CHARACTERS_MAX = 4096
_TERMINAL_CELLS_MAX = 1000
_SHOWN_CHARACTERS = 60


def admit(submission: Submission, *, runtime: Runtime, policy: Policy) -> Request:
    """Return the request to run, every field within the policy's bounds."""
    _check_files(submission.files, policy)
    check_run_fields(
        args=submission.args, env=submission.env, stdin=submission.stdin, policy=policy
    )
    _check_terminal(submission.terminal)
    _check_tests(submission, policy)
    _check_artifacts(submission, policy)
    maximum = policy.limits_max
    compile_limits = choose_limits(
        runtime.compile_limits, submission.compile_limits, maximum, group="compile_limits"
    )
    # A compiler gets what its runtime says that it needs.
    run_limits = choose_limits(clip_limits(runtime.run_limits, maximum), submission.limits, maximum)
    files = with_extra_files(submission.files, runtime)
    if runtime.compile is None:
        _check_room(files, run_limits, group="limits")
    else:
        _check_room(files, compile_limits, group="compile_limits")
    return Request(
        runtime_id=runtime.id,
        files=files,
        entry=choose_entry(submission.files, submission.entry, runtime),
        args=submission.args,
        env=dict(submission.env),
        secrets=dict(submission.secrets),
        stdin=submission.stdin,
        interactive=submission.interactive,
        merge_stderr=submission.merge_stderr,
        terminal=submission.terminal,
        compile_limits=compile_limits,
        run_limits=run_limits,
        execution_wall_seconds=_execution_wall_seconds(submission, policy),
        tests=submission.tests,
        artifacts=submission.artifacts,
        artifact_count_max=policy.artifact_count_max,
        artifact_bytes_max=policy.artifact_bytes_max,
        keeps_data=submission.keeps_data,
        project_bytes_max=policy.project_bytes_max if submission.keeps_data else 0,
    )


def choose_entry(files: tuple[File, ...], wanted: str | None, runtime: Runtime) -> str:
    """Return the wanted entry, else the runtime's usual one, else the first of its language."""
    paths = [file.path for file in files]
    if wanted is not None:
        if wanted not in paths:
            raise InvalidRequestError(
                f"The entry {_shown(wanted)} is not one of the {len(paths)} files."
            )
        return wanted
    if runtime.entry in paths or len(paths) == 1:
        return runtime.entry if runtime.entry in paths else paths[0]
    for path in paths:
        if PurePosixPath(path).suffix in {f".{name.lstrip('.')}" for name in runtime.extensions}:
            return path
    raise InvalidRequestError(
        f"None of the {len(paths)} files is called {runtime.entry!r}; say which one is the entry."
    )


def check_run_fields(
    *, args: tuple[str, ...], env: Mapping[str, str], stdin: bytes, policy: Policy
) -> None:
    """Refuse what no execution could be given."""
    _check_arguments(args, policy, of="args")
    _check_environment(env, policy)
    _check_stdin(stdin, policy, of="stdin")


def _check_files(files: tuple[File, ...], policy: Policy) -> None:
    if not files:
        raise InvalidRequestError("There are no files; at least one is needed.")
    check_tree([(file.path, len(file.content)) for file in files], policy)


def check_tree(sizes: Sequence[tuple[str, int]], policy: Policy) -> None:
    """Refuse paths with their sizes in bytes that together are no folder within the policy."""
    if len(sizes) > policy.file_count_max:
        raise TooLargeError(
            f"There are {len(sizes)} files; at most {policy.file_count_max} are allowed.",
            limit="file_count_max",
        )
    for path, size in sizes:
        check_path(path)
        if size > policy.file_bytes_max:
            raise TooLargeError(
                f"File {_shown(path)} has {size} bytes;"
                f" at most {policy.file_bytes_max} are allowed.",
                limit="file_bytes_max",
            )
    total = sum(size for _, size in sizes)
    if total > policy.source_bytes_max:
        raise TooLargeError(
            f"The files have {total} bytes together;"
            f" at most {policy.source_bytes_max} are allowed.",
            limit="source_bytes_max",
        )
    check_distinct([path for path, _ in sizes])


def check_distinct(paths: list[str]) -> None:
    known: set[str] = set()
    for path in paths:
        if path in known:
            raise InvalidPathError(f"File path {_shown(path)} is given twice.")
        known.add(path)
    for path in paths:
        for parent in _parents(path):
            if parent in known:
                raise InvalidPathError(
                    f"File path {_shown(parent)} is also the folder of {_shown(path)}."
                )


def _parents(path: str) -> Iterable[str]:
    return (path[:index] for index, character in enumerate(path) if character == "/")


def with_extra_files(files: tuple[File, ...], runtime: Runtime) -> tuple[File, ...]:
    """Return `files` and those that the runtime brings and the request does not."""
    taken = {path for file in files for path in (file.path, *_parents(file.path))}
    extra = (
        file
        for file in runtime.extra_files
        if file.path not in taken and taken.isdisjoint(_parents(file.path))
    )
    return (*files, *extra)


def _check_room(files: tuple[File, ...], limits: Limits, *, group: str) -> None:
    total = sum(len(file.content) for file in files)
    if total > limits.disk_bytes:
        raise LimitError(
            f"The files have {total} bytes, more than {group}.disk_bytes ({limits.disk_bytes}).",
            limit="disk_bytes",
        )


def _check_arguments(args: tuple[str, ...], policy: Policy, *, of: str) -> None:
    if len(args) > policy.arg_count_max:
        raise LimitError(
            f"{of} has {len(args)} values; at most {policy.arg_count_max} are allowed.",
            limit="arg_count_max",
        )
    for position, arg in enumerate(args):
        size = len(_encoded(arg, of=f"{of}[{position}]"))
        if size > policy.arg_bytes_max:
            raise LimitError(
                f"{of}[{position}] has {size} bytes; at most {policy.arg_bytes_max} are allowed.",
                limit="arg_bytes_max",
            )


def _check_environment(env: Mapping[str, str], policy: Policy) -> None:
    # First, so that nobody has the values of a million variables looked at.
    _check_variable_count(len(env), policy)
    check_environment_room(measure_environment(env), policy)


def measure_environment(env: Mapping[str, str]) -> dict[str, int]:
    """Return each value's size in bytes. Raises InvalidRequestError for what is no variable."""
    sizes = {}
    for name, value in env.items():
        if not _ENV_NAME.fullmatch(name):
            raise InvalidRequestError(
                f"env has the name {_shown(name)}; use letters, digits and '_', no digit first."
            )
        sizes[name] = len(_encoded(value, of=f"env.{name[:_SHOWN_CHARACTERS]}"))
    return sizes


def check_environment_room(sizes: Mapping[str, int], policy: Policy) -> None:
    """Refuse more variables, given with the sizes of their values, than a program may have."""
    _check_variable_count(len(sizes), policy)
    total = sum(len(name) + size for name, size in sizes.items())
    if total > policy.env_bytes_max:
        raise LimitError(
            f"env has {total} bytes; at most {policy.env_bytes_max} are allowed.",
            limit="env_bytes_max",
        )


def _check_variable_count(count: int, policy: Policy) -> None:
    if count > policy.env_count_max:
        raise LimitError(
            f"env has {count} variables; at most {policy.env_count_max} are allowed.",
            limit="env_count_max",
        )


def _encoded(text: str, *, of: str) -> bytes:
    if "\0" in text:
        raise InvalidRequestError(f"{of} contains a NUL character.")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequestError(f"{of} is not valid Unicode.") from error


def _check_stdin(stdin: bytes, policy: Policy, *, of: str) -> None:
    if len(stdin) > policy.stdin_bytes_max:
        raise TooLargeError(
            f"{of} has {len(stdin)} bytes; at most {policy.stdin_bytes_max} are allowed.",
            limit="stdin_bytes_max",
        )


def _check_terminal(terminal: tuple[int, int] | None) -> None:
    if terminal is not None:
        check_size(*terminal)


def check_size(rows: int, columns: int) -> None:
    """Refuse a terminal that no screen has."""
    for name, value in (("rows", rows), ("columns", columns)):
        if not 1 <= value <= _TERMINAL_CELLS_MAX:
            raise InvalidRequestError(
                f"The terminal has {value} {name}; it must be between 1 and {_TERMINAL_CELLS_MAX}."
            )


def _check_tests(submission: Submission, policy: Policy) -> None:
    tests = submission.tests
    if not tests:
        return
    if len(tests) > policy.test_count_max:
        raise TooManyTestsError(
            f"There are {len(tests)} tests; at most {policy.test_count_max} are allowed.",
            limit="test_count_max",
        )
    if submission.stdin or submission.interactive or submission.terminal is not None:
        raise InvalidRequestError(
            "With tests, stdin belongs to each test; leave out stdin, interactive and terminal."
        )
    names: set[str] = set()
    for test in tests:
        if test.name in names:
            raise InvalidRequestError(f"Two tests have the name {_shown(test.name)}.")
        names.add(test.name)
        _check_test(test, policy)
    total = sum(len(test.stdin) + len(test.expected_stdout or "") for test in tests)
    if total > policy.test_bytes_max:
        raise TooLargeError(
            f"The tests have {total} bytes of input and expected output;"
            f" at most {policy.test_bytes_max} are allowed.",
            limit="test_bytes_max",
        )


def _check_test(test: TestCase, policy: Policy) -> None:
    _encoded(test.name, of="The name of a test")
    if not 1 <= len(test.name) <= _TEST_NAME_CHARACTERS_MAX:
        raise InvalidRequestError(
            f"The name of a test has {len(test.name)} characters;"
            f" it must have between 1 and {_TEST_NAME_CHARACTERS_MAX}."
        )
    of = f"Test {_shown(test.name)}: "
    _check_arguments(test.args, policy, of=f"{of}args")
    _check_stdin(test.stdin, policy, of=f"{of}stdin")
    if not test.checker.tolerance >= 0:
        raise InvalidRequestError(f"{of}the tolerance is {test.checker.tolerance}; give 0 or more.")
    if test.checker.kind is CheckerKind.REGEX and test.expected_stdout is not None:
        _check_pattern(test.expected_stdout, of=of)


def _check_pattern(pattern: str, *, of: str) -> None:
    if len(pattern) > _PATTERN_CHARACTERS_MAX:
        raise InvalidRequestError(
            f"{of}the regular expression has {len(pattern)} characters;"
            f" at most {_PATTERN_CHARACTERS_MAX} are allowed."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern, re.DOTALL)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidRequestError(f"{of}the regular expression is not valid: {error}.") from error


def _check_artifacts(submission: Submission, policy: Policy) -> None:
    globs = submission.artifacts
    if globs and submission.tests:
        raise InvalidRequestError(
            "Artifacts come from a run without tests; leave out artifacts or tests."
        )
    if len(globs) > policy.artifact_glob_count_max:
        raise LimitError(
            f"artifacts has {len(globs)} patterns;"
            f" at most {policy.artifact_glob_count_max} are allowed.",
            limit="artifact_glob_count_max",
        )
    for glob in globs:
        try:
            check_path(glob)
        except InvalidPathError as error:
            raise InvalidPathError(f"artifacts: {error.message}") from error


def _execution_wall_seconds(submission: Submission, policy: Policy) -> float:
    seconds = submission.execution_wall_seconds
    if seconds is None:
        return min(policy.execution_wall_seconds, policy.execution_wall_seconds_max)
    low, high = LIMITS_MIN.wall_seconds, policy.execution_wall_seconds_max
    if not low <= seconds <= high:
        raise LimitError(
            f"execution_wall_seconds is {seconds}; it must be between {low} and {high}.",
            limit="execution_wall_seconds",
        )
    return float(seconds)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…")
