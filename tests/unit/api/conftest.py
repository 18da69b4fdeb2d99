"""The HTTP interface over a scripted application, without a network."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from runyard.client.in_process import InProcessTransport
from tests.unit.api.apps import app_over
from tests.unit.api.fakes import FakeApplication

SERVER = "http://127.0.0.1:8080"


@pytest.fixture
def application() -> FakeApplication:
    return FakeApplication()


@pytest.fixture
def app(application: FakeApplication) -> FastAPI:
    return app_over(application)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url=SERVER) as client:
        yield client
