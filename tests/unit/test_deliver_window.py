from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.deliver import Window


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20), st.randoms())
def test_what_may_be_committed_is_below_everything_unfinished(steps: list[int], order: object) -> None:
    offsets = [sum(steps[: index + 1]) for index in range(len(steps))]
    window = Window(offsets[0], offsets[0])
    for offset in offsets:
        window.begin(offset)
    left = set(offsets)
    order.shuffle(shuffled := list(offsets))  # type: ignore[attr-defined]
    for offset in shuffled:
        window.finish(offset)
        left.discard(offset)
        assert window.low == min(left, default=offsets[-1] + 1) or window.low in range(offsets[0], min(left, default=offsets[-1]) + 1)
        assert all(offset >= window.low for offset in left)
    assert window.low == offsets[-1] + 1
    assert window.open == 0
