from __future__ import annotations

from typing import Any

import pytest

from detectors.event import Message
from detectors.pii_exposure_count import PiiExposureCount
from detectors.text.pii import mask
from tests.contract.detector_driver import DAY, Talk, restored

DETECTOR = PiiExposureCount()
PHONE = "快递员电话13800138000"


def wrote(talk: Talk, at: float, text: str, role: str = "agent", **message: Any) -> Any:
    masked = mask(text)
    return talk("message.created", at, message=Message(role=role, text=masked.text, masked=tuple(masked.types), **message))


def after(*texts: str, role: str = "agent", **message: Any) -> Any:
    talk, state = Talk(), DETECTOR.new()
    for at, text in enumerate(texts):
        DETECTOR.learn_one(state, wrote(talk, float(at), text, role, **message))
    return restored(state)


def count(state: Any, now: float = 100.0) -> float:
    reading = DETECTOR.score_one(state, now)
    return 0 if reading is None else reading.value


@pytest.mark.parametrize("times", [1, 2, 3, 9, 10])
def test_003_20_every_exposure_counts(times: int) -> None:
    assert count(after(*[PHONE] * times)) == times


@pytest.mark.parametrize(
    "text", [PHONE, "您的身份证号11010519491231002X", "银行卡号6222020200112233440", "地址是北京市朝阳区建国路88号1203室"]
)
@pytest.mark.parametrize("role", ["agent", "bot"])
def test_003_20_identity_and_bank_cards_phones_and_addresses_are_personal(text: str, role: str) -> None:
    assert count(after(text, role=role)) == 1


def test_two_phones_in_one_message_are_two_exposures() -> None:
    assert count(after("13800138000或者13900139000")) == 2


@pytest.mark.parametrize("text", ["您的订单号是123456789012", "请拨打400-800-1234", "您好,请讲", "我叫张三"])
def test_other_numbers_and_names_are_none(text: str) -> None:
    assert count(after(text)) == 0


def test_what_customers_write_of_themselves_is_no_exposure() -> None:
    assert count(after(PHONE, role="customer")) == 0


def test_partial_transcripts_do_not_count_private_notes_do() -> None:
    assert count(after(PHONE, partial=True)) == 0
    assert count(after(PHONE, private=True)) == 1


def test_after_a_day_an_exposure_is_forgotten() -> None:
    state = after(PHONE)
    assert [count(state, DAY - 0.1), count(state, DAY)] == [1, 0]


def test_the_evidence_is_masked() -> None:
    reading = DETECTOR.score_one(after(PHONE), 9.0)
    assert reading is not None
    assert "13800138000" not in str(reading)
    assert (reading.variables["type"], reading.variables["pii_type"], reading.variables["channel"]) == ("PHONE", "PHONE", "chat")
