"""A program cannot tell how it was started: cold, waiting at its first touch of the work folder, or
forked from an interpreter that was started before.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import zip_longest

import pytest

from runyard.agent.channel import Command as AgentCommand
from runyard.domain.limits import Limits
from runyard.domain.runtime import Command, Start
from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.session import (
    DEADLINE_SECONDS,
    LIMITS,
    PYTHON,
    Ended,
    Session,
    require_isolation,
)
from runyard.testing.engine_conformance.surroundings import Surroundings

ARGV = (PYTHON, "main.py")
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/work", "PYTHONNOUSERSITE": "1", "LANG": "C.UTF-8"}

# Everything that a program can ask about itself and that is not another one each time.
_FACTS = """
import ctypes, locale, os, resource, signal, stat, sys, threading, time
def first(path):
    with open(path) as file:
        return file.read()
status = dict(line.split(":\\t", 1) for line in first("/proc/self/status").splitlines())
kept = ("Name", "Umask", "PPid", "TracerPid", "Uid", "Gid", "Groups", "Threads", "SigQ",
        "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd",
        "CapAmb", "NoNewPrivs", "Seccomp")
for name in kept:
    print(name, status.get(name, "").split("/")[0].strip())
print(__name__, __file__, __builtins__.__name__, __spec__, sys.argv, sys.orig_argv, sys.path)
print(sys.flags, sys.executable, sys.prefix, sorted(sys.modules), list(globals()))
print(sorted(os.environ.items()), os.getcwd(), sorted(os.listdir(".")))
for stream in (sys.stdin, sys.stdout, sys.stderr):
    print(stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering,
          stream.isatty(), stat.filemode(os.fstat(stream.fileno()).st_mode))
print(sys.getfilesystemencoding(), sys.getdefaultencoding(), locale.getlocale(), time.tzname)
print(sorted(os.listdir("/proc/self/fd")))
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0), os.sched_getaffinity(0))
print([resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource))
       if name.startswith("RLIMIT_")])
print([(number, signal.getsignal(number)) for number in sorted(signal.valid_signals())])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), threading.enumerate()[0].name)
pid = os.getpid()
print(os.getppid(), pid == os.getpgid(0) == os.getsid(0) == threading.get_native_id())
print(int(os.readlink("/proc/self")) == pid, int(status["Tgid"]) == pid)
print(first("/proc/self/oom_score_adj"), first("/proc/self/cgroup"), first("/proc/self/comm"))
print(first("/proc/self/cmdline").split("\\0"), os.readlink("/proc/self/exe"))
print(first("/proc/self/environ").strip("\\0").split("\\0"))
print(len([name for name in os.listdir("/proc") if name.isdigit()]))
links = ["/proc/self/ns/" + name for name in sorted(os.listdir("/proc/self/ns"))]
child = os.popen("readlink " + " ".join(links)).read().split()
print(child == [os.readlink(link) for link in links], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
print(os.path.exists("/proc/1/fd") and os.access("/proc/1/fd", os.R_OK), os.listdir("/tmp"))
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_nswap, os.times().children_user >= 0)
"""

_THREADS = """
import atexit, os, subprocess, sys, threading
atexit.register(print, "at exit 1")
atexit.register(print, "at exit 2")
done = []
def work(number):
    done.append((number, threading.current_thread() is not threading.main_thread()))
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(sorted(done))
pid = os.fork()
if pid == 0:
    print("child", os.getppid() == int(sys.argv[0] == "never") or True)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(subprocess.run([sys.executable, "-c", "import os; print('sub', dict(os.environ))"],
                     capture_output=True, text=True).stdout)
from multiprocessing.pool import ThreadPool
print(ThreadPool(4).map(str, range(4)))
threading.Thread(target=lambda: print("after main")).start()
"""

_SIGNALS = """
import os, signal, sys
seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.01)
signal.pause()
print(seen)
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""


# The children live until all of them were counted.
_FORKS = """
import os, signal
count = 0
try:
    while count < 1000:
        if os.fork() == 0:
            signal.pause()
        count += 1
except OSError as error:
    print(count, error)
"""

