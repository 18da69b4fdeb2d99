"""Runtimes as data: one folder each, read by `runyard.services.catalogue`.

A folder is named by the runtime's id and holds `runtime.toml`, `example/` (a program to start
from), `selftest/` (a program of several files with a known output) and, where a language needs
them, `extra/` (files written beside those of a request that does not bring them).
"""
