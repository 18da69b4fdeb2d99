"""What the linux engine sends, byte by byte, and what it makes of what comes back."""

from __future__ import annotations

import dataclasses
import struct

import pytest

from runyard.domain.errors import EngineError, EngineUnavailableError, LimitError
from runyard.domain.limits import MIB, Limits
from runyard.domain.runtime import Command, Mount, Start
from runyard.engines import registry
from runyard.engines.linux import spec
from runyard.engines.linux.launcher import HostFacts
from runyard.engines.linux.options import LinuxOptions
from runyard.engines.linux.spec import OrderFlag, ReplyKind, ReportKind, RequestKind

LIMITS = Limits(wall_seconds=2.0, memory_bytes=64 * MIB, processes=7, disk_bytes=MIB)


def test_start_has_the_layout_of_struct_order() -> None:
    packet = spec.pack_start(LIMITS, LinuxOptions(), sequence=9, flags=OrderFlag.NEXT_STEP)

    assert packet == struct.pack("<IIQQQQII", 1, 1, 9, 64 * MIB, MIB, 62_000, 7, 0)
    assert len(packet) == 48


def test_begin_names_the_running_job_and_its_new_limits() -> None:
    packet = spec.pack_begin(LIMITS, LinuxOptions(), sequence=9)

    assert packet == struct.pack("<IIQQQQII", 4, 0, 9, 64 * MIB, MIB, 62_000, 7, 0)


def test_a_job_started_ahead_is_flagged_and_has_a_deadline_all_the_same() -> None:
    packet = spec.pack_start(LIMITS, LinuxOptions(), sequence=1, flags=OrderFlag.AHEAD)

    assert packet == struct.pack("<IIQQQQII", 1, 4, 1, 64 * MIB, MIB, 62_000, 7, 0)


def test_a_job_never_outlives_the_most_that_was_allowed() -> None:
    options = LinuxOptions(job_seconds_max=10.0)

    packet = spec.pack_start(LIMITS, options, sequence=1, flags=OrderFlag.NONE)

    assert struct.unpack_from("<Q", packet, 32) == (10_000,)


def test_mounts_follow_their_sizes() -> None:
    body = spec.pack_mounts((Mount(source="/opt/a", target="/b"),))

    assert body == struct.pack("<HH", 6, 2) + b"/opt/a/b"


def test_too_many_or_too_long_mounts_are_refused() -> None:
    one = Mount(source="/opt/a", target="/b")
    with pytest.raises(EngineError, match="33 mounts"):
        spec.pack_mounts((one,) * 33)
    with pytest.raises(EngineError, match="too long"):
        spec.pack_mounts((dataclasses.replace(one, source="/" + "x" * 1023),))


def test_zygote_is_counts_and_words_that_end_in_nul() -> None:
    zygote = Command(argv=("/usr/bin/python3", "é.py"), env={"A": "1", "B": ""}, start=Start.FORKED)

    block = spec.pack_zygote(zygote)

    assert block == struct.pack("<HH", 2, 2) + "/usr/bin/python3\0é.py\0A=1\0B=\0".encode()
    assert not spec.pack_zygote(None)


def test_zygote_that_cannot_be_packed_is_refused() -> None:
    with pytest.raises(EngineError, match="NUL"):
        spec.pack_zygote(Command(argv=("a\0b",)))
    with pytest.raises(EngineError, match="4096"):
        spec.pack_zygote(Command(argv=("x",) * 4097))


@pytest.mark.parametrize("name", ["memory_bytes", "disk_bytes", "processes"])
def test_limits_above_the_ceiling_are_refused_by_name(name: str) -> None:
    options = LinuxOptions(limits_max=LIMITS)
    spec.check_limits(LIMITS, options)

    with pytest.raises(LimitError, match=name):
        spec.check_limits(dataclasses.replace(LIMITS, **{name: getattr(LIMITS, name) + 1}), options)


def test_report_is_read_with_what_was_measured() -> None:
    words = b"mount /tmp: No space left on device"
    packet = struct.pack(
        "<IIQQQQiI240s", ReportKind.ENDED, 2, 5, 1_500_000_000, MIB, 10**9, -9, 1, words
    )

    report = spec.unpack_report(packet)

    assert (report.kind, report.sequence, report.oom_kills) == (ReportKind.ENDED, 5, 2)
    assert report.usage.cpu_seconds == 1.5
    assert report.usage.memory_peak_bytes is None
    assert report.status == -9
    assert report.words == words.decode()


@pytest.mark.parametrize("packet", [b"", b"\0" * 288, b"\1" * 287, b"\1" * 289])
def test_what_is_not_a_report_is_an_error(packet: bytes) -> None:
    with pytest.raises(EngineError):
        spec.unpack_report(packet)


def test_reply_carries_the_launchers_words() -> None:
    reply = spec.unpack_reply(struct.pack("<IIII", ReplyKind.ERROR, 3, 4, 0) + b"no such part")

    assert reply == spec.Reply(ReplyKind.ERROR, 3, 4, "no such part")


@pytest.mark.parametrize("packet", [b"", b"\0" * 15, struct.pack("<IIII", 7, 0, 0, 0)])
def test_what_is_not_a_reply_is_an_error(packet: bytes) -> None:
    with pytest.raises(EngineError):
        spec.unpack_reply(packet)


def test_request_has_the_layout_of_its_header() -> None:
    packet = spec.pack_request(RequestKind.REAP, request_id=2, slot=3, count=4, body=b"name")

    assert packet == struct.pack("<IIII", 4, 2, 3, 4) + b"name"


def test_launcher_gets_every_ceiling_and_every_source() -> None:
    words = spec.launcher_arguments(
        LinuxOptions(limits_max=LIMITS, fresh_network=True), sources=("/opt", "/srv/a"), fd=5
    )
    values = list(zip(words[::2], words[1::2], strict=True))

    assert dict(values) | {"--source": ""} == {
        "--fd": "5",
        "--memory-bytes-max": str(64 * MIB),
        "--disk-bytes-max": str(MIB),
        "--processes-max": "7",
        "--job-ms-max": "3600000",
        "--slots-max": "16",
        "--uid-base": str(0x70000000),
        "--fresh-network": "1",
        "--source": "",
    }
    assert [value for name, value in values if name == "--source"] == ["/opt", "/srv/a"]


def test_host_facts_are_read_from_the_greeting() -> None:
    facts = HostFacts.parse("mode=user\ncgroup=0\nmemory=0\npids=0\ncpu=0\ngroup=a\nwhy=b: c=d")

    assert not facts.is_root
    assert facts.cgroup_version == 0
    assert facts.why_no_cgroup == "b: c=d"


def test_the_linux_engine_is_found_by_its_entry_point() -> None:
    assert "linux" in registry.list_names()
    assert registry.load_build("linux").__module__ == "runyard.engines.linux.engine"


def test_an_engine_that_is_not_installed_is_an_error_with_the_names() -> None:
    with pytest.raises(EngineUnavailableError, match=r"'abacus'; installed are: .*linux"):
        registry.load_build("abacus")
