"""Assembles the HTTP interface over a running Runyard."""

from __future__ import annotations

import asyncio
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.middleware.cors import CORSMiddleware

from runyard.api.answering import API_PREFIX
from runyard.api.application import Application, Settings
from runyard.api.middleware.answers import Answers
from runyard.api.middleware.body import BodyLimit, derive_body_bytes_max
from runyard.api.middleware.origin import AllowList, OriginGuard, build_allow_list
from runyard.api.openapi import install_openapi
from runyard.api.pages import Pages, show_pages
from runyard.api.problems import install_problems
from runyard.api.routes import (
    account,
    admin_accounts,
    admin_audit,
    admin_executions,
    admin_mail,
    admin_platforms,
    admin_runtimes,
    admin_settings,
    auth,
    executions,
    faq,
    health,
    kept_files,
    metrics,
    policies,
    project_secrets,
    projects,
    runtimes,
    sharing,
    terminal,
)
from runyard.api.site import open_site

WILDCARD_HOSTS = frozenset({"0.0.0.0", "::", ""})


def build_app(application: Application) -> FastAPI:
    """Return the ASGI application. Set `app.state.stopping` before the server ends.

    `app.state.has_site` says whether it shows the web site too. Raises InvalidRequestError if that
    is to be served and cannot be read.
    """
    app = build_routes()
    attach(app, application)
    return app


def build_routes() -> FastAPI:
    """Return what does not depend on what is served, and takes nearly all of the time."""
    app = FastAPI(
        title="Runyard",
        version=_version(),
        description="Runs untrusted code in sandboxes.",
        openapi_url=f"{API_PREFIX}/openapi.json",
        # The pages FastAPI offers load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api = APIRouter(prefix=API_PREFIX)
    for module in (
        *(executions, terminal, runtimes, projects, sharing, auth, account),
        *(policies, admin_accounts, admin_audit, admin_platforms, admin_settings),
        *(admin_runtimes, admin_executions, admin_mail, project_secrets, kept_files, faq),
    ):
        api.include_router(module.router)
    api.include_router(projects.imports)
    for router in (api, health.router, metrics.router):
        app.include_router(router)
    install_problems(app)
    install_openapi(app)
    return app


def attach(app: FastAPI, application: Application) -> None:
    """Let routes serve an application, once."""
    app.state.application = application
    app.state.stopping = asyncio.Event()
    _add_middleware(app, application, _add_pages(app, application.settings))


def _add_pages(app: FastAPI, settings: Settings) -> Pages | None:
    """Show the site where no route is: a route for every path would hide what the API refuses."""
    site = open_site(settings.web_dir) if settings.web else None
    app.state.has_site = site is not None
    if not settings.web:
        return None
    paths = [route.path for route in iter_route_contexts(app.routes)]
    pages = Pages(site, reserved={path.split("/")[1] for path in paths if path})
    app.router.default = show_pages(pages, otherwise=app.router.default)
    return pages


def _add_middleware(app: FastAPI, application: Application, pages: Pages | None) -> None:
    """The last one added is the first to see a request."""
    settings = application.settings
    bugs = application.metrics.unhandled_errors.labels("api")
    app.add_middleware(BodyLimit, bytes_max=derive_body_bytes_max(settings.policy))
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            # Pages of anywhere may use the API, but not with the cookies of who looks at them.
            allow_credentials="*" not in settings.allowed_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Last-Event-ID",
                "X-Request-Id",
                "If-Match",
            ],
            expose_headers=["ETag", "Location", "Retry-After", "X-Request-Id"],
        )
    app.add_middleware(OriginGuard, allowed=_allow_list(settings), pages=pages)
    app.add_middleware(Answers, count_bug=bugs.inc)


def _allow_list(settings: Settings) -> AllowList:
    own = () if settings.host in WILDCARD_HOSTS else (settings.host,)
    return build_allow_list(hosts=(*settings.allowed_hosts, *own), origins=settings.allowed_origins)


def _version() -> str:
    try:
        return version("runyard")
    except PackageNotFoundError:
        return "0"
