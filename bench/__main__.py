"""`make bench`: ratios to a bare process, measured side by side in one run; a table, and JSON."""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import machine, table
from bench.load import WrongAnswerError
from bench.measurement import Bench, Measurement, UnavailableError
from bench.results import Row, load_row
from bench.rows import list_measurements

ROUNDS = 5
RESULTS = Path(".cache/bench.json")
DOCUMENT, README = Path("docs/performance.md"), Path("README.md")


def main() -> None:
    choices = _read_choices()
    if choices.markdown:
        _write_documents(choices.json)
        return
    # So that servers are ended and directories removed then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    host = machine.describe()
    print(*(f"{name}: {value}" for name, value in host.items()), sep="\n")
    print(table.headings())
    rows = list(_measure(choices.rounds, choices.only))
    choices.json.parent.mkdir(parents=True, exist_ok=True)
    results = {
        "machine": host, "rounds": choices.rounds, "rows": [row.dump() for row in rows],
    }  # fmt: skip
    choices.json.write_text(json.dumps(results, indent=2) + "\n")
    print(f"written to {choices.json}")


def _read_choices() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each turn is taken")
    parser.add_argument(
        "--only", default="", help="parts, or rows of them: latency,sustained.python"
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are kept")
    parser.add_argument(
        "--markdown", action="store_true", help=f"write kept figures into {DOCUMENT} and {README}"
    )
    return parser.parse_args()


def _measure(rounds: int, only: str) -> Iterator[Row]:
    """Yield rows as they are measured, and print each."""
    chosen = [word for word in only.split(",") if word]
    with Bench(rounds=rounds) as bench:
        for measurement in list_measurements(bench):
            if chosen and not any(_is_in(measurement.id, word) for word in chosen):
                continue
            for row in _take(measurement):
                print(table.line(row), flush=True)
                yield row


def _take(measurement: Measurement) -> Iterator[Row]:
    """Yield the rows, and one that says why where there are none: the others go on."""
    try:
        yield from measurement.take()
    except (UnavailableError, WrongAnswerError) as error:
        yield Row(id=measurement.id, title=measurement.id, skipped=str(error))
    except (OSError, subprocess.CalledProcessError) as error:
        yield Row(id=measurement.id, title=measurement.id, skipped=f"failed: {error}")


def _is_in(id_: str, word: str) -> bool:
    return f"{id_}.".startswith(f"{word}.")


def _write_documents(results: Path) -> None:
    kept = json.loads(results.read_text())
    rows: Sequence[Row] = [load_row(fields) for fields in kept["rows"]]
    table.rewrite(DOCUMENT, table.render_all(rows, kept["machine"]))
    table.rewrite(README, table.render_short(rows, kept["machine"]))
    print(f"written into {DOCUMENT} and {README}")


if __name__ == "__main__":
    main()
