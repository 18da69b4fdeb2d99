"""What the records of accounts must do on every database.

A suite's user writes a fixture `database` that yields one with all tables, empty, and
`class TestPeople(PeopleConformance)`.
"""

from __future__ import annotations

from runyard.testing.store_conformance.accounts import (
    AccountConformance,
    AdministratorConformance,
    DeletionConformance,
)
from runyard.testing.store_conformance.once import (
    AttemptConformance,
    DeviceLoginConformance,
    SecondFactorConformance,
    SigningKeyConformance,
    TicketConformance,
)
from runyard.testing.store_conformance.sign_ins import (
    ApiTokenConformance,
    RefreshConformance,
    SessionConformance,
)


class PeopleConformance(
    AccountConformance,
    AdministratorConformance,
    DeletionConformance,
    SessionConformance,
    RefreshConformance,
    ApiTokenConformance,
    TicketConformance,
    SecondFactorConformance,
    DeviceLoginConformance,
    AttemptConformance,
    SigningKeyConformance,
):
    """The whole suite."""
