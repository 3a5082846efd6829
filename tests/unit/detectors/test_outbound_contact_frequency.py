from __future__ import annotations

import pytest

from detectors.base import Turn
from detectors.event import Agent, Conversation, Message
from detectors.outbound_contact_frequency import OutboundContactFrequency
from tests.contract.detector_driver import DAY, HOUR, Run, Talk


def push(at: float, campaign: str | None = "camp-1", kind: str = "message.created") -> Turn:
    talk = Talk(f"p-{at}")
    talk.conversation = Conversation(f"p-{at}", campaign_id=campaign)
    message = Message(role="bot", direction="out", text="大促") if kind == "message.created" else None
    return talk(kind, at, agent=Agent("b-1", "bot"), message=message)


@pytest.mark.parametrize("count", [4, 5, 11, 12])
def test_002_12_pushes_and_campaign_calls_of_a_day_are_counted(count: int) -> None:
    made = Run(OutboundContactFrequency()).turns(push(n * HOUR, kind="call.started" if n % 2 else "message.created") for n in range(count))
    reading = made.at(count * HOUR, customer_id="u-1")
    assert (reading.value, reading.variables["campaign_ids"]) == (count, "camp-1")


@pytest.mark.parametrize(("now", "count"), [(DAY - 1, 3), (DAY, 2)])
def test_a_contact_counts_for_a_day(now: float, count: int) -> None:
    made = Run(OutboundContactFrequency()).turns(push(n * HOUR) for n in range(3))
    assert made.at(now, customer_id="u-1").value == count


def test_an_agent_who_answers_or_greets_does_not_harass() -> None:
    talk = Talk()
    turns = [talk("conversation.opened", 0.0), talk.agent_says(1.0, "您好"), talk.customer_says(2.0, "在吗"), talk.agent_says(3.0, "在的")]
    assert Run(OutboundContactFrequency()).turns(turns).states == {}


def test_a_first_message_without_a_conversation_is_unasked() -> None:
    made = Run(OutboundContactFrequency()).turns([push(0.0, None), push(9.0, None)])
    assert made.at(10.0, customer_id="u-1").value == 2
