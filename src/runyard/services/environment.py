"""The environment of a project's runs: plain variables and secret ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from runyard.domain.errors import InvalidRequestError
from runyard.domain.limits import Policy
from runyard.domain.project import Secret, Setup
from runyard.domain.submission import Submission
from runyard.services.admission import check_environment_room, measure_environment


def with_environment(
    submission: Submission, setup: Setup, secrets: Sequence[Secret], policy: Policy
) -> Submission:
    """Return the submission with the setup's variables behind its own, and with the secrets.

    Raises InvalidRequestError, and LimitError for more than a program may have.
    """
    versions = {secret.name: secret.version for secret in secrets}
    for name in submission.env:
        if name in versions:
            raise InvalidRequestError(
                f"env.{name} is a secret of the project, which a run cannot replace; leave it"
                " out, or change the secret.",
                field="env",
            )
    plain = {name: value for name, value in setup.env.items() if name not in versions}
    env = plain | submission.env
    sizes = {secret.name: secret.size_bytes for secret in secrets}
    check_environment_room(measure_environment(env) | sizes, policy)
    return replace(submission, env=env, secrets=versions)
