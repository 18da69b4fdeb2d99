"""What every store must do.

A store's author writes a fixture `store` that yields an empty one, a fixture `database` that it is
over, and `class TestMyStore(StoreConformance)`. The records of accounts and of projects have suites
of their own: `class TestMyPeople(PeopleConformance)`, `class TestMyProjects(ProjectConformance)`;
so has what administrators ask: `OversightConformance`, `FigureConformance`.
"""

from runyard.testing.store_conformance.alone import AloneConformance
from runyard.testing.store_conformance.oversight import FigureConformance, OversightConformance
from runyard.testing.store_conformance.people import PeopleConformance
from runyard.testing.store_conformance.projects import ProjectConformance
from runyard.testing.store_conformance.queue import QueueConformance
from runyard.testing.store_conformance.quotas import QuotaConformance
from runyard.testing.store_conformance.records import RecordConformance
from runyard.testing.store_conformance.recovery import RecoveryConformance
from runyard.testing.store_conformance.samples import (
    build_completion,
    build_execution,
    build_request,
)

__all__ = [
    "FigureConformance",
    "OversightConformance",
    "PeopleConformance",
    "ProjectConformance",
    "QueueConformance",
    "QuotaConformance",
    "RecordConformance",
    "RecoveryConformance",
    "StoreConformance",
    "build_completion",
    "build_execution",
    "build_request",
]


class StoreConformance(
    RecordConformance, QueueConformance, RecoveryConformance, AloneConformance, QuotaConformance
):
    """The whole suite."""
