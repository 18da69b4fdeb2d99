"""What was measured: rows with a bare figure, Runyard's, and what the row promises."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    AIM = "aim met"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`p50` is the figure where there is only one; percentiles need several samples."""

    p50: float
    p95: float | None = None
    p99: float | None = None
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`least` must be kept, `aim` is wished for. A rate is to be above, all else below."""

    least: float
    aim: float | None = None
    is_above: bool = False

    def judge(self, value: float) -> Verdict:
        if self.aim is not None and self._keeps(value, self.aim):
            return Verdict.AIM
        return Verdict.MET if self._keeps(value, self.least) else Verdict.MISSED

    def __str__(self) -> str:
        sign = "≥" if self.is_above else "≤"
        return f"{sign} {self.least:g}" + ("" if self.aim is None else f" (aim {self.aim:g})")

    def _keeps(self, value: float, bound: float) -> bool:
        return value >= bound if self.is_above else value <= bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`value` is what the target is about: the ratio, or the figure itself without a bare one.
    `skipped` says why there are no figures.
    """

    id: str
    title: str
    unit: str = "ms"
    bare: Figure | None = None
    runyard: Figure | None = None
    target: Target | None = None
    note: str = ""
    skipped: str = ""

    @property
    def ratio(self) -> float | None:
        if self.bare is None or self.runyard is None:
            return None
        return self.runyard.p50 / self.bare.p50

    @property
    def value(self) -> float | None:
        if self.bare is not None:
            return self.ratio
        return None if self.runyard is None else self.runyard.p50

    @property
    def verdict(self) -> Verdict | None:
        if self.target is None or self.value is None:
            return None
        return self.target.judge(self.value)

    def dump(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "verdict": self.verdict}


def load_row(fields: dict[str, Any]) -> Row:
    """Return the row that `Row.dump` wrote."""
    bare, runyard, target = (fields[name] for name in ("bare", "runyard", "target"))
    return Row(
        id=fields["id"],
        title=fields["title"],
        unit=fields["unit"],
        bare=bare and Figure(**bare),
        runyard=runyard and Figure(**runyard),
        target=target and Target(**target),
        note=fields["note"],
        skipped=fields["skipped"],
    )


def milliseconds(seconds: Sequence[float]) -> Figure:
    return summarize([1000 * value for value in seconds])


def summarize(values: Sequence[float]) -> Figure:
    """Return median and percentiles; of a handful the highest are all the same one."""
    if len(values) < 2:
        return Figure(p50=values[0])
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return Figure(p50=statistics.median(values), p95=cuts[94], p99=cuts[98], count=len(values))


def middle(values: Sequence[float]) -> Figure:
    """Return the median alone, for what was measured once a round."""
    return Figure(p50=statistics.median(values), count=len(values))
