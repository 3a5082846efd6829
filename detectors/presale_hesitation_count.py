"""How often a customer hesitates before buying."""

from __future__ import annotations

from typing import Final

import msgspec

from detectors.base import ConversationDetector, Evidence, Reading, State, Turn

__all__ = ["PresaleHesitationCount"]

LEXICON: Final = "hesitation"
EXCERPT: Final = 48
KEPT: Final = 5
_STAGE: Final = "presale"


class PresaleHesitationCountState(State):
    """`count` of hits, the last different words, when the first came, and whether an order was placed."""

    count: int = 0
    words: list[str] = msgspec.field(default_factory=list)
    since: float | None = None
    ordered: bool = False
    last: Evidence | None = None
    customer: str = ""
    product: str = ""


class PresaleHesitationCount(ConversationDetector[PresaleHesitationCountState]):
    """Hits of the `hesitation` lexicon (担心, 犹豫 …) in what the customer says before an order, in the stage `presale`.

    A phrase counts once an utterance. `order.placed` for the conversation ends it: the reading is closed and nothing is counted any
    more. Evaluated at each utterance of that stage, and at the order. Memory: five words and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = PresaleHesitationCount()
    >>> state = detector.new()
    >>> words = Words("有点担心,再考虑考虑", "zh", ("有点", "担心"), hits={"hesitation": ("担心", "再考虑")})
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", text=words.text))
    >>> detector.learn_one(state, Turn(said, Context("c", stage="presale"), words, 1.0)), detector.score_one(state, 1.0).value
    (True, 2)
    """

    indicator = "presale_hesitation_count"
    State = PresaleHesitationCountState

    def learn_one(self, state: PresaleHesitationCountState, turn: Turn) -> bool:
        """Count an utterance's hits, or take the order in."""
        if state.ordered:
            return False
        if turn.event.type == "order.placed":
            state.ordered = True
            return state.count > 0
        words = turn.customer_words
        if words is None or turn.context.stage != _STAGE:
            return False
        hits = words.hits.get(LEXICON, ())
        if hits:
            state.count += len(hits)
            state.words = list(dict.fromkeys((*(word for word in state.words if word not in hits), *hits)))[-KEPT:]
            state.since = turn.event.time if state.since is None else min(state.since, turn.event.time)
            state.last = turn.evidence(words.text[:EXCERPT])
            state.customer = turn.context.customer_id or state.customer
            state.product = turn.context.product_id or state.product
        return state.count > 0

    def score_one(self, state: PresaleHesitationCountState, now: float) -> Reading | None:
        """The count; variables `words`, `customer_id`, `sku` as far as known."""
        if not state.count or state.since is None:
            return None
        known = {"words": "、".join(state.words), "customer_id": state.customer, "sku": state.product}
        return Reading(
            now,
            state.count,
            start=min(state.since, now),
            end=now,
            closed=state.ordered,
            evidence=(state.last,) if state.last is not None else (),
            variables={name: value for name, value in known.items() if value},
        )
