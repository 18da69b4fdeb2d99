"""Conformance suites for people who write engines, stores and buses, and a server to test with."""
