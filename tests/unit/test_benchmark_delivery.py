"""The delivery benchmark on small numbers: what it claims to count, it counts."""

from __future__ import annotations

import asyncio
import json

import pytest

from benchmarks import _delivery_receivers
from benchmarks._delivery_storm import doubles, storm
from benchmarks.delivery import main


def test_a_storm_is_one_page_for_each_group_and_one_for_its_end() -> None:
    found = storm(240, 6)
    assert (found["notifications"], found["ends_told"]) == (6, 6)
    assert 0 < found["largest_body_bytes"] < 32_000
    assert found["state_bytes"] > 240 * 100


def test_the_same_change_again_and_again_is_one_page() -> None:
    assert doubles(3000)["notifications"] == 1


def test_nothing_is_lost_while_receivers_fail() -> None:
    found = asyncio.run(_delivery_receivers.measure(alerts=25))
    down = found["down_10_minutes"]
    assert (down["pages"], down["lost"], down["ends_delivered"], down["doubles"], down["raise_before_end"]) == (50, 0, 25, 0, True)
    assert down["requests"] > down["pages"]
    assert found["http_429_retry_after_120"]["asked_again_after_s"] >= 120
    assert found["http_200_with_error_code"] == {"pages": 20, "delivered": 20, "refused": 3, "requests": 23, "dead": 0}
    assert found["one_dead_beside_another"] == {"delivered_to_the_other": 40, "longest_delay_s": 0.0, "dead_letters": 40}


def test_one_object_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--only", "doubles", "--doubles", "500"]) == 0
    assert json.loads(capsys.readouterr().out)["doubles"]["notifications"] == 1
