"""What Alembic runs for every command; the connection comes from `runyard.store.schema`."""

from alembic import context

from runyard.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