_ADDRESS = re.compile(rb"(?<= at )0x[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Case:
    """`files` beside main.py."""

    main: str | bytes
    files: tuple[tuple[str, str], ...] = ()
    stdin: bytes = b""


CASES = {
    "facts": Case(_FACTS),
    "nothing": Case(""),
    "output": Case(
        "import sys; print('out ✓'); sys.stderr.write('err ✓\\n'); print('last', end='')"
    ),
    "stdin_lines": Case("print([line for line in open(0)])", stdin="a\nß\nno newline".encode()),
    "stdin_at_eof": Case("import sys; print(repr(sys.stdin.read())); input()"),
    "input": Case("print(input('name? ') + '!', int(input()) + 1)", stdin=b"Ada\n41\n"),
    "bytes": Case("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())", stdin=b"\xff\0x"),
    "not_utf8": Case("import sys; print(sys.stdin.read())", stdin=b"\xff"),
    "exit_number": Case("import sys; sys.exit(3)"),
    "exit_nothing": Case("import sys; sys.exit()"),
    "exit_none": Case("import sys; sys.exit(None)"),
    "exit_text": Case("import sys; sys.exit('words')"),
    "exit_true": Case("raise SystemExit(True)"),
    "exit_large": Case("import sys; sys.exit(256 + 9)"),
    "exit_negative": Case("import sys; sys.exit(-1)"),
    "exit_at_once": Case("import atexit, os; atexit.register(print, 'no'); os._exit(5)"),
    "exit_in_thread": Case("import sys, threading; threading.Thread(target=sys.exit).start()"),
    "traceback": Case(
        "import deep\ndef outer():\n    deep.fail()\nouter()\n",
        files=(("deep.py", "def fail():\n    {}['key']\n"),),
    ),
    "chained": Case(
        "try:\n    1/0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e"
    ),
    "syntax": Case("print('never')\nprint(\n"),
    "bad_source": Case(b"print('\xff')"),
    "encoding_line": Case("# -*- coding: latin-1 -*-\nprint('é')".encode("latin-1")),
    "thread_traceback": Case(
        "import threading; threading.Thread(target=lambda: 1/0, name='t').start()"
    ),
    "unraisable": Case("class A:\n    def __del__(self): 1/0\na = A()"),
    "warning": Case("import warnings; warnings.warn('careful'); assert (1, 'x')"),
    "recursion": Case("def f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)"),
    "modules": Case(
        "import package.inner, inspect; print(package.inner.__file__, package.__path__)",
        files=(("package/__init__.py", ""), ("package/inner.py", "")),
    ),
    "shadow": Case(
        "import string; print(string.mine)", files=(("string.py", "mine = 'shadowed'"),)
    ),
    "files": Case(
        "import os\nopen('x', 'w').write('y')\nos.mkdir('d')\nos.chdir('d')\n"
        "print(os.getcwd(), open('../x').read(), sorted(os.listdir('/work')))"
    ),
    "threads": Case(_THREADS),
    "signals": Case(_SIGNALS),
    "interrupt": Case("import os; os.kill(os.getpid(), 2)\nimport time; time.sleep(60)"),
    "terminate": Case("import os; print('before', flush=True); os.kill(os.getpid(), 15)"),
    "kill": Case("import os; os.kill(os.getpid(), 9)"),
    "abort": Case("import os; os.abort()"),
    "fault": Case("import ctypes; ctypes.string_at(0)"),
    "broken_pipe": Case("import os, signal; print(signal.getsignal(13)); os.close(1); print('x')"),
    "memory": Case("x = bytearray(64 << 20); print(len(x))"),
    "forks": Case(_FORKS),
    "memory_hog": Case("kept = [bytearray(1 << 20) for _ in range(4096)]"),
    "output_hog": Case("import os; os.close(2)\nwhile True: print('x' * 4096)"),
    "async": Case("import asyncio; print(asyncio.run(asyncio.sleep(0, 'slept')))"),
    "random": Case("import random; random.seed(1); print(random.random(), hash('a') == hash('a'))"),
}


# What depends on the kernel and not on the interpreter alone.
KERNEL_CASES = {
    *("facts", "files", "forks", "kill", "memory_hog", "output_hog", "signals", "stdin_at_eof"),
    "threads",
}


@asynccontextmanager
async def open_ahead(
    engine: Engine, start: Start, *, limits: Limits = LIMITS, is_warm: bool = True
) -> AsyncIterator[Session]:
    """Yield a sandbox that was prepared ahead for `start`. If it `is_warm`, `ARGV` is begun in it
    as far as that says.
    """
    command = Command(argv=ARGV, env=ENV, start=start)
    spec = SandboxSpec(zygote=command if start is Start.FORKED else None)
    sandbox = await engine.create(spec)
    try:
        session = Session(sandbox, limits)
        await sandbox.prepare(limits, ahead=True)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await session.channel.open()
            if is_warm and start is not Start.COLD:
                await _warm(session)
        await sandbox.begin(limits)
        yield session
    finally:
        await sandbox.destroy()


async def _warm(session: Session) -> None:
    command = AgentCommand(argv=ARGV, env=ENV, limits=session.limits)
    warmed = await session.channel.warm(command)
    assert warmed.is_waiting, warmed


async def run_case(session: Session, case: Case) -> Ended:
    main = case.main if isinstance(case.main, bytes) else case.main.encode()
    await session.put({"main.py": main, **dict(case.files)})
    return await session.run(*ARGV, env=ENV, stdin=case.stdin)


def _without_addresses(output: bytes) -> list[bytes]:
    return _ADDRESS.sub(b"", output).splitlines()


class StartConformance(Surroundings):
    @pytest.mark.parametrize("name", sorted(KERNEL_CASES))
    async def test_program_cannot_tell_how_it_was_started(
        self, engine: Engine, capabilities: Capabilities, name: str
    ) -> None:
        require_isolation(capabilities)
        await _compare_starts(engine, CASES[name])

    @pytest.mark.parametrize("name", sorted(CASES.keys() - KERNEL_CASES))
    async def test_interpreter_is_the_same_however_it_was_started(
        self, engine: Engine, capabilities: Capabilities, name: str
    ) -> None:
        require_isolation(capabilities)
        await _compare_starts(engine, CASES[name])


async def _compare_starts(engine: Engine, case: Case) -> None:
    seen: dict[Start, list[object]] = {}
    for start in Start:
        async with open_ahead(engine, start) as session:
            ended = await run_case(session, case)
        exited = ended.exited
        # Where nothing can be forked, what is begun ahead waits.
        instead = Start.WAITING if start is Start.FORKED else Start.COLD
        assert exited.started in {start, instead, Start.COLD}
        how = (exited.exit_code, exited.signal, exited.limit_hit)
        streams = map(_without_addresses, (ended.stdout, ended.stderr))
        seen[start] = [how, *(line for stream in streams for line in (*stream, b"the end"))]

    for start in (Start.WAITING, Start.FORKED):
        pairs = zip_longest(seen[start], seen[Start.COLD])
        assert not [(start, mine, cold) for mine, cold in pairs if mine != cold]
