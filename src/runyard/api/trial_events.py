"""A trial of a runtime as events: those of an execution, and the verdict in the last one."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from runyard.api.problems import render_error
from runyard.api.schemas.runtime_answers import render_trial
from runyard.domain.errors import RunyardError
from runyard.domain.events import Event, EventKind
from runyard.services.runtime_trials import Trial


async def tell_trial(watched: AsyncGenerator[Event | Trial, None]) -> AsyncGenerator[Event, None]:
    """Yield the events of a trial; the data of the last one are its answer as `trial`, or as
    `problem` why there is none. Raises what refused it before anything happened.
    """
    sequence = 0
    async with aclosing(watched):
        try:
            async for each in watched:
                if isinstance(each, Event):
                    sequence = each.sequence
                    yield each
                else:
                    trial = render_trial(each).model_dump(mode="json")
                    yield Event(sequence + 1, EventKind.FINISHED, {"trial": trial})
        except RunyardError as error:
            if sequence == 0:
                raise
            problem = json.loads(render_error(error))
            yield Event(sequence + 1, EventKind.FINISHED, {"problem": problem})
