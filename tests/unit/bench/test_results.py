"""What the bench says of its figures."""

import json
from pathlib import Path

import pytest

from bench import table
from bench.results import Figure, Row, Target, load_row, milliseconds

ROW = Row(
    id="latency.python",
    title="Python hello",
    bare=Figure(p50=10.0, p95=12.0, p99=13.0, count=100),
    runyard=Figure(p50=5.0, p95=6.0, p99=7.0, count=100),
    target=Target(least=0.9, aim=0.5),
)
MACHINE = {
    "processors": "2 x good ones", "memory": "4.0 GiB", "system": "Linux 6", "python": "3.11",
    "runyard": "abc",
}  # fmt: skip


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (Target(least=0.9, aim=0.5), 0.5, "aim met"),
        (Target(least=0.9, aim=0.5), 0.51, "met"),
        (Target(least=0.9, aim=0.5), 0.9, "met"),
        (Target(least=0.9, aim=0.5), 0.901, "missed"),
        (Target(least=1.0, aim=1.5, is_above=True), 1.5, "aim met"),
        (Target(least=1.0, aim=1.5, is_above=True), 1.0, "met"),
        (Target(least=1.0, aim=1.5, is_above=True), 0.99, "missed"),
        (Target(least=1.0), 1.0, "met"),
    ],
)
def test_verdict_is_that_of_the_value(target: Target, value: float, verdict: str) -> None:
    assert target.judge(value) == verdict


def test_value_is_the_ratio_of_the_medians_or_the_figure_alone() -> None:
    alone = Row(id="memory", title="memory", unit="MiB", runyard=Figure(p50=3.0))

    assert (ROW.value, alone.value, alone.ratio) == (0.5, 3.0, None)


def test_percentiles_are_those_of_the_samples() -> None:
    figure = milliseconds([number / 1000 for number in range(101)])

    assert (figure.p50, figure.p95, figure.p99) == pytest.approx((50.0, 95.0, 99.0))


def test_rows_come_back_from_json() -> None:
    assert load_row(json.loads(json.dumps(ROW.dump()))) == ROW


def test_documents_get_figures_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    missing = Row(id="docker", title="docker", skipped="No Docker daemon answers.")

    table.rewrite(document, table.render_all([ROW, missing], MACHINE))

    text = document.read_text()
    assert text.startswith(f"before\n{table.BEGIN}\n")
    assert text.endswith(f"{table.END}\nafter\n")
    assert "| Python hello | 10.0 ms | 5.00 ms | 6.00 | 7.00 | 0.50 |" in text
    assert "- docker: No Docker daemon answers." in text
    assert "2 x good ones" in text
    assert "old" not in text


def test_document_without_a_place_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("no marks\n")

    with pytest.raises(ValueError, match="no place"):
        table.rewrite(document, ["x"])

    assert document.read_text() == "no marks\n"


@pytest.mark.parametrize("name", ["README.md", "docs/performance.md"])
def test_documents_have_a_place_for_figures(name: str) -> None:
    text = (Path(__file__).parents[3] / name).read_text()

    assert text.count(table.BEGIN) == text.count(table.END) == 1
