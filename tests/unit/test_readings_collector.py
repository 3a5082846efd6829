"""What is on display of the readings: the last value of each, bounded in number and age."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from streams.readings_collector import ReadingsCollector
from streams.shown import Shown

HOUR = 3600.0


class Display:
    """A collector with a settable clock in a registry."""

    def __init__(self, most: int = 10_000) -> None:
        self.now = 0.0
        self.collector = ReadingsCollector(most=most, clock=lambda: self.now)
        self.registry = CollectorRegistry()
        self.registry.register(self.collector)

    def shows(self, key: str) -> float | None:
        labels = dict(zip(("indicator", "tenant", "scope", "key"), place(key), strict=True))
        return self.registry.get_sample_value("fenghuo_reading", labels)

    @property
    def left_out(self) -> float | None:
        return self.registry.get_sample_value("fenghuo_readings_left_out")


def place(key: str) -> Shown:
    return ("queue_length", "acme", "queue", key)


def test_the_last_value_of_each_is_shown_until_it_is_withdrawn() -> None:
    display = Display()
    display.collector.update({place("q-1"): 10.0, place("q-2"): 5.0})
    display.collector.update({place("q-1"): 20.0, place("q-2"): None, place("q-3"): None})
    assert (display.shows("q-1"), display.shows("q-2"), display.left_out) == (20.0, None, 0)


def test_what_nobody_evaluates_for_an_hour_is_shown_no_more() -> None:
    display = Display()
    display.collector.update({place("q-1"): 10.0})
    display.now = HOUR - 1
    assert display.shows("q-1") == 10.0
    display.now = HOUR
    assert display.shows("q-1") is None


def test_there_is_room_for_a_number_of_series_and_the_rest_are_counted_once() -> None:
    display = Display(most=2)
    for value in (1.0, 2.0):
        display.collector.update({place(f"q-{number}"): value for number in range(4)})
    assert [display.shows(f"q-{number}") for number in range(4)] == [2.0, 2.0, None, None]
    assert display.left_out == 2
    display.collector.update({place("q-0"): None})
    display.collector.update({place("q-2"): 7.0})
    assert (display.shows("q-2"), display.left_out) == (7.0, 1)


def test_partitions_that_go_to_another_worker_take_their_readings_along() -> None:
    display = Display()
    display.collector.update({place("q-1"): 10.0})
    display.collector.clear()
    assert display.shows("q-1") is None
