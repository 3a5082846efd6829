"""A real Kafka for the session, and clean topics for each test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.broker import Broker
from tests.integration.driver import Recording, Site, simulated
from tests.integration.harness import Cluster


@pytest.fixture(scope="session")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker: the embedded one, or the one of FENGHUO_TEST_BOOTSTRAP, whose topics are deleted."""
    given = os.environ.get("FENGHUO_TEST_BOOTSTRAP")
    if given:
        yield given
        return
    broker = Broker(data=tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker.bootstrap
    broker.stop()


@pytest.fixture
def cluster(bootstrap: str, tmp_path: Path) -> Iterator[Cluster]:
    """The cluster with empty topics; workers that are still there at the end are killed."""
    made = Cluster(bootstrap, tmp_path)
    asyncio.run(made.reset())
    yield made
    made.close()


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Two simulated days with incidents, and what their replay says."""
    return Recording.make(tmp_path_factory.mktemp("recording"), simulated())


@pytest.fixture
def site(bootstrap: str, tmp_path: Path) -> Iterator[Site]:
    """The cluster with empty topics for the real commands; processes that are still there at the end are killed."""
    made = Site(bootstrap, tmp_path)
    asyncio.run(made.reset())
    yield made
    made.close()
