from __future__ import annotations

from itertools import pairwise

import pytest

from detectors.event import Place, Transfer
from detectors.transfer_loop import TransferLoop
from tests.contract.detector_driver import Talk, values


@pytest.mark.parametrize(
    ("path", "returns"),
    [("ab", [0]), ("aba", [0, 1]), ("abc", [0, 0]), ("abca", [0, 0, 1]), ("abab", [0, 1, 2]), ("abaca", [0, 1, 1, 2]), ("aab", [0, 0])],
)
def test_a_return_is_a_step_to_a_department_visited_before(path: str, returns: list[int]) -> None:
    talk = Talk()
    turns = [talk.moved(float(at), *step) for at, step in enumerate(pairwise(path))]
    assert values(TransferLoop(), turns) == returns


def test_a_transfer_that_arrives_late_is_put_in_its_place() -> None:
    talk = Talk()
    assert values(TransferLoop(), [talk.moved(1.0, "a", "b"), talk.moved(3.0, "c", "a"), talk.moved(2.0, "b", "c")]) == [0, 1, 1]


def test_without_departments_the_queues_are_the_places() -> None:
    talk = Talk()
    steps = [Transfer(Place(queue_id=origin), Place(queue_id=target)) for origin, target in ("xy", "yx")]
    assert values(TransferLoop(), [talk("conversation.transferred", float(at), transfer=step) for at, step in enumerate(steps)]) == [0, 1]


def test_a_transfer_that_does_not_say_where_from_still_closes_a_loop() -> None:
    talk = Talk()
    steps = [Transfer(Place(department_id="a"), Place(department_id="b")), Transfer(Place(), Place(department_id="a"))]
    assert values(TransferLoop(), [talk("conversation.transferred", float(at), transfer=step) for at, step in enumerate(steps)]) == [0, 1]
