from __future__ import annotations

from detectors.transfer_count import TransferCount
from tests.contract.detector_driver import Talk, restored, values


def test_each_transfer_is_counted_and_evaluated() -> None:
    talk = Talk()
    turns = [talk.moved(1.0, "a", "b"), talk.customer_says(2.0, "喂"), talk.moved(3.0, "b", "c"), talk.moved(4.0, "c", "d", "warm")]
    assert values(TransferCount(), turns) == [1, 2, 3]


def test_asking_a_colleague_is_no_transfer() -> None:
    assert values(TransferCount(), [Talk().moved(1.0, "a", "b", "consult")]) == []


def test_the_path_is_in_the_order_of_time_whatever_the_order_of_arrival() -> None:
    detector, talk = TransferCount(), Talk()
    state = detector.new()
    for turn in (talk.moved(2.0, "b", "c"), talk.moved(1.0, "a", "b")):
        detector.learn_one(state, turn)
    reading = detector.score_one(restored(state), 3.0)
    assert reading is not None
    assert reading.variables == {"n": 2, "path": "a→b→c", "owner": "a"}


def test_more_transfers_than_are_remembered_are_still_counted() -> None:
    talk = Talk()
    turns = [talk.moved(float(at), str(at), str(at + 1)) for at in range(100)]
    assert values(TransferCount(), turns)[-1] == 100
