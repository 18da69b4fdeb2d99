"""The D-Bus client against the real daemon, with a peer in systemd's place."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runyard.engines.linux import dbus, delegation
from runyard.engines.linux.dbus import Connection, DBusError, Message
from tests.conformance import platforms

MANAGER = "org.freedesktop.systemd1"
SECONDS_MAX = 20.0
CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Path]:
    program = shutil.which("dbus-daemon")
    if program is None:
        platforms.give_up("dbus", "dbus-daemon is not installed")
    address = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(CONFIGURATION.format(address=address))
    daemon = subprocess.Popen(
        [str(program), f"--config-file={tmp_path}/bus.conf", "--nofork", "--print-address=1"],
        stdout=subprocess.PIPE,
    )
    assert daemon.stdout is not None
    assert daemon.stdout.readline().startswith(b"unix:")
    yield address
    daemon.terminate()
    daemon.wait(SECONDS_MAX)
    daemon.stdout.close()


def on_bus(member: str, signature: str = "", *body: Any) -> Message:
    return delegation._bus_call(member, signature, *body)


@pytest.fixture
def client(bus: Path) -> Iterator[Connection]:
    connection = Connection(bus, seconds_max=SECONDS_MAX)
    yield connection
    connection.close()


class Peer:
    """Owns systemd's name on the bus and answers each call with `answer`."""

    def __init__(self, bus: Path, result: str | None) -> None:
        self.connection = Connection(bus, seconds_max=SECONDS_MAX)
        self.connection.call(on_bus("Hello"))
        assert self.connection.call(on_bus("RequestName", "su", MANAGER, 4)) == (1,)
        self.result = result
        self.seen: list[Message] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while (call := self._next_call()).member != "StartTransientUnit":
            self.connection.send(
                Message(kind=dbus.RETURN, reply_serial=call.serial, destination=call.sender)
            )
        if self.result is None:
            self.connection.send(self._refusal(call))
            return
        # The signal for another job and one that overtakes the reply: both happen.
        self._signal_removed("/job/1", "failed")
        self._signal_removed("/job/2", self.result)
        self.connection.send(
            Message(
                kind=dbus.RETURN,
                reply_serial=call.serial,
                destination=call.sender,
                signature="o",
                body=("/job/2",),
            )
        )

    def _next_call(self) -> Message:
        call = self.connection.wait(lambda message: message.kind == dbus.CALL)
        self.seen.append(call)
        return call

    def _refusal(self, call: Message) -> Message:
        return Message(
            kind=dbus.ERROR,
            error="org.freedesktop.DBus.Error.AccessDenied",
            reply_serial=call.serial,
            destination=call.sender,
            signature="s",
            body=("Not today.",),
        )

    def _signal_removed(self, job: str, result: str) -> None:
        self.connection.send(
            Message(
                kind=dbus.SIGNAL,
                path="/org/freedesktop/systemd1",
                interface=f"{MANAGER}.Manager",
                member="JobRemoved",
                signature="uoss",
                body=(1, job, "test.scope", result),
            )
        )

    def close(self) -> None:
        self.thread.join(SECONDS_MAX)
        self.connection.close()
        assert not self.thread.is_alive()


def test_connection_says_hello_and_calls_the_real_daemon(client: Connection) -> None:
    (name,) = client.call(on_bus("Hello"))
    (names,) = client.call(on_bus("ListNames"))
    (process,) = client.call(on_bus("GetConnectionUnixProcessID", "s", name))
    (credentials,) = client.call(on_bus("GetConnectionCredentials", "s", name))

    assert name in names
    assert process == os.getpid()
    assert credentials["UnixUserID"] == dbus.Variant("u", os.geteuid())


def test_call_that_the_daemon_refuses_raises_its_words(client: Connection) -> None:
    client.call(on_bus("Hello"))

    with pytest.raises(DBusError, match="NameHasNoOwner"):
        client.call(on_bus("GetNameOwner", "s", "nobody.owns.this"))


def test_call_without_an_answer_ends_in_time(bus: Path) -> None:
    silent = Connection(bus, seconds_max=0.5)
    silent.call(on_bus("Hello"))

    with pytest.raises(TimeoutError):
        silent.wait(lambda message: message.member == "NeverSent")
    silent.close()


