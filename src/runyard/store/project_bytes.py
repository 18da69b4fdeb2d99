"""What all that an owner keeps in projects counts for."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from runyard.store.project_tables import blobs, project_data, projects, revisions

# What a file costs in each revision that lists it, and in /data, whatever its size.
LISTED_FILE_BYTES = 1024


def count_bytes(connection: Connection, owner_id: str) -> int:
    contents = select(func.coalesce(func.sum(blobs.c.size_bytes), 0)).where(
        blobs.c.owner_id == owner_id
    )
    listed = (
        select(func.coalesce(func.sum(revisions.c.file_count), 0))
        .join(projects, projects.c.id == revisions.c.project_id)
        .where(projects.c.owner_id == owner_id)
    )
    kept = select(func.coalesce(func.sum(project_data.c.size_bytes + LISTED_FILE_BYTES), 0)).where(
        project_data.c.owner_id == owner_id
    )
    return (
        int(connection.execute(contents).scalar_one())
        + LISTED_FILE_BYTES * int(connection.execute(listed).scalar_one())
        + int(connection.execute(kept).scalar_one())
    )
