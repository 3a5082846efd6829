"""The grid leaves a scope alone while it can light no fire, and nothing that is seen changes by that."""

from __future__ import annotations

from random import Random

import pytest

from config.loader import load_policy
from detectors.base import Observation, Scope
from detectors.naming import name_of
from detectors.similar_complaint_count import SimilarComplaintCount
from streams.batches import Item
from streams.conversations import Results
from streams.scopes import Scopes
from streams.stages import build_wiring
from streams.wiring import Layout, Wiring

DAY_S = 86_400.0
START = 1_756_656_000.0
KIND = SimilarComplaintCount
TEXTS = ("耳机蓝牙断连", "蓝牙老是断开", "蓝牙又断连了", "耳机一直断连", "发票还没开给我", "快递还没有到")


@pytest.fixture(scope="module")
def wiring() -> Wiring:
    return build_wiring(load_policy(), Layout(1, 1, 1), durable=False)


def _observations(seed: int) -> list[Observation]:
    """Three days with quiet hours and busy minutes, for three scopes; every tenth arrives a few hours late."""
    random = Random(seed)
    time, found = START, []
    for number in range(160):
        time += random.choice((20.0, 90.0, 400.0, 7_200.0))
        event_time = time - random.choice((0.0,) * 9 + (9_000.0,))
        scope = Scope("acme", (("issue_category", "quality"), ("product_id", f"sku-{random.randrange(3)}")))
        who, text = f"u{random.randrange(40)}", random.choice(TEXTS)
        found.append(Observation(name_of(KIND), scope, event_time, 1.0, who, f"c{number}", f"e{number}", text))
    return found


def _play(wiring: Wiring, observations: list[Observation]) -> tuple[list[Item], int, list[str]]:
    """The changes of tier, how often a reading was asked for, and which scopes are still known at the end."""
    scopes, results = Scopes(wiring), Results(START)
    for number, observation in enumerate(observations):
        scopes.fire(max(results.at, observation.time), results, inclusive=True)
        results.move(max(results.at, observation.time))
        scopes.learn(Item(results.at, "s", str(number), 0, observation=observation), observation, results)
    scopes.fire(results.at + 3 * DAY_S, results, inclusive=False)
    return results.changes, sum(results.counts.values()), sorted(key for key, _ in scopes.records.items())


@pytest.mark.parametrize("seed", range(4))
def test_skipping_quiet_steps_changes_no_tier_and_no_memory(wiring: Wiring, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    observations = _observations(seed)
    changes, evaluations, known = _play(wiring, observations)
    quiet_until = KIND.quiet_until
    monkeypatch.setattr(KIND, "idle", lambda self, state, now: quiet_until(self, state, now) < now)
    monkeypatch.setattr(KIND, "quiet_until", lambda self, state, now: now)
    everything, all_evaluations, all_known = _play(wiring, observations)
    assert changes
    assert changes == everything
    assert known == all_known
    assert evaluations < all_evaluations
