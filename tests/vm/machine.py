"""Runs the guest under QEMU's own processor emulation, with a deadline, and hands back its output.

The guest has two ports to here: its sessions' output, and one line per finished session. Its
console goes to a file, shown when the guest did not get as far as ending by itself.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.vm.image import Image

MEMORY_MEBIBYTES = 2560
PROCESSORS = 2
CONSOLE_TAIL_LINES = 60


@dataclass(frozen=True, slots=True)
class SessionResult:
    exit_code: int
    seconds: int


def say(text: str) -> None:
    sys.stdout.write(f"vm: {text}\n")
    sys.stdout.flush()


def run_machine(
    image: Image,
    disks: list[Path],
    mode: str,
    folder: Path,
    *,
    sessions_count: int,
    deadline_seconds: float,
) -> dict[str, SessionResult]:
    """Boot, copy the output to ours as it comes, and return how the finished sessions ended."""
    console, results = folder / "console.log", folder / "results"
    reading, writing = os.pipe()
    ports = {"output": f"/dev/fd/{writing}", "results": str(results)}
    command = _command(image, disks, mode, console, ports)
    try:
        qemu = subprocess.Popen(command, pass_fds=(writing,), stdin=subprocess.DEVNULL)
    finally:
        os.close(writing)
    copier = threading.Thread(target=_copy_output, args=(reading,))
    copier.start()
    ended = True
    try:
        qemu.wait(deadline_seconds)
    except subprocess.TimeoutExpired:
        ended = False
    finally:
        qemu.kill()
        qemu.wait()
        copier.join()
    finished = _read_results(results)
    if not ended:
        say(f"no end within {deadline_seconds:.0f} s; ended by force")
    if len(finished) < sessions_count:
        lines = console.read_text(errors="replace").splitlines()[-CONSOLE_TAIL_LINES:]
        say("\n".join(("the console's last lines:", *lines)))
    return finished


def _command(
    image: Image, disks: list[Path], mode: str, console: Path, ports: dict[str, str]
) -> list[str]:
    # QEMU 7.2 loses the overflow flag when a SETcc to memory meets a page fault. With random stacks
    # one start of the agent in 200 did so in its strtoull; with norandmaps all are alike.
    words = "console=ttyS0 quiet norandmaps panic=-1 root=/dev/nvme0n1 rw init=/boot.sh"
    kernel_words = f"{words} -- {mode}"
    command = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none"]
    command += ["-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"]
    command += ["-smp", str(PROCESSORS), "-m", str(MEMORY_MEBIBYTES), "-device", "virtio-rng-pci"]
    command += ["-kernel", str(image.kernel), "-append", kernel_words]
    command += ["-serial", f"file:{console}", "-device", "virtio-serial-pci"]
    for number, (name, target) in enumerate(ports.items(), start=1):
        command += ["-chardev", f"file,id={name},path={target}"]
        command += ["-device", f"virtserialport,chardev={name},nr={number},name={name}"]
    for number, disk in enumerate([image.root_disk, *disks]):
        drive = f"if=none,format=raw,snapshot=on,id=disk{number},file={disk}"
        command += ["-drive", drive, "-device", f"nvme,drive=disk{number},serial=disk{number}"]
    return command


def _copy_output(reading: int) -> None:
    with os.fdopen(reading, "rb", buffering=0) as stream:
        while block := stream.read(65536):
            sys.stdout.buffer.write(block.replace(b"\r\n", b"\n"))
            sys.stdout.buffer.flush()


def _read_results(results: Path) -> dict[str, SessionResult]:
    finished = {}
    for line in results.read_text().splitlines() if results.exists() else ():
        name, exit_code, seconds = line.split()
        finished[name] = SessionResult(int(exit_code), int(seconds))
    return finished
