from __future__ import annotations

import pytest

from detectors.cross_channel_repeat import CrossChannelRepeat
from tests.contract.detector_driver import DAY, HOUR, Run, Talk


def used(*channels: str) -> Run:
    return Run(CrossChannelRepeat()).turns(
        Talk(f"c-{n}", channel=channel, category="refund")("conversation.opened", n * HOUR) for n, channel in enumerate(channels)
    )


@pytest.mark.parametrize(
    ("channels", "count"), [(("chat", "voice", "chat"), 2), (("chat", "voice", "app"), 3), (("chat", "voice", "app", "email"), 4)]
)
def test_003_04_channels_a_customer_explains_the_same_issue_on(channels: tuple[str, ...], count: int) -> None:
    reading = used(*channels).at(5 * HOUR, customer_id="u-1", issue_category="refund")
    assert reading.value == count


def test_the_same_channel_twice_is_one_and_not_spoken_of() -> None:
    made = used("chat", "chat")
    assert [made.detector.score_one(state, 2 * HOUR) for state in made.states.values()] == [None]


def test_a_channel_counts_for_a_day() -> None:
    made = used("chat", "voice", "app")
    assert made.at(DAY, customer_id="u-1", issue_category="refund").value == 2
