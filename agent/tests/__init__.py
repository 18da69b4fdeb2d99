"""Tests that drive the agent's binary over its stream."""