def test_start_scope_asks_for_a_delegated_scope_around_the_process(
    bus: Path, client: Connection
) -> None:
    peer = Peer(bus, "done")
    try:
        delegation.start_scope(client, "runyard-test.scope", 4711, is_bus=True)
    finally:
        peer.close()

    unit, mode, properties, auxiliary = peer.seen[-1].body
    assert [call.member for call in peer.seen] == ["Subscribe", "StartTransientUnit"]
    assert (unit, mode, auxiliary) == ("runyard-test.scope", "fail", [])
    values = {name: (variant.signature, variant.value) for name, variant in properties}
    assert values["Delegate"] == ("b", True)
    assert values["PIDs"] == ("au", [4711])


def test_start_scope_that_fails_says_how(bus: Path, client: Connection) -> None:
    peer = Peer(bus, "failed")
    try:
        with pytest.raises(DBusError, match="'failed'"):
            delegation.start_scope(client, "runyard-test.scope", 4711, is_bus=True)
    finally:
        peer.close()


def test_start_scope_that_is_refused_says_why(bus: Path, client: Connection) -> None:
    peer = Peer(bus, None)
    try:
        with pytest.raises(DBusError, match=r"Not today.*AccessDenied"):
            delegation.start_scope(client, "runyard-test.scope", 4711, is_bus=True)
    finally:
        peer.close()


def test_another_implementations_message_is_understood(bus: Path) -> None:
    sender = shutil.which("dbus-send")
    if sender is None:
        platforms.give_up("dbus", "dbus-send is not installed")
    peer = Peer(bus, "done")
    done = subprocess.run(
        [str(sender), f"--bus=unix:path={bus}", "--print-reply", f"--dest={MANAGER}", "/p",
         "i.f.StartTransientUnit", "string:žluť", "array:uint32:1,2", "dict:string:int64:a,-5",
         "variant:double:0.5", "boolean:true", "byte:9", "objpath:/x"],
        capture_output=True, text=True, check=True, timeout=SECONDS_MAX,
    )  # fmt: skip
    peer.close()

    assert peer.seen[-1].signature == "saua{sx}vbyo"
    assert peer.seen[-1].body == (
        "žluť", [1, 2], {"a": -5}, dbus.Variant("d", 0.5), True, 9, "/x",
    )  # fmt: skip
    assert 'object path "/job/2"' in done.stdout


def test_authentication_that_is_refused_raises(tmp_path: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "bus"))
    server.listen()

    def refuse() -> None:
        peer, _ = server.accept()
        with peer:
            peer.recv(100)
            peer.sendall(b"REJECTED EXTERNAL\r\n")
            peer.recv(100)

    thread = threading.Thread(target=refuse)
    thread.start()
    with server, pytest.raises(DBusError, match="REJECTED"):
        Connection(tmp_path / "bus", seconds_max=SECONDS_MAX)
    thread.join()


def test_find_managers_prefers_the_manager_itself(tmp_path: Path) -> None:
    (tmp_path / "systemd").mkdir()
    sockets = []
    for name in ("systemd/private", "bus"):
        sockets.append(socket.socket(socket.AF_UNIX))
        sockets[-1].bind(str(tmp_path / name))
    found = delegation.find_managers(1000, {"XDG_RUNTIME_DIR": str(tmp_path)})
    for each in sockets:
        each.close()

    assert found == [(tmp_path / "systemd/private", False), (tmp_path / "bus", True)]


# Moves itself, so it is a process of its own.
REQUEST = """
import json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
from runyard.engines.linux import delegation
granted = delegation.request_scope()
if isinstance(granted, delegation.NotDelegated):
    print(json.dumps({"reason": granted.reason}))
    sys.exit(0)
controllers = granted.settle()
child = granted.directory / "child"
child.mkdir()
print(json.dumps({
    "group": open("/proc/self/cgroup").read().strip(),
    "controllers": controllers,
    "files": os.listdir(child),
}))
child.rmdir()
"""


def test_request_scope_of_a_real_manager_gives_a_group_with_controllers() -> None:
    if not delegation.find_managers(os.geteuid(), os.environ):
        platforms.give_up("systemd", "no manager is running here")
    done = subprocess.run(
        [sys.executable, "-c", REQUEST, json.dumps(sys.path)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    answer = json.loads(done.stdout)

    if "version 1" in answer.get("reason", ""):
        platforms.give_up("systemd", answer["reason"])
    assert answer["group"].endswith(".scope/server"), answer
    assert {"memory", "pids"} <= set(answer["controllers"])
    assert {"memory.max", "pids.max"} <= set(answer["files"])


def test_without_a_manager_the_reason_is_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delegation, "find_managers", lambda *_: [])
    answer = delegation.request_scope()

    assert isinstance(answer, delegation.NotDelegated)
    assert "loginctl enable-linger" in answer.reason
