"""Times in queries."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d")


def _check(text: Any) -> Any:
    """Pydantic also takes numbers, which may be seconds or milliseconds."""
    if not _MOMENT.match(str(text)):
        raise ValueError("not a time such as 2026-01-31T12:00:00Z")
    return text


def _in_utc(moment: datetime) -> datetime:
    """A time without a zone is one in UTC."""
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, BeforeValidator(_check), AfterValidator(_in_utc)]
