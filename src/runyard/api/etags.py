"""The header If-Match: the number of the version that a change is based on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

from runyard.api.problems import IfMatchRequiredError
from runyard.domain.errors import InvalidRequestError

NUMBER_MAX = 2**31 - 1

IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=20,
        description="The number of the revision that the change is based on, in quotes.",
    ),
]


def parse_etag(text: str, *, lowest: int = 1) -> int:
    """Return the number. Raises IfMatchRequiredError if there is none."""
    if not text:
        raise IfMatchRequiredError(
            "Send the header If-Match with the number of the revision that you have, in quotes."
        )
    number = text.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and lowest <= int(number) <= NUMBER_MAX):
        raise InvalidRequestError(f'If-Match is {text!r}; it must be a number in quotes: "3".')
    return int(number)
