"""The rows as a table for a terminal, and as tables for documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.results import Figure, Row

BEGIN = "<!-- figures of python -m bench --markdown -->"
END = "<!-- end of figures -->"
_TITLE_WIDTH = 70
# The rows of the README; all others are in docs/performance.md.
_SHORT = {
    "latency.python", "latency.javascript", "latency.java", "latency.cpp", "rerun.cpp",
    "sustained.python", "cpu.python", "cpu.python.reported", "memory.empty", "memory.python",
    "first-byte",
}  # fmt: skip
# In milliseconds, requests a second and MiB alike.
_SIGNIFICANT = 3


def headings() -> str:
    columns = ("bare p50", "Runyard", "p95", "p99", "ratio")
    return f"{'':<{_TITLE_WIDTH}}" + "".join(f"{column:>10}" for column in columns) + "  promised"


def line(row: Row) -> str:
    if row.skipped:
        return f"{row.title:<{_TITLE_WIDTH}}  skipped: {row.skipped}"
    cells = (_p50(row.bare), *_percentiles(row.runyard), _ratio(row))
    text = f"{row.title:<{_TITLE_WIDTH}}" + "".join(f"{cell:>10}" for cell in cells)
    judged = f"  {row.target}: {row.verdict}" if row.target else ""
    return f"{text} {row.unit:<4}{judged}" + (f"  [{row.note}]" if row.note else "")


def rewrite(document: Path, lines: Iterable[str]) -> None:
    """Put the lines between the marks of the document."""
    before, found, rest = document.read_text().partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{document} has no place for figures between {BEGIN} and {END}.")
    body = "\n".join(lines)
    document.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}")


def render_all(rows: Sequence[Row], machine: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of docs/performance.md."""
    yield _describe(machine)
    yield ""
    yield "| | bare p50 | Runyard p50 | p95 | p99 | ratio | promised | |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        if not row.skipped:
            cells = (
                row.title + (f" ({row.note})" if row.note else ""),
                _with_unit(_p50(row.bare), row.unit),
                _with_unit(_p50(row.runyard), row.unit),
                *_percentiles(row.runyard)[1:],
                _ratio(row),
                str(row.target or ""),
                str(row.verdict or ""),
            )
            yield f"| {' | '.join(cells)} |"
    skipped = [row for row in rows if row.skipped]
    if skipped:
        yield ""
        yield "Not measured:"
        yield ""
        yield from (f"- {row.title}: {row.skipped}" for row in skipped)


def render_short(rows: Sequence[Row], machine: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the README."""
    yield "| | bare | Runyard | ratio | promised | |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        if row.id in _SHORT and not row.skipped:
            bare, runyard = (_with_unit(_p50(each), row.unit) for each in (row.bare, row.runyard))
            yield (
                f"| {row.title} | {bare} | {runyard} | {_ratio(row)} | {row.target or ''}"
                f" | {row.verdict or ''} |"
            )
    yield ""
    yield _describe(machine)


def _describe(machine: Mapping[str, str]) -> str:
    return (
        f"Measured on {machine['processors']}, {machine['memory']}, {machine['system']},"
        f" Python {machine['python']}."
    )


def _percentiles(figure: Figure | None) -> tuple[str, str, str]:
    if figure is None:
        return "", "", ""
    return _number(figure.p50), _number(figure.p95), _number(figure.p99)


def _p50(figure: Figure | None) -> str:
    return "" if figure is None else _number(figure.p50)


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f}"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    whole = len(str(int(abs(value))))
    return f"{value:,.{max(0, _SIGNIFICANT - whole)}f}"


def _with_unit(number: str, unit: str) -> str:
    if not number:
        return ""
    return f"{number}{unit}" if unit.startswith("/") else f"{number} {unit}"
