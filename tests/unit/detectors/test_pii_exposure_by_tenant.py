from __future__ import annotations

import pytest

from detectors.base import Reading, Turn
from detectors.event import Message
from detectors.pii_exposure_by_tenant import PiiExposureByTenant
from tests.contract.detector_driver import DAY, Run, Talk


def wrote(conversation: str, at: float, text: str = "[PHONE:***********]", role: str = "agent", *, partial: bool = False) -> Turn:
    masked = ("PHONE", "ID") if "[ID:" in text else ("PHONE",)
    return Talk(conversation)("message.created", at, message=Message(role=role, text=text, masked=masked, partial=partial))


def after(*turns: Turn) -> Run:
    return Run(PiiExposureByTenant()).turns(turns)


def at(run: Run, now: float) -> Reading:
    return run.at(now)


@pytest.mark.parametrize("spans", [1, 2, 3, 9, 10])
def test_003_20_every_span_anywhere_in_the_tenant_counts(spans: int) -> None:
    run = after(*(wrote(f"c-{number}", float(number)) for number in range(spans)))
    assert at(run, 100.0).value == spans


def test_003_20_several_spans_of_a_message_count_each() -> None:
    run = after(wrote("c-1", 0.0, "[PHONE:***********] [ID:****] [PHONE:***********]"))
    assert (at(run, 1.0).value, at(run, 1.0).variables["type"]) == (3, "ID, PHONE")


def test_it_counts_for_a_day() -> None:
    run = after(wrote("c-1", 0.0), wrote("c-2", 60.0))
    assert [at(run, now).value for now in (60.0, DAY - 1, DAY, DAY + 60)] == [2, 2, 1, 0]
    (state,) = run.states.values()
    assert run.detector.idle(state, DAY + 60)


def test_what_customers_write_and_partial_transcripts_expose_nothing() -> None:
    assert after(wrote("c-1", 0.0, role="customer"), wrote("c-2", 1.0, partial=True)).states == {}


def test_the_last_messages_are_the_evidence() -> None:
    run = after(*(wrote(f"c-{number}", float(number)) for number in range(5)))
    assert [each.conversation_id for each in at(run, 10.0).evidence] == ["c-4", "c-3", "c-2"]
    assert at(run, 10.0).variables["channel"] == "chat"
