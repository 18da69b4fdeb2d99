"""The HTTP interface over one scripted application after the other."""

from copy import copy
from functools import cache

from fastapi import FastAPI
from starlette.datastructures import State

from runyard.api.app import attach, build_routes
from tests.unit.api.fakes import FakeApplication


def app_over(application: FakeApplication) -> FastAPI:
    """Return what `build_app` does for a server without a site, whose routes are those of all."""
    assert not application.settings.web, "a site changes the routes that others share"
    app = copy(_routes())
    app.state = State()
    app.user_middleware = []
    attach(app, application)  # type: ignore[arg-type]
    return app


@cache
def _routes() -> FastAPI:
    return build_routes()
