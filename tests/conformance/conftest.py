"""The suite lives in the package: its assertions are to be explained like a test module's."""

import pytest

pytest.register_assert_rewrite("runyard.testing.engine_conformance")
