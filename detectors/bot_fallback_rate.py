"""How often a bot does not understand, by language and dialect."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from detectors.base import Observation, Params, Turn
from detectors.windowed_rate import NO, YES, WindowedRate

__all__ = ["BotFallbackRate"]


class BotFallbackRateParams(Params):
    """A confidence below `least_confidence` is none."""

    least_confidence: float = Field(default=0.4, ge=0, le=1)


class BotFallbackRate(WindowedRate):
    """Utterances a bot fell back on or understood with low confidence over all it judged, within 1 h, for each bot and language.

    An utterance is judged when it says so (`nlu.fallback` or `nlu.confidence`), be it on the customer's message or on the bot's; a
    dialect stands for its language. Memory: 61 minutes of counts.

    >>> from detectors.base import Scope
    >>> detector = BotFallbackRate()
    >>> state = detector.new()
    >>> for way, count in ((YES, 15), (NO, 85)):
    ...     detector.learn_one(state, Observation("bot_fallback_rate", Scope("acme"), 60.0, count, terms=way))
    >>> detector.score_one(state, 120.0).value
    0.15
    """

    indicator = "bot_fallback_rate"
    Params = BotFallbackRateParams
    window_s = 3600.0

    def observe(self, turn: Turn) -> Iterable[Observation]:
        """Each utterance a bot judged."""
        message, context = turn.event.message, turn.context
        if message is None or turn.event.type != "message.created" or message.private or message.partial:
            return ()
        if message.nlu_fallback is None and message.nlu_confidence is None:
            return ()
        sure = message.nlu_confidence is None or message.nlu_confidence >= self.params.least_confidence
        bot = context.agent_id if message.role == "bot" or context.agent_type == "bot" else None
        scope = turn.scope(agent_id=bot, lang=message.dialect or message.lang or context.language)
        return (self.counted(turn, scope, YES if message.nlu_fallback or not sure else NO),)
