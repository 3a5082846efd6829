"""Nine simulated days through replay: what was planted on the last one is found, and hardly anything else burns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest

from detectors.text.pii import mask
from streams.files import Line
from streams.pipeline import Pipeline
from streams.records import Parser
from streams.replay import Replay, Report
from streams.simulate.simulation import Simulation
from tests.scenario.harness import policy, wiring
from tests.scenario.scoring import Score, score
from tests.scenario.slices import START

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("the simulated day")]
SEED, DAYS, RATE = 3, 9, 0.5
KEYS, CONVERSATIONS = 6, 0.03
"""What a quiet day may ask of the people who get the alerts: orange and red keys, and the share of conversations."""


def run(seed: int = SEED, rate: float = RATE) -> tuple[Score, Report]:
    simulation = Simulation(seed=seed, start=START, days=DAYS, rate=rate)
    as_of = START.timestamp() + (DAYS + 1) * 86_400
    replay = Replay(Pipeline(wiring()), Parser(mask), as_of, lambda line, reject: pytest.fail(f"{reject}: {line.data!r}"))
    alerts = [json.loads(alert)["data"] for alert in replay.run(lines(simulation))]
    return score(simulation.truth, alerts, list(policy().rules)), replay.report


def lines(simulation: Simulation) -> Iterator[Line]:
    for number, event in enumerate(simulation.events(), 1):
        yield Line(json.dumps(event, ensure_ascii=False).encode(), number, "simulation")


@cache
def _once() -> tuple[Score, Report]:
    return run()


@pytest.fixture
def found() -> tuple[Score, Report]:
    return _once()


def test_every_planted_incident_is_found(found: tuple[Score, Report]) -> None:
    assert found[0].missed == []


def test_nothing_that_only_looks_like_an_incident_lights_a_fire(found: tuple[Score, Report]) -> None:
    assert found[0].breaches == []


def test_a_quiet_day_is_quiet(found: tuple[Score, Report]) -> None:
    keys, share = found[0].quiet
    assert len(keys) <= KEYS, keys
    assert share <= CONVERSATIONS


def test_the_day_of_the_incidents_burns_for_little_else(found: tuple[Score, Report]) -> None:
    keys, share = found[0].unexplained
    assert len(keys) <= KEYS, keys
    assert share <= CONVERSATIONS


def test_doubles_and_late_events_are_counted(found: tuple[Score, Report]) -> None:
    report = found[1]
    assert report.duplicates > 0
    assert report.late > 0
    assert report.events + report.duplicates == report.lines
