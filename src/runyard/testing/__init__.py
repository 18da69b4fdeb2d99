"""Conformance suites for people who write engines, stores and buses."""
