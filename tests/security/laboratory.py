"""Runs hostile programs inside sandboxes and, as a proof, outside; each once, however many probes
of it are looked at."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from runyard.agent.channel import Exited
from runyard.domain.files import File
from runyard.domain.limits import Limits
from runyard.engines.interface import Engine, SandboxSpec
from runyard.testing.engine_conformance.session import Session, open_session
from tests.security.belongings import leaves_nothing
from tests.security.building import build
from tests.security.manifest import Program
from tests.security.outside import Proof, fill_in, fill_in_source, is_possible, prove

ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
# What the kernel says about a part of it that is not there, or a machine without a network.
ABSENT = re.compile(r"errno (2|38|93|97|101) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    exited: Exited
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def text(self) -> str:
        return f"{self.stdout.decode(errors='replace')}\n{self.stderr.decode(errors='replace')}"


@dataclass(slots=True)
class Laboratory:
    """`values` are what the placeholders of arguments stand for."""

    engine: Engine
    values: Mapping[str, str]
    _inside: dict[str, Inside] = field(default_factory=dict)

    @asynccontextmanager
    async def sandbox(self, limits: Limits) -> AsyncIterator[Session]:
        """A sandbox that leaves nothing, and after which the engine works."""
        async with leaves_nothing(self.engine):
            async with self.sandbox_alone(limits) as session:
                yield session
            await self.check_works()

    @asynccontextmanager
    async def sandbox_alone(self, limits: Limits) -> AsyncIterator[Session]:
        """A sandbox beside which others are at work, so that nothing can be counted."""
        async with open_session(self.engine, SandboxSpec(), limits) as session:
            yield session

    async def check_works(self) -> None:
        async with open_session(self.engine, SandboxSpec()) as session:
            assert (await session.run("/bin/echo", "alive")).text == "alive"

    async def put(self, session: Session, program: Program) -> None:
        content = fill_in_source(program, build(program), self.values)
        await session.channel.put_files([File(program.file_name, content, executable=True)])

    def argv(self, program: Program, *args: str) -> tuple[str, ...]:
        """The command for `program`, with other arguments than the manifest's if given."""
        return fill_in(program.argv(args or program.args), self.values)

    async def run_in(self, session: Session, program: Program, *args: str) -> Inside:
        await self.put(session, program)
        started = time.monotonic()
        ended = await session.run(
            *self.argv(program, *args),
            env=ENV,
            limits=program.limits,
            terminal=(24, 80) if program.terminal else None,
        )
        return Inside(
            exited=ended.exited,
            stdout=ended.stdout,
            stderr=ended.stderr,
            seconds=time.monotonic() - started,
        )

    async def run(self, program: Program) -> Inside:
        """Run `program` in a sandbox of its own, once."""
        if str(program) not in self._inside:
            async with self.sandbox(program.limits) as session:
                self._inside[str(program)] = await self.run_in(session, program)
        return self._inside[str(program)]


@dataclass(slots=True)
class Proofs:
    values: Mapping[str, str]
    _done: dict[tuple[str, str], Proof] = field(default_factory=dict)

    def run(self, program: Program, proof: str) -> Proof:
        """Run `program` outside, once for each kind of proof."""
        if not is_possible(proof):
            pytest.skip(f"the proof of {program} needs root")
        if (str(program), proof) not in self._done:
            self._done[str(program), proof] = prove(program, proof=proof, values=self.values)
        return self._done[str(program), proof]


def escapes(text: str, secret: str) -> set[str]:
    """Return the probes that escaped according to an output; the secret in it is a "leak"."""
    found = set(re.findall(r"ESCAPED (\S+)", text))
    return found | {"leak"} if secret in text else found


def line_of(probe: str, text: str) -> str:
    """Return what was reported about `probe`, or the empty string."""
    found = re.search(rf"^.*(ESCAPED|BLOCKED) {probe}\b.*$", text, re.MULTILINE)
    return found.group(0) if found else ""
