"""Tables for people to read."""

from __future__ import annotations

from collections.abc import Sequence


def render_table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return aligned lines. What a server says cannot steer a terminal."""
    shown = [tuple(_printable(cell) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
