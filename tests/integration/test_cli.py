"""The command line as a process of its own: in itself, and against a server."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runyard.testing.server import Server
from tests.integration.serving import environment, reachable, serve

SECONDS_MAX = 60.0
ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)\nprint('end')\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reachable(tmp_path_factory.mktemp("command-line"))


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Server]:
    directory = home / "server"
    directory.mkdir()
    with serve(directory) as served:
        yield served


@pytest.fixture(params=["embedded", "served"])
def settings(request: pytest.FixtureRequest, home: Path) -> dict[str, str]:
    if request.param == "embedded":
        return environment(home)
    served: Server = request.getfixturevalue("served")
    return environment(home, RUNYARD_SERVER=served.url)


def write(directory: Path, name: str, content: str) -> str:
    path = directory / name
    path.write_text(content)
    return str(path)


def start(
    settings: dict[str, str], *words: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "runyard", *words],
        env=settings,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def runyard(
    settings: dict[str, str], *words: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "runyard", *words],
        env=settings,
        input=stdin,
        capture_output=True,
        timeout=SECONDS_MAX,
        check=False,
    )


def test_run_passes_streams_arguments_and_exit_code(
    settings: dict[str, str], tmp_path: Path
) -> None:
    source = write(
        tmp_path,
        "show.py",
        "import sys\n"
        "sys.stdout.buffer.write(b'\\xff' + sys.stdin.buffer.read())\n"
        "print(sys.argv[1:], file=sys.stderr)\n"
        "sys.exit(7)\n",
    )

    ended = runyard(settings, "run", source, "--", "-x", "--", "é", stdin=b"\x00in\n")

    assert ended.returncode == 7, ended.stderr
    assert ended.stdout == b"\xff\x00in\n"
    assert ended.stderr.decode() == "['-x', '--', 'é']\n"


@dataclass(frozen=True)
class Ending:
    program: str
    limits: tuple[str, ...]
    code: int
    says: str


ENDINGS = [
    Ending("while True: pass", ("wall_seconds=1",), 124, "wall_seconds"),
    Ending("x = [bytearray(1 << 20) for _ in range(4096)]", ("memory_bytes=64M",), 137, "memory"),
    Ending("while True: print('x' * 1000)", ("output_bytes=10K",), 153, "output"),
    Ending("import os; os.kill(os.getpid(), 11)", (), 139, "signal 11"),
    Ending("pass", ("wall_seconds=-1",), 126, "limits.wall_seconds"),
]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: str(ending.code))
def test_run_ends_with_the_code_of_the_outcome(home: Path, tmp_path: Path, ending: Ending) -> None:
    words = [word for limit in ending.limits for word in ("--limit", limit)]
    source = write(tmp_path, "main.py", ending.program)

    ended = runyard(environment(home), "run", *words, source)

    assert ended.returncode == ending.code, ended.stderr
    message = ended.stderr.decode().splitlines()[-1]
    assert message.startswith("runyard: ")
    assert ending.says in message


def test_compiler_messages_go_to_stderr(home: Path, tmp_path: Path) -> None:
    ended = runyard(environment(home), "run", write(tmp_path, "main.c", "int main( {"))

    assert ended.returncode == 1
    assert ended.stdout == b""
    assert b"error:" in ended.stderr


def test_unknown_runtime_ends_with_127(home: Path, tmp_path: Path) -> None:
    ended = runyard(environment(home), "run", "-r", "cobol-9", write(tmp_path, "a.py", ""))

    assert ended.returncode == 127
    assert ended.stderr.decode().startswith("runyard: There is no runtime 'cobol-9'")
    assert b"Traceback" not in ended.stderr


def test_output_and_input_flow_while_the_program_runs(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with start(settings, "run", write(tmp_path, "echo.py", ECHO), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for word in (b"one", b"two"):
            process.stdin.write(word + b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"got " + word + b"\n"
        process.stdin.close()
        assert process.stdout.read() == b"end\n"
        assert process.wait(SECONDS_MAX) == 0


def test_interrupt_stops_the_program(settings: dict[str, str], tmp_path: Path) -> None:
    source = write(tmp_path, "main.py", "print('up', flush=True)\nwhile True: pass\n")
    with start(settings, "run", source) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"

        process.send_signal(signal.SIGINT)

        assert process.wait(SECONDS_MAX) == 130


def test_second_interrupt_leaves_at_once(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path, "main.py", "print('up', flush=True)\nwhile True: pass\n")
    with start(environment(home), "run", source) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"up\n"

        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)

        assert process.wait(SECONDS_MAX) == 130


def test_reader_that_goes_away_ends_the_program(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path, "main.py", "while True: print('y', flush=True)")
    with start(environment(home), "run", source) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"y\n"

        process.stdout.close()

        assert process.wait(SECONDS_MAX) == 128 + signal.SIGPIPE
        assert b"Traceback" not in process.stderr.read()


def test_json_is_all_there_is_on_stdout(settings: dict[str, str], tmp_path: Path) -> None:
    ended = runyard(settings, "run", "--json", write(tmp_path, "a.py", "print(1)"))

    execution = json.loads(ended.stdout)
    assert execution["outcome"] == "succeeded"
    assert execution["steps"][-1]["stdout"] == "1\n"


def test_kept_files_are_written(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path, "a.py", "open('kept.bin', 'wb').write(b'\\xff')")

    ended = runyard(environment(home), "run", "-a", "*.bin", "-o", str(tmp_path / "kept"), source)

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "kept" / "kept.bin").read_bytes() == b"\xff"


def test_executions_are_remembered(settings: dict[str, str], tmp_path: Path) -> None:
    source = write(tmp_path, "a.py", "print('remember')")
    assert runyard(settings, "run", source).returncode == 0

    listed = json.loads(runyard(settings, "runs", "list", "--json").stdout)

    newest = listed[0]
    assert newest["outcome"] == "succeeded"
    assert runyard(settings, "runs", "logs", newest["id"]).stdout == b"remember\n"
    assert b"exit code 0" in runyard(settings, "runs", "view", newest["id"]).stdout
    assert runyard(settings, "runs", "view", "nothing").returncode == 126


def test_two_at_once_do_not_disturb_each_other(home: Path, tmp_path: Path) -> None:
    source = write(tmp_path, "echo.py", ECHO)
    settings = environment(home)
    with start(settings, "run", source, stdin=subprocess.PIPE) as first:
        assert first.stdin is not None
        assert first.stdout is not None
        first.stdin.write(b"one\n")
        first.stdin.flush()
        assert first.stdout.readline() == b"got one\n"

        second = runyard(settings, "run", source, stdin=b"two\n")
        busy = runyard(settings, "runs", "list")

        first.stdin.close()
        assert first.wait(SECONDS_MAX) == 0
    assert second.stdout == b"got two\nend\n", second.stderr
    assert busy.returncode == 125
    assert b"Another Runyard" in busy.stderr


def test_terminal_is_joined(settings: dict[str, str], tmp_path: Path) -> None:
    source = write(
        tmp_path,
        "main.py",
        "import sys\nprint('tty', sys.stdin.isatty())\nprint('read', input('? '))\n",
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "runyard", "run", "-t", source],
        env=settings,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            shown += os.read(ours, 1024)
        except OSError:
            break  # The other side is closed.
        if shown.endswith(b"? "):
            os.write(ours, b"keys\r")
    os.close(ours)
    _, errors = process.communicate(timeout=SECONDS_MAX)

    assert b"tty True" in shown, errors
    assert b"read keys" in shown, errors
    assert process.returncode == 0


def test_runtimes_are_listed(settings: dict[str, str]) -> None:
    ended = runyard(settings, "runtimes")

    assert ended.returncode == 0, ended.stderr
    assert b"python" in ended.stdout


def test_doctor_finds_this_machine_usable(home: Path) -> None:
    ended = runyard(environment(home), "doctor")

    assert ended.returncode == 0, ended.stdout
    assert b"limit memory_bytes" in ended.stdout


def test_embedded_run_leaves_nothing_but_its_records(home: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    settings = environment(home, TMPDIR=str(temporary))

    assert runyard(settings, "run", write(tmp_path, "a.py", "")).returncode == 0

    assert list(temporary.iterdir()) == []


def test_serve_on_a_port_in_use_says_so(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = runyard(environment(home), "serve", "--port", port)

    assert ended.returncode == 125
    assert ended.stderr.decode().startswith(f"runyard: Cannot listen on 127.0.0.1 port {port}")
    assert ended.stderr.count(b"\n") == 1


def test_serve_beyond_loopback_without_accounts_is_refused(home: Path) -> None:
    profile = ("--profile", "development")

    ended = runyard(environment(home), "serve", "--host", "0.0.0.0", "--port", "0", *profile)

    assert ended.returncode != 0
    assert b"--profile production" in ended.stderr


def test_serve_in_production_runs_nothing_for_nobody(home: Path, tmp_path: Path) -> None:
    directory = home / "production"
    directory.mkdir()
    source = write(tmp_path, "a.py", "")
    with serve(directory, profile="production") as served:
        ended = runyard(environment(home, RUNYARD_SERVER=served.url), "run", source)

    assert ended.returncode == 126
    assert b"Running without an account is off" in ended.stderr


def test_wrong_settings_are_said_in_one_line(home: Path) -> None:
    ended = runyard(environment(home, RUNYARD_PORT="many"), "serve")

    assert ended.returncode == 2
    assert b"port" in ended.stderr
    assert ended.stderr.count(b"\n") == 1


def test_server_ends_well_when_asked_to(home: Path) -> None:
    directory = home / "ending"
    directory.mkdir()

    with serve(directory) as served:
        code = served.stop()

    assert code == 0
