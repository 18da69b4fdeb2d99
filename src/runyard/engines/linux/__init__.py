"""Runs code on bare Linux, through the launcher in the agent binary."""
