"""What Alembic runs for every command; the connection comes from `runyard.store.schema`."""

from alembic import context

from runyard.store import admin_tables, project_tables
from runyard.store.tables import metadata

# Importing them has put their tables beside the others.
assert project_tables.projects.metadata is admin_tables.documents.metadata is metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
