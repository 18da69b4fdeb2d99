"""Sandboxes know nothing of each other and of the machine, many at a time."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from runyard.engines.interface import Capabilities, Engine, SandboxSpec
from runyard.testing.engine_conformance.session import (
    Session,
    open_sessions,
    require_isolation,
)
from runyard.testing.engine_conformance.surroundings import Surroundings

# Takes every name that two programs could contend for, and holds them until told.
TAKE_NAMES = """
import ctypes, fcntl, os, socket, sys
taken = []
def take(what, function):
    try:
        taken.append(function())
    except OSError as error:
        print("cannot take", what, error)
libc = ctypes.CDLL(None, use_errno=True)
def shared_segment():
    if libc.shmget(4711, 4096, 0o3666) < 0:  # IPC_CREAT | IPC_EXCL
        raise OSError(ctypes.get_errno(), "shmget")
def bound(family, address):
    server = socket.socket(family)
    server.bind(address)
    server.listen()
    return server
def locked():
    file = open("/usr/bin/python3", "rb")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file
for place in ("/tmp", "/dev/shm", "."):
    take(place, lambda: os.open(place + "/same", os.O_CREAT | os.O_EXCL | os.O_RDWR))
take("port", lambda: bound(socket.AF_INET, ("127.0.0.1", 8080)))
take("abstract socket", lambda: bound(socket.AF_UNIX, "\\0same"))
take("shared segment", shared_segment)
take("lock", locked)
# Whether the agent, process 1, is visible is the engine's choice.
print("others", [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 1][1:])
print("holding")
sys.stdin.readline()
"""
DESCRIBE_RIGHTS = """
import json, os
lines = open("/proc/self/status").read().splitlines()
status = dict(line.split(":", 1) for line in lines)
print(json.dumps({
    "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "capabilities": [int(status["Cap" + kind], 16) for kind in ("Inh", "Prm", "Eff", "Amb")],
    "no_new_privs": status["NoNewPrivs"].strip(),
    "seccomp": status["Seccomp"].strip(),
}))
"""
TRY_TO_WRITE = """
import os
for path in ("/", "/etc", "/usr", "/usr/bin", "/dev", "/proc", "/proc/sys/kernel", "/sys"):
    try:
        os.close(os.open(path + "/runyard-was-here", os.O_CREAT | os.O_WRONLY))
        print("could write to", path)
    except OSError:
        pass
print("tried")
"""
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5)
    print("connected")
except TimeoutError:
    print("hung")
except OSError:
    print("refused")
"""


class IsolationConformance(Surroundings):
    async def test_names_of_one_sandbox_are_free_in_all_others(
        self, engine: Engine, spec: SandboxSpec, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        async with open_sessions(engine, spec, 4) as sessions:
            running = [
                session.launch_python(TAKE_NAMES, keep_stdin_open=True) for session in sessions
            ]
            seen = [await each.read_until(b"holding\n") for each in running]
            for session in sessions:
                session.channel.close_stdin()
            ended = [await each.finish() for each in running]

        assert seen == [b"others []\nholding\n"] * 4
        assert [each.exited.exit_code for each in ended] == [0] * 4

    async def test_files_and_output_of_concurrent_sandboxes_do_not_mix(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        async def use(session: Session, name: str) -> tuple[str, dict[str, bytes]]:
            await session.put({"name": name})
            program = "import os, time; [print(open('name').read()) for _ in range(500)]"
            ended = await session.python(f"{program}; open('out', 'w').write(open('name').read())")
            return ended.text, await session.get("out")

        async with open_sessions(engine, spec, 4) as sessions:
            results = await asyncio.gather(
                *(use(session, f"name-{number}") for number, session in enumerate(sessions))
            )

        for number, (text, files) in enumerate(results):
            assert set(text.split()) == {f"name-{number}"}
            assert files == {"out": f"name-{number}".encode()}

    async def test_destroying_one_sandbox_leaves_the_others_alone(
        self, engine: Engine, spec: SandboxSpec
    ) -> None:
        async with open_sessions(engine, spec, 4) as sessions:
            running = [
                session.launch_python("print('up'); input(); print('fine')", keep_stdin_open=True)
                for session in sessions[1:]
            ]
            for each in running:
                await each.read_until(b"up")
            await sessions[0].sandbox.destroy()
            for session in sessions[1:]:
                session.channel.write_stdin(b"\n")
            ended = [await each.finish() for each in running]

        assert [each.text for each in ended] == ["up\nfine"] * 3

    async def test_program_has_no_rights(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        rights = json.loads((await session.python(DESCRIBE_RIGHTS)).text)

        assert 0 not in rights["ids"]
        assert rights["capabilities"] == [0, 0, 0, 0]
        assert (rights["no_new_privs"], rights["seccomp"]) == ("1", "2")

    async def test_system_directories_are_read_only(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        if not capabilities.root_read_only:
            pytest.skip("declared: the root is writable")

        assert (await session.python(TRY_TO_WRITE)).text == "tried"

    async def test_host_secrets_are_out_of_reach(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        for path in ("/etc/shadow", "/root", "/home", "/var/lib", "/proc/1/environ"):
            ended = await session.run("/bin/sh", "-c", f"cat {path} || ls {path}/*")

            assert ended.exited.exit_code != 0
            assert ended.stdout == b""

    async def test_network_is_cut_and_says_so_at_once(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        if not capabilities.network_cut:
            pytest.skip("declared: the network is not cut")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            for address in ("127.0.0.1", "192.0.2.1", "169.254.169.254"):
                ended = await session.python(CONNECT, address, str(port))

                assert ended.text == "refused"

    async def test_loopback_works_inside(
        self, session: Session, capabilities: Capabilities
    ) -> None:
        require_isolation(capabilities)
        program = (
            "import socket; server = socket.create_server(('127.0.0.1', 8080));"
            "client = socket.create_connection(('127.0.0.1', 8080)); client.send(b'over loopback');"
            "print(server.accept()[0].recv(99).decode())"
        )

        assert (await session.python(program)).text == "over loopback"
