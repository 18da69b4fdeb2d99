"""The last event of a trial says how it ended, whatever that was."""

from collections.abc import AsyncGenerator

import pytest

from runyard.api.trial_events import tell_trial
from runyard.domain.errors import BusyError, EngineError
from runyard.domain.events import Event, EventKind
from runyard.services.runtime_trials import Trial

BEGUN = Event(1, EventKind.STATE, {"state": "queued", "attempt": 1})


async def fail(*events: Event, error: Exception) -> AsyncGenerator[Event | Trial, None]:
    for event in events:
        yield event
    raise error


async def test_what_breaks_in_the_middle_is_the_last_event() -> None:
    told = [each async for each in tell_trial(fail(BEGUN, error=EngineError("No sandbox.")))]

    assert told[0] == BEGUN
    assert (told[1].sequence, told[1].kind) == (2, EventKind.FINISHED)
    assert told[1].data["problem"]["detail"] == "No sandbox."
    assert told[1].data["problem"]["status"] == EngineError.status


async def test_what_is_refused_at_once_is_raised() -> None:
    with pytest.raises(BusyError):
        await anext(tell_trial(fail(error=BusyError("Four are being tested."))))
