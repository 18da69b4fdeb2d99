"""Completes the generated OpenAPI document: bodies are read by hand and problems are shared."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runyard.api.problems import MEDIA_TYPE
from runyard.api.schemas.answers import ProblemAnswer
from runyard.api.schemas.requests import ExecutionBody, StdinBody

_TEMPLATE = "#/components/schemas/{model}"
# What the middleware and the translator can answer anywhere.
EVERYWHERE = (400, 403, 413, 422, 500)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may refuse with these, beside the usual ones."""
    schema = {"$ref": _TEMPLATE.format(model=ProblemAnswer.__name__)}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted({*statuses, *EVERYWHERE})
    }


def json_body(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads this body."""
    reference = {"$ref": _TEMPLATE.format(model=schema.__name__)}
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": reference}}}
    }


def install_openapi(app: FastAPI) -> None:
    built: dict[str, Any] = {}

    def build() -> dict[str, Any]:
        if not built:
            built.update(_build(app))
        return built

    # FastAPI asks for the document through this attribute.
    replacement: Callable[[], dict[str, Any]] = build
    setattr(app, "openapi", replacement)  # noqa: B010 - mypy refuses to assign a method


def _build(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    _, extra = models_json_schema(
        [(ExecutionBody, "validation"), (StdinBody, "validation"), (ProblemAnswer, "validation")],
        ref_template=_TEMPLATE,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(extra["$defs"])
    return document
