"""Files go in and come out unchanged, and no name leads out of the work directory."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from runyard.domain.errors import EngineError, InvalidPathError, RunyardError
from runyard.domain.files import File
from runyard.domain.limits import MIB
from runyard.testing.engine_conformance.session import DEADLINE_SECONDS, SHELL, Session
from runyard.testing.engine_conformance.surroundings import Surroundings

UNICODE_NAME = "žluťoučký 漢字.txt"


class FileConformance(Surroundings):
    async def test_files_come_back_as_they_went_in(self, session: Session) -> None:
        files: dict[str, str | bytes] = {
            "plain.txt": b"text\n",
            "empty": b"",
            "deep/er/and/deeper.bin": bytes(range(256)) * 100,
            "with blank & $(sign)": b"1",
            UNICODE_NAME: b"2",
            "big": b"0123456789abcdef" * 65536 * 2,
        }
        await session.put(files)

        assert await session.get("*", "deep/er/and/*") == files

    async def test_written_files_belong_to_the_program(self, session: Session) -> None:
        await session.put({"folder/mine.txt": "old"})
        program = (
            "echo new > folder/mine.txt; mv folder other; touch other/more; cat other/mine.txt"
        )

        assert (await session.run(SHELL, "-c", program)).text == "new"

    async def test_executable_files_can_be_run_and_others_not(self, session: Session) -> None:
        script = b"#!/bin/sh\necho ran\n"
        await session.channel.put_files(
            [File("yes.sh", script, executable=True), File("no.sh", script)]
        )

        assert (await session.run("./yes.sh")).text == "ran"
        assert (await session.run("./no.sh")).exited.exit_code == 126

    async def test_writing_again_replaces(self, session: Session) -> None:
        await session.put({"file": "a long first version\n"})
        await session.put({"file": "second\n"})

        assert (await session.run("/bin/cat", "file")).text == "second"

    async def test_paths_that_could_lead_out_are_refused(self, session: Session) -> None:
        for path in (
            "",
            "/etc/x",
            "../x",
            "a/../../x",
            "a//b",
            "./x",
            "a/",
            "new\nline",
            "x" * 300,
        ):
            with pytest.raises(InvalidPathError):
                await session.put({path: "x"})

    async def test_links_are_not_followed_when_files_go_in(self, session: Session) -> None:
        await session.run(SHELL, "-c", "ln -s /tmp out; ln -s /tmp/target file")

        with pytest.raises((InvalidPathError, EngineError)):
            await session.put({"out/file": "x"})
        # A link in the place of the file itself may be replaced.
        with contextlib.suppress(InvalidPathError, EngineError):
            await session.put({"file": "x"})
        # A command that was sent behind refused files is refused as well, once.
        with contextlib.suppress(InvalidPathError, EngineError):
            await session.run("/bin/true")
        assert (await session.run(SHELL, "-c", "ls /tmp/file /tmp/target")).exited.exit_code != 0

    async def test_only_regular_files_come_out(self, session: Session) -> None:
        program = (
            "ln -s /etc/passwd link; ln -s /etc linked; mkfifo pipe; mkdir folder;"
            "ln -s /dev/zero endless; echo yes > real; ln real second"
        )
        assert (await session.run(SHELL, "-c", program)).exited.exit_code == 0

        async with asyncio.timeout(DEADLINE_SECONDS):
            files = await session.get("*", "linked/*")
            for glob in ("../*", "/etc/*"):
                with contextlib.suppress(InvalidPathError):
                    assert await session.get(glob) == {}

        assert set(files) <= {"real", "second"}
        assert files["real"] == b"yes\n"

    async def test_globs_that_match_nothing_bring_nothing(self, session: Session) -> None:
        assert await session.get("*.none", "no/such/*") == {}

    async def test_count_and_size_of_results_are_bounded(self, session: Session) -> None:
        program = (
            "for i in 1 2 3 4 5 6; do echo $i > small$i; done; head -c 3000000 /dev/zero > big"
        )
        assert (await session.run(SHELL, "-c", program)).exited.exit_code == 0

        try:
            few = await session.channel.get_files(["small*"], count_max=4, bytes_max=MIB)
            assert len(few) <= 4
        except RunyardError as error:
            assert "4" in error.message
        try:
            big = await session.channel.get_files(["big"], count_max=4, bytes_max=MIB)
            assert sum(len(file.content) for file in big) <= MIB
        except RunyardError as error:
            assert error.message
        assert (await session.run("/bin/echo", "next")).text == "next"
