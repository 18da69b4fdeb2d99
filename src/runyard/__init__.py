"""Runyard runs code that nobody trusts."""
