"""What is asserted about every hostile program; a test module names its class of programs."""

from __future__ import annotations

import os
import shutil
from typing import ClassVar

import pytest

from runyard.domain.execution import LimitHit
from tests.security.laboratory import ABSENT, Laboratory, Proofs, escapes, line_of
from tests.security.manifest import Ending, Program, load_programs

# Beyond the limit a step may take this long to be ended and reported.
GRACE_SECONDS = 1.0


class Endings:
    """`kind` is the folder of programs. Programs without probes and without a given ending are
    driven by the module itself."""

    kind: ClassVar[str]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        programs = [*load_programs(self.kind).values()]
        if metafunc.function.__name__ != "test_attack_is_real":
            programs = [program for program in programs if not program.is_driven]
        probes = [(program, probe) for program in programs for probe in program.probes]
        if "probe" in metafunc.fixturenames:
            names = [f"{program.name}-{probe}" for program, probe in probes]
            metafunc.parametrize(("program", "probe"), probes, ids=names)
        elif "program" in metafunc.fixturenames:
            ending = [each for each in programs if each.probes or each.inside != Ending()]
            metafunc.parametrize("program", ending, ids=[each.name for each in ending])

    @pytest.fixture(autouse=True)
    def _has_what_it_needs(self, request: pytest.FixtureRequest) -> None:
        program = request.node.callspec.params["program"]
        if program.needs and shutil.which(program.needs) is None:
            pytest.skip(f"this machine has no {program.needs}")

    async def test_program_ends_as_documented(
        self, laboratory: Laboratory, secret: str, program: Program
    ) -> None:
        inside = await laboratory.run(program)

        assert inside.exited.limit_hit in program.inside.limit_hits, inside.exited
        if inside.exited.limit_hit is None:
            ending = (inside.exited.exit_code, inside.exited.signal)
            assert ending == (program.inside.exit_code, program.inside.signal), inside
        if inside.exited.limit_hit in {LimitHit.WALL, LimitHit.CPU, LimitHit.OUTPUT}:
            assert inside.seconds <= program.limits.wall_seconds + GRACE_SECONDS
        expected = set() if os.geteuid() == 0 else {*program.only_as_root}
        assert not escapes(inside.text, secret) - expected, inside.text[-3000:]
        assert len(inside.stdout) <= program.limits.output_bytes
        assert len(inside.stderr) <= program.limits.output_bytes


class Attacks(Endings):
    """Programs whose probes are looked at one by one."""

    async def test_attack_is_stopped(
        self, laboratory: Laboratory, secret: str, program: Program, probe: str
    ) -> None:
        if probe in program.only_as_root and os.geteuid() != 0:
            pytest.skip(f"{probe} is documented as open where the engine is not started by root")
        inside = await laboratory.run(program)

        assert probe not in escapes(inside.text, secret), inside.text[-3000:]
        # Either the program says it was stopped, or it was stopped before it could say so.
        is_silent = (
            inside.exited.limit_hit or program.command is not None or program.source == "daemon.c"
        )
        assert line_of(probe, inside.text) or is_silent, (inside.exited, inside.text[-3000:])

    def test_attack_is_real(
        self, proofs: Proofs, secret: str, program: Program, probe: str
    ) -> None:
        proof = proofs.run(program, program.probes[probe])

        line = line_of(probe, proof.text)
        if line.lstrip().startswith("BLOCKED") and ABSENT.search(line):
            pytest.skip(f"this machine has no such thing to attack: {line.strip()}")
        assert probe in escapes(proof.text, secret), (line, proof.text[-3000:], proof.timed_out)
