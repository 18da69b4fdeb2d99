"""Tests: unit, conformance, integration, security, e2e, tidy, vm."""
