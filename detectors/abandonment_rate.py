"""How many customers leave a queue before anybody answers."""

from __future__ import annotations

from collections.abc import Iterable

from detectors.base import Observation, Turn
from detectors.windowed_rate import ALL, HIT, WindowedRate

__all__ = ["AbandonmentRate"]


class AbandonmentRate(WindowedRate):
    """Conversations abandoned in a queue over those that entered it, within 30 min.

    An entry is `conversation.queued`, or `conversation.opened` with a position in the queue. Who asked to be called back (a reason
    that names a callback) has not given up. Memory: 31 minutes of counts.

    >>> from detectors.base import Scope
    >>> detector = AbandonmentRate()
    >>> state = detector.new()
    >>> for way, count in ((ALL, 50), (HIT, 12)):
    ...     detector.learn_one(state, Observation("abandonment_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 120.0).value
    0.24
    """

    indicator = "abandonment_rate"
    window_s = 1800.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Entries into a queue and those who gave up."""
        event, data = turn.event, turn.event.data or {}
        if event.type == "conversation.queued" or (event.type == "conversation.opened" and data.get("position_in_queue") is not None):
            return self.counted_for(turn, ALL, queue_id=turn.context.queue_id)
        if event.type == "conversation.abandoned" and not _called_back(data.get("reason")):
            return self.counted_for(turn, HIT, queue_id=turn.context.queue_id)
        return ()


def _called_back(reason: str | None) -> bool:
    """Whether a reason names a callback.

    >>> _called_back("Callback requested"), _called_back("预约回电"), _called_back("timeout")
    (True, True, False)
    """
    text = (reason or "").lower().replace("-", "").replace("_", "").replace(" ", "")
    return any(word in text for word in ("callback", "回拨", "回电"))
