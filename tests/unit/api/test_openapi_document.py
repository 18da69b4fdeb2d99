"""The site's client is generated from `web/openapi.json`, which is what this server answers."""

import json
import os
from pathlib import Path

from fastapi import FastAPI

DOCUMENT = Path(__file__).parents[3] / "web" / "openapi.json"


def test_kept_document_is_the_servers(app: FastAPI) -> None:
    served = json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("RUNYARD_WRITE_OPENAPI"):
        DOCUMENT.write_text(served)

    assert DOCUMENT.read_text() == served, "Run `make openapi`."
