"""What attempts need of projects, where no test asks for one."""

from runyard.domain.execution import Execution
from runyard.domain.limits import MIB
from runyard.services.carrying import Carrier
from runyard.store.database import Database
from runyard.store.kept_files import KeptFileRecords
from runyard.store.projects import ProjectRecords


def build_carrier(database: Database) -> Carrier:
    return Carrier(
        records=KeptFileRecords(database),
        project_records=ProjectRecords(database),
        bytes_of_project=MIB,
    )


async def open_no_secrets(execution: Execution) -> dict[str, str]:
    assert not execution.request.secrets
    return {}
