from __future__ import annotations

from streams.gateway.remembered import Answers


def test_the_oldest_answers_go_first_by_number_and_by_bytes() -> None:
    answers = Answers(capacity=2, limit=10)
    for name in (b"a", b"b", b"c"):
        answers.begin(name, name)
        answers.end(name, 202, b"123")
    assert (answers.get(b"a"), answers.get(b"c") is not None) == (None, True)
    answers.begin(b"d", b"d")
    answers.end(b"d", 202, b"12345678")
    assert (answers.get(b"c"), answers.get(b"d") is not None) == (None, True)


def test_an_answer_on_its_way_keeps_its_place() -> None:
    answers = Answers(capacity=1, limit=10)
    answers.begin(b"a", b"a")
    answers.begin(b"b", b"b")
    answers.end(b"b", 202, b"1")
    assert answers.get(b"a") is not None
    answers.drop(b"a")
    assert answers.get(b"a") is None


def test_an_answer_larger_than_all_room_is_not_kept() -> None:
    answers = Answers(capacity=9, limit=10)
    answers.begin(b"a", b"a")
    answers.end(b"a", 202, b"x" * 11)
    assert answers.get(b"a") is None
