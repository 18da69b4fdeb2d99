"""Runs a hostile program without a sandbox, to prove that its attack is real, yet so that this
machine comes to no harm: in a throw-away pid namespace whose end ends everything, in a temporary
directory, under resource limits and a deadline.

    outside         an ordinary user, nothing withheld
    namespace_root  root of a throw-away user namespace, with mount, ipc, uts, net and cgroup
                    namespaces of its own
    root            the real root, in namespaces of its own; for programs whose arguments are
                    chosen so that they change nothing
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.security.building import build
from tests.security.manifest import Program

CONFINE = Path(__file__).parent / "confine.py"
# A uid that nothing else on a machine uses, not even a second run of these tests, so that limits
# counted per user count only the proof.
PROOF_UID = 0x6F000000 + os.getpid()
OUTPUT_BYTES_MAX = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    stdout: str
    stderr: str
    timed_out: bool
    output_bytes: int
    directory: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


def is_possible(proof: str) -> bool:
    return proof != "root" or os.geteuid() == 0


def prove(program: Program, *, proof: str, values: Mapping[str, str]) -> Proof:
    """Run `program` outside and return what it printed."""
    with proof_directory() as directory:
        return run_outside(
            argv_outside(program, directory, values),
            proof=proof,
            directory=directory,
            seconds=program.proof_seconds,
            rlimits=program.proof_rlimits,
            terminal=program.terminal,
            enough=tuple(program.probes) if program.is_endless else (),
        )


def argv_outside(program: Program, directory: Path, values: Mapping[str, str]) -> tuple[str, ...]:
    """Put `program` into `directory` and return its command there."""
    path = directory / program.file_name
    path.write_bytes(fill_in_source(program, build(program), values))
    path.chmod(0o755)
    return fill_in(program.argv(program.proof_args), values)


def fill_in(args: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """Replace `{name}` by the value of that name."""
    for name, value in values.items():
        args = tuple(arg.replace(f"{{{name}}}", value) for arg in args)
    return args


def fill_in_source(program: Program, content: bytes, values: Mapping[str, str]) -> bytes:
    return fill_in((content.decode(),), values)[0].encode() if program.command else content


@contextmanager
def proof_directory() -> Iterator[Path]:
    """A directory that the proof's user may write."""
    directory = Path(tempfile.mkdtemp(prefix="runyard-proof-"))
    try:
        directory.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(directory, PROOF_UID, PROOF_UID)
        yield directory
    finally:
        # Deeper than what shutil.rmtree can follow.
        subprocess.run(["rm", "-rf", directory], check=True, timeout=60)


def run_outside(
    argv: tuple[str, ...],
    *,
    proof: str,
    directory: Path,
    seconds: float = 10.0,
    rlimits: dict[str, int] | None = None,
    terminal: bool = False,
    enough: tuple[str, ...] = (),
) -> Proof:
    wish = {
        "argv": argv,
        "proof": proof,
        "uid": PROOF_UID,
        "seconds": seconds,
        "rlimits": rlimits or {},
        "terminal": terminal,
        "enough": enough,
        "output_bytes_max": OUTPUT_BYTES_MAX,
    }
    done = subprocess.run(
        [sys.executable, "-I", CONFINE, json.dumps(wish)],
        cwd=directory,
        env={**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(directory)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=seconds + 20,
        check=True,
    )
    outcome = json.loads(done.stdout)
    return Proof(**outcome, directory=tuple(sorted(os.listdir(directory))))
