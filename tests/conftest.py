"""What holds for every test. Fixtures live beside the tests that use them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# No deadline for one example: a shared machine pauses. No database: a run must not depend on the one before.
settings.register_profile("fenghuo", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("fenghuo")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is `long`, so that at the end no process works while the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
