"""Alembic migrations, run at start by `runyard.store.schema`."""
