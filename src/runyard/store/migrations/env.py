"""What Alembic runs for every command; the connection comes from `runyard.store.schema`."""

from alembic import context

from runyard.store import project_tables
from runyard.store.tables import metadata

# Importing it has put the tables of accounts and projects beside the others.
assert project_tables.projects.metadata is metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
