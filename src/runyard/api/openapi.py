"""Completes the generated OpenAPI document: bodies are read by hand and problems are shared."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runyard.api.access import Kind, Rule
from runyard.api.problems import MEDIA_TYPE
from runyard.api.schemas import (
    account_requests,
    faq,
    oversight,
    platform_requests,
    policies,
    project_requests,
    runtime_requests,
)
from runyard.api.schemas.answers import ProblemAnswer
from runyard.api.schemas.requests import ExecutionBody, StdinBody

_SCHEME = "token"
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


def json_body(schema: type[BaseModel], *, is_required: bool = True) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads this body."""
    reference = {"$ref": _TEMPLATE.format(model=schema.__name__)}
    content = {"application/json": {"schema": reference}}
    return {"requestBody": {"required": is_required, "content": content}}


def attachment() -> dict[str, Any]:
    """Return the `responses` entry of a file that a program left."""
    schema = {"type": "string", "format": "binary"}
    return {
        "description": "The file, always as an attachment.",
        "content": {"application/octet-stream": {"schema": schema}},
    }


def archive_body() -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads a ZIP archive."""
    schema = {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {"application/zip": {"schema": schema}}}}


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
    models: list[type[BaseModel]] = [
        *(ExecutionBody, StdinBody, ProblemAnswer),
        *account_requests.BODIES,
        *project_requests.BODIES,
        *policies.BODIES,
        *faq.BODIES,
        *oversight.BODIES,
        *platform_requests.BODIES,
        *runtime_requests.BODIES,
    ]
    _, extra = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=_TEMPLATE,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(extra["$defs"])
    document["components"]["securitySchemes"] = {
        _SCHEME: {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of a login, or an API token.",
        }
    }
    for route in iter_route_contexts(app.routes):
        if not is_described(route):
            continue
        for method in route.methods or ():
            operation = document["paths"].get(route.path_format, {}).get(method.lower())
            if operation is not None:
                operation |= _describe_access(find_rule(route))
    return document


def is_described(route: RouteContext) -> bool:
    """The document itself is a route too."""
    return hasattr(route, "dependant")


def find_rule(route: RouteContext) -> Rule:
    """Return the one rule that says who may use a route."""
    rules = [each.call for each in route.dependant.dependencies if isinstance(each.call, Rule)]
    assert len(rules) == 1, f"{route.path} must have one rule of runyard.api.access, not {rules}"
    return rules[0]


def _describe_access(rule: Rule) -> dict[str, Any]:
    """An empty requirement says that one may also come without."""
    requirement: dict[str, list[str]] = {_SCHEME: []}
    described: dict[str, Any] = {"x-access": rule.name}
    if rule.kind in {Kind.READER, Kind.RUNNER, Kind.MACHINE}:
        described["security"] = [requirement, {}]
    elif rule.kind is not Kind.ANYBODY:
        described["security"] = [requirement]
    return described
