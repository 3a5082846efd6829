"""More bad talk in public than usual at this hour of the week."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Reading, Turn
from detectors.naming import name_of
from detectors.volume_ratio_3h import VolumeRatio3h, VolumeRatio3hParams, VolumeRatio3hState

__all__ = ["MentionSurge"]


class MentionSurgeParams(VolumeRatio3hParams):
    """As of volume_ratio_3h; a mention is negative when its sentiment is `negative` or lower."""

    negative: float = Field(default=-0.2, ge=-1, le=0)


class MentionSurge(VolumeRatio3h):
    """Negative mentions (`social.mention`) of the last 3 h over their expectation, for the tenant's brand and each product.

    Expectation and guard are those of volume_ratio_3h, without campaigns: a sale excuses no anger. A mention without sentiment is not
    counted. Memory: as there.

    >>> from detectors.base import Scope
    >>> detector = MentionSurge()
    >>> state = detector.new()
    >>> for day in range(8):
    ...     for minute in range(0, 1440, 6):
    ...         detector.learn_one(state, Observation("mention_surge", Scope("acme"), day * 86_400.0 + minute * 60.0))
    >>> reading = detector.score_one(state, 8 * 86_400.0)
    >>> reading.value, reading.n
    (1.0, 30.0)
    """

    indicator = "mention_surge"
    Params = MentionSurgeParams

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each negative mention, to the brand and the product it is about."""
        event = turn.event
        if event.type != "social.mention":
            return ()
        mention = (event.data or {}).get("mention") or {}
        score, topic = mention.get("sentiment_score"), mention.get("topic")
        if score is None or score > self.params.negative:
            return ()
        product = event.issue.product_id if event.issue is not None else None
        scopes = [turn.scope(), *([turn.scope(product_id=product)] if product is not None else [])]
        # The base keeps what conversations are about by their issue; of a mention that is its topic.
        terms = (f"issue_category={topic}",) if topic else ()
        return [Observation(name_of(type(self)), scope, event.time, terms=terms, cell=True) for scope in scopes]

    def score_one(self, state: VolumeRatio3hState, now: float) -> Reading | None:
        """The ratio; variables `topic`, `mentions`, `ratio`, `baseline`."""
        reading = super().score_one(state, now)
        if reading is not None:
            told = reading.variables
            reading.variables = {"mentions": reading.n, "ratio": told["ratio"], "baseline": told["baseline"]}
            if "top_issue" in told:
                reading.variables["topic"] = told["top_issue"]
        return reading
