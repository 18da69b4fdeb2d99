"""The suites live in the package: their assertions are to be explained like a test module's."""

import pytest

pytest.register_assert_rewrite(
    "runyard.testing.engine_conformance", "runyard.testing.store_conformance"
)
