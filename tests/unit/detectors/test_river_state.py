"""River computes the running statistics in the path, and a restored state equals an uninterrupted River object bit for bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from river import stats

from detectors.context import mood
from detectors.river_state import (
    MeanState,
    VarState,
    load_ewmean,
    load_mean,
    load_var,
    mean_after,
    save_ewmean,
    save_mean,
    save_var,
    var_after,
)
from tests.unit.detectors.test_similar_complaint_count import busy
from tests.unit.detectors.test_volume_ratio_3h import usual

numbers = st.lists(st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), min_size=1, max_size=60)


def through_bytes(state: Any, kind: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=kind)


@given(numbers)
def test_a_mean_saved_after_every_value_equals_an_uninterrupted_one(values: list[float]) -> None:
    river, state = stats.Mean(), (0.0, 0.0)
    for value in values:
        river.update(value)
        state = mean_after(through_bytes(state, MeanState), value)
        assert state == save_mean(river)
        assert load_mean(state).get() == river.get()


@given(numbers)
def test_a_variance_saved_after_every_value_equals_an_uninterrupted_one(values: list[float]) -> None:
    river, state = stats.Var(), (0.0, 0.0, 0.0)
    for value in values:
        river.update(value)
        state = var_after(through_bytes(state, VarState), value)
        assert state == save_var(river)
        assert load_var(state).get() == river.get()


@given(numbers, st.floats(min_value=0.01, max_value=0.99))
def test_a_weighted_mean_saved_after_every_value_equals_an_uninterrupted_one(values: list[float], fading: float) -> None:
    river, state = stats.EWMean(fading), None
    for value in values:
        river.update(value)
        mean = load_ewmean(state, fading)
        mean.update(value)
        state = through_bytes(save_ewmean(mean), float)
        assert state == river.get()


def test_a_mean_with_a_memory_forgets_at_its_rate() -> None:
    state = (0.0, 0.0)
    for value in [0.0] * 50 + [1.0] * 9:
        state = mean_after(state, value, memory=9)
    assert list(state) == pytest.approx([10.0, 1 - 0.9**9])


def calls(code: CodeType, run: Callable[[], object]) -> int:
    """How often `run` enters a function, known by its code: seen by Python itself, nothing is put in its place."""
    count = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code is code

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("function", "run", "least"),
    [
        (stats.Mean.update, lambda: usual(2), 3 * 40),
        (stats.Mean.update, lambda: busy(2, days=5), 4),
        (stats.EWMean.update, lambda: mood(-0.5, 0.2), 2),
    ],
    ids=["volume_ratio_3h", "similar_complaint_count: usual rate", "sentiment of a conversation"],
)
def test_river_is_what_computes_it(function: Any, run: Callable[[], object], least: int) -> None:
    assert calls(function.__code__, run) >= least


WITHOUT_RIVER = """
import importlib, sys
sys.modules["river"] = None
for name in ("volume_ratio_3h", "similar_complaint_count", "context"):
    try:
        importlib.import_module("detectors." + name)
    except ImportError:
        continue
    sys.exit(name + " does without River")
"""


def test_without_river_there_is_no_volume_and_no_similarity() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_RIVER], env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
