"""What is expected of the next hours, and how good such expectations have been."""

from __future__ import annotations

import msgspec

__all__ = ["Accuracy", "Expected", "Outlook"]


class Expected(msgspec.Struct, frozen=True):
    """One span to come, from `time` in s: the `mean` count, and the intervals that should hold 80 % and 95 % of such counts."""

    time: float
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float


class Accuracy(msgspec.Struct, frozen=True):
    """What came of the forecasts made 24 h ahead.

    `n` of them were judged by now (the last four weeks weigh); `error` is the mean absolute error of an hour over the mean count (the
    volume-weighted percentage error: hours of zero have no percentage), `naive` that of a repetition of the day before; `covered80` and
    `covered95` are the shares of hours within their intervals (1, 6 and 24 h ahead), `total_error` and `total_covered80` the same of the
    sums of 24 h.
    """

    n: int
    error: float
    naive: float
    covered80: float
    covered95: float
    total_error: float
    total_covered80: float


class Outlook(msgspec.Struct, frozen=True):
    """The next 24 h of a `series` (conversations, complaints): hour by hour, their `total`, and the accuracy of such forecasts so far.

    `accuracy` is None before the first forecast has come due.
    """

    series: str
    hours: tuple[Expected, ...]
    total: Expected
    accuracy: Accuracy | None = None
