"""Many people at once: signed in, writing, running and sharing, for minutes."""
