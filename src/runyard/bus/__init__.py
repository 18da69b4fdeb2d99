"""Wakes workers and carries live output; it never holds the only copy of anything."""
