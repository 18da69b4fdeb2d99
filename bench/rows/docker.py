"""The way that most systems of this kind go: one `docker run` for each request."""

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial

from bench import bare
from bench.measurement import Bench, Measurement, UnavailableError
from bench.results import Row, milliseconds
from runyard.services.catalogue import load_catalogue

RUNS = 3
_ANSWER_SECONDS_MAX = 20.0


def list_measurements(bench: Bench) -> Iterator[Measurement]:
    yield Measurement("docker", partial(_measure, bench))


def _measure(bench: Bench) -> list[Row]:
    program, server = bench.program("python"), bench.server()
    image = next(each.image for each in load_catalogue() if each.id == program.runtime)
    docker = shutil.which("docker")
    if docker is None or not _answers(docker, "version"):
        raise UnavailableError("No Docker daemon answers.")
    if image is None or not _answers(docker, "image", "inspect", image):
        raise UnavailableError(f"The image is not here: docker pull {image}")
    argv = [
        docker, "run", "--rm", "--network=none", "--memory=256m", "--pids-limit=64", image,
        "python3", "-c", program.hello,
    ]  # fmt: skip
    bare_times, times, requests = [], [], program.requests()
    bare.run([argv])
    with server.connect() as connection:
        for _ in range(RUNS * bench.rounds):
            server.wait_until_full(connection, program.runtime)
            bare_times.append(bare.run([argv]))
            times.append(connection.run(next(requests)))
    return [
        Row(
            id="docker",
            title="Python hello, against `docker run`",
            bare=milliseconds(bare_times),
            runyard=milliseconds(times),
        )
    ]


def _answers(docker: str, *words: str) -> bool:
    try:
        ended = subprocess.run(
            [docker, *words], capture_output=True, timeout=_ANSWER_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0
