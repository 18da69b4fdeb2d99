"""Between the SDK's values about projects and the API's JSON; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from runyard.client.models import Files, RunOptions
from runyard.client.project_models import (
    GalleryPage,
    KeptFile,
    Project,
    ProjectFile,
    ProjectPage,
    Revision,
    RevisionPage,
    Secret,
    Setup,
    SharedProject,
    SharedSummary,
)
from runyard.client.wire import (
    API_PREFIX,
    parse_content,
    parse_time,
    render_content,
    render_files,
    render_options,
)

PROJECTS = f"{API_PREFIX}/projects"
IMPORTS = f"{API_PREFIX}/project-imports"
GALLERY = f"{API_PREFIX}/gallery"


def project_path(project_id: str, suffix: str = "") -> str:
    return f"{PROJECTS}/{quote(project_id, safe='')}{suffix}"


def shared_path(key: str, suffix: str = "") -> str:
    return f"{API_PREFIX}/shared/{quote(key, safe='')}{suffix}"


def revision_path(project_id: str, number: int, suffix: str = "") -> str:
    return project_path(project_id, f"/revisions/{number}{suffix}")


def secret_path(project_id: str, name: str) -> str:
    return project_path(project_id, f"/secrets/{quote(name, safe='')}")


def data_path(project_id: str, path: str | None = None) -> str:
    return project_path(project_id, "/data" if path is None else f"/data/{quote(path)}")


def render_project(
    name: str, setup: Setup, files: Files | None, description: str
) -> dict[str, Any]:
    return {
        "name": name,
        "description": description,
        "setup": _render_setup(setup),
        "files": render_files(files),
    }


def render_save(
    *,
    put: Files | None,
    remove: Sequence[str],
    move: Mapping[str, str],
    setup: Setup | None,
    replaces: bool,
) -> dict[str, Any]:
    return {
        "put": render_files(put),
        "remove": list(remove),
        "move": [{"source": source, "target": target} for source, target in move.items()],
        "setup": None if setup is None else _render_setup(setup),
        "replaces": replaces,
    }


def render_run(
    revision: int | None, options: RunOptions, *, wait: float | None = None
) -> dict[str, Any]:
    return {"revision": revision} | render_options(options, wait=wait)


def parse_project(body: Mapping[str, Any]) -> Project:
    return Project(
        id=body["id"],
        name=body["name"],
        description=body["description"],
        runtime=body["runtime"],
        revision=body["revision"],
        file_count=body["file_count"],
        size_bytes=body["size_bytes"],
        created_at=datetime.fromisoformat(body["created_at"]),
        updated_at=datetime.fromisoformat(body["updated_at"]),
        deleted_at=parse_time(body["deleted_at"]),
        visibility=body["visibility"],
        link=body["link"],
        tags=tuple(body["tags"]),
        star_count=body["star_count"],
        forked_from=body["forked_from"],
        keeps_data=body["keeps_data"],
    )


def parse_page(body: Mapping[str, Any]) -> ProjectPage:
    return ProjectPage(
        items=tuple(parse_project(entry) for entry in body["items"]),
        next_before=body["next_before"],
    )


def parse_revision(body: Mapping[str, Any]) -> Revision:
    setup = body["setup"]
    return Revision(
        number=body["number"],
        created_at=datetime.fromisoformat(body["created_at"]),
        fingerprint=body["fingerprint"],
        restored_from=body["restored_from"],
        setup=Setup(
            runtime=setup["runtime"],
            entry=setup["entry"],
            args=tuple(setup["args"]),
            stdin=parse_content(setup["stdin"], setup["stdin_encoding"]),
            env=setup["env"],
        ),
        files=tuple(_parse_file(entry) for entry in body.get("files", ())),
    )


def parse_revisions(body: Mapping[str, Any]) -> RevisionPage:
    return RevisionPage(
        items=tuple(parse_revision(entry) for entry in body["items"]),
        next_before=body["next_before"],
    )


def parse_data(body: Mapping[str, Any]) -> tuple[KeptFile, ...]:
    return tuple(
        KeptFile(path=entry["path"], size_bytes=entry["size_bytes"], executable=entry["executable"])
        for entry in body["items"]
    )


def parse_secret(body: Mapping[str, Any]) -> Secret:
    return Secret(name=body["name"], updated_at=datetime.fromisoformat(body["updated_at"]))


def parse_secrets(body: Mapping[str, Any]) -> tuple[Secret, ...]:
    return tuple(parse_secret(entry) for entry in body["items"])


def parse_shared(body: Mapping[str, Any]) -> SharedProject:
    return SharedProject(
        **_summarize(body), starred=body["starred"], revision=parse_revision(body["revision"])
    )


def parse_gallery(body: Mapping[str, Any]) -> GalleryPage:
    return GalleryPage(
        items=tuple(SharedSummary(**_summarize(entry)) for entry in body["items"]),
        next_offset=body["next_offset"],
    )


def _summarize(body: Mapping[str, Any]) -> dict[str, Any]:
    names = ("key", "name", "description", "owner", "runtime", "star_count", "forked_from")
    return {**{name: body[name] for name in names}, "tags": tuple(body["tags"])}


def _render_setup(setup: Setup) -> dict[str, Any]:
    stdin, encoding = render_content(setup.stdin)
    return {
        "runtime": setup.runtime,
        "entry": setup.entry,
        "args": list(setup.args),
        "stdin": stdin,
        "stdin_encoding": encoding,
        "env": dict(setup.env),
    }


def _parse_file(body: Mapping[str, Any]) -> ProjectFile:
    content = body["content"]
    return ProjectFile(
        path=body["path"],
        size_bytes=body["size_bytes"],
        executable=body["executable"],
        hash=body["hash"],
        content=None if content is None else parse_content(content, body["encoding"]),
    )
