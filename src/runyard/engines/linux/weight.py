"""How much processor time a slot gets beside others when there is not enough."""

from __future__ import annotations

import os
from pathlib import Path

# The kernel's default and the least, in version 2 (cpu.weight) and in version 1 (cpu.shares).
_USUAL, _LEAST = b"100", b"1"
_USUAL_SHARES, _LEAST_SHARES = b"1024", b"2"


class Weight:
    """`fd` is open for writing and belongs to this from now on. Every method raises OSError."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._is_light = False
        has_shares = Path(f"/proc/self/fd/{fd}").readlink().name == "cpu.shares"
        self._usual = _USUAL_SHARES if has_shares else _USUAL
        self._least = _LEAST_SHARES if has_shares else _LEAST

    def set(self, *, is_light: bool) -> None:
        if is_light is not self._is_light:
            os.write(self._fd, self._least if is_light else self._usual)
            self._is_light = is_light

    def close(self) -> None:
        os.close(self._fd)
