"""Starts the engine under test."""

from __future__ import annotations

from runyard.engines.interface import Engine
from runyard.engines.linux.engine import build
from runyard.engines.linux.launcher import start_launcher
from runyard.engines.linux.options import LinuxOptions


def start_engine() -> Engine:
    options = LinuxOptions()
    return build(start_launcher(options), options)
