"""A customer who asks for a superior, names an authority, or threatens with law or the public."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn

__all__ = ["LEXICON", "EscalationKeywordHit"]

LEXICON: Final = "escalation"
_EXCERPT: Final = 48
_WEIGHTS: Final = {
    3.0: "律师函",
    2.0: """举报 曝光 揭发 检举 上告 控告 告你 起诉 诉讼 打官司 法院 法庭 仲裁 律师 走法律 法律途径 法律手段 法律武器 报警 报案 找警察
        网警 经侦 315 三一五 12315 12345 12300 12381 12378 12363 12321 消协 消费者协会 消保委 工商局 工商部门 找工商 市监局 市场监管
        市场监督 监管部门 金融监管 质监局 药监局 物价局 工信部 银保监 银监会 证监会 邮政管理局 邮政局投诉 网信办 信访局 市长热线
        相关部门投诉 升级投诉 投诉到底 黑猫投诉 媒体 记者 电视台 焦点访谈 上热搜 公之于众 sue|lawsuit|court|lawyer|attorney|police
        |media|journalist|newspaper|ombudsman|bbb|go viral|report you|legal action|formal complaint|consumer protection""",
    1.5: """维权 讨说法 讨个说法 追究责任 法律责任 消费者权益 公安 派出所 信访 黑猫 热搜 上电视 上新闻 发到网上 网上 抖音 微博 小红书 快手
        朋友圈 知乎 b站 论坛 贴吧 退一赔三 三倍赔偿 十倍赔偿 精神损失 chargeback|social media|file a complaint|dispute the charge""",
    1.0: "发朋友圈",
    0.5: "工号",
}


def _stems(weights: dict[float, str]) -> dict[str, float]:
    """Stem -> weight; Chinese stems stand apart by spaces, English phrases by bars."""
    found: dict[str, float] = {}
    for weight, text in weights.items():
        chinese, *english = text.split("|")
        *words, first = chinese.split()
        found |= dict.fromkeys([*words, first, *(" ".join(phrase.split()) for phrase in english)], weight)
    return found


class EscalationKeywordHitParams(Params):
    """What a phrase weighs: as much as the longest of these stems in it, `other` where there is none.

    1 asks for a complaint or a superior, 2 names an authority, law or the public, 3 says it is under way.
    """

    weights: dict[str, float] = Field(default_factory=lambda: _stems(_WEIGHTS))
    other: float = Field(default=1.0, ge=0)


class EscalationKeywordHitState(State):
    """The sum of weights, the number of utterances with a hit, the heaviest phrase of the last of them."""

    weight: float = 0.0
    count: int = 0
    phrase: str = ""
    start: float | None = None
    last: Evidence | None = None


class EscalationKeywordHit(ConversationDetector[EscalationKeywordHitState]):
    """The weights of all phrases of the lexicon `escalation` in what the customer says, added up over the conversation.

    A phrase counts once in an utterance. `n` is the number of utterances with a hit. Evaluated at each of them.
    Memory: one phrase and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> from detectors.text.words import Words
    >>> detector = EscalationKeywordHit()
    >>> state = detector.new()
    >>> words = Words("我要投诉,打12315", "zh", ("我要", "投诉", "打", "12315"), hits={"escalation": ("投诉", "12315")})
    >>> said = Event("message.created", 1.0, "e", "s", "t", "c", message=Message(role="customer", text=words.text))
    >>> detector.learn_one(state, Turn(said, Context("c"), words, 1.0)), detector.score_one(state, 1.0).value
    (True, 3.0)
    """

    indicator = "escalation_keyword_hit"
    State = EscalationKeywordHitState
    Params = EscalationKeywordHitParams

    def learn_one(self, state: EscalationKeywordHitState, turn: Turn) -> bool:
        """Weigh a customer's utterance."""
        words = turn.customer_words
        if words is None or LEXICON not in words.hits or turn.event.type != "message.created":
            return False
        weighed = [(self.weigh(phrase), phrase) for phrase in words.hits[LEXICON]]
        state.weight += sum(weight for weight, _ in weighed)
        state.count += 1
        state.phrase = max(weighed, key=lambda pair: pair[0])[1][:_EXCERPT]
        state.start = turn.event.time if state.start is None else min(state.start, turn.event.time)
        state.last = turn.evidence(words.text[:_EXCERPT])
        return True

    def score_one(self, state: EscalationKeywordHitState, now: float) -> Reading | None:
        """The sum; variables `kw`, `phrase`."""
        if state.last is None:
            return None
        variables: dict[str, str | float] = {"kw": state.phrase, "phrase": state.phrase}
        return Reading(now, state.weight, n=state.count, start=state.start, end=now, evidence=(state.last,), variables=variables)

    def weigh(self, phrase: str) -> float:
        """What a phrase weighs."""
        stems = [(len(stem), weight) for stem, weight in self.params.weights.items() if stem in phrase]
        return float(max(stems)[1]) if stems else float(self.params.other)
