"""What a library logs again and again is told once in a while, with how often it was."""

from __future__ import annotations

import logging

from streams.repeated_lines import RepeatedLines


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def line(text: str, *values: object, name: str = "aiokafka.client", level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord(name, level, "", 0, text, values, None)


def test_one_line_of_a_kind_in_ten_seconds_and_then_how_many_there_were() -> None:
    clock = Clock()
    lines = RepeatedLines(["aiokafka"], clock=clock)
    assert [lines.filter(line("node %s is away", number)) for number in range(700)] == [True, *[False] * 699]
    clock.now = 10.0
    last = line("node %s is away", 7)
    assert lines.filter(last)
    assert last.getMessage() == "node 7 is away (and 699 more of its kind)"


def test_another_text_another_level_and_another_logger_are_other_kinds() -> None:
    lines = RepeatedLines(["aiokafka"], clock=Clock())
    kinds = [line("a"), line("b"), line("a", level=logging.CRITICAL), line("a", name="aiokafka.producer")]
    assert [lines.filter(each) for each in kinds] == [True] * 4


def test_our_own_lines_are_never_held_back() -> None:
    lines = RepeatedLines(["aiokafka"], clock=Clock())
    assert all(lines.filter(line("stage.restored", name="streams.runner")) for _ in range(3))


def test_memory_is_bounded_whatever_is_logged() -> None:
    lines = RepeatedLines(["aiokafka"], clock=Clock())
    assert all(lines.filter(line(f"node {number} is away")) for number in range(5000))
    assert len(lines._told) <= 1000
