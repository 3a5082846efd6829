"""How often a customer says the same thing again."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

import msgspec
from pydantic import Field

from detectors.base import ConversationDetector, Evidence, Params, Reading, State, Turn
from detectors.bigrams import hashes, jaccard, pack, sketch
from detectors.event import Message
from detectors.similarity import COMMON
from detectors.text.words import Words

__all__ = ["KeywordRepeatCount", "is_courtesy", "keywords"]

EXCERPT: Final = 48
KEYWORDS_KEPT: Final = 12
_NAMED: Final = 3

_POLITE: Final = (
    "好 的 好的 好滴 嗯 嗯嗯 哦 噢 哈 啊 呀 呢 吧 吗 啦 了 行 行吧 可以 可 对 是 是的 对的 谢 谢谢 谢谢您 谢谢你 谢啦 多谢 感谢 "
    "麻烦 辛苦 你 您 你们 您们 亲 我 那 就 非常 太 不客气 客气 不用 不用谢 没事 没关系 知道 明白 明白了 了解 收到 再见 拜拜 你好 "
    "您好 在 在吗 祝 愉快 ok okay thanks thank you hello hi bye goodbye please got it yes sure fine great"
)
_COURTESY: Final = frozenset(_POLITE.split())
_EVERYDAY: Final = (
    "不能 不会 不要 不用 不了 不行 需要 已经 应该 但是 因为 所以 如果 还有 或者 然后 他们 她们 咱们 自己 这么 那么 多久 哪里 "
    "哪个 这边 那边 东西 问题 京东 客服 可能 一直 怎么办 能否 是否 到底 还要 就要 有没有 看看 意思 只是 只有 只能 而且 不过 其实 "
    "真的 觉得 感觉 告诉 帮忙 麻烦 帮我 给我 给你 一样 一次 一点 有点 之前 之后 以后 刚才 刚刚 时间 上午 下午 晚上 昨天 后天 "
    "收到 情况 直接 比较 那样 被 让 从 跟 与 及 而 但 或 又 只 才 却 却已 将 向 往 由 使 叫 几 些 每 各 两 该 其 此 谁 哪 呗 诶 "
    "唉 哎 咯 喔 亲 快 慢 很 太 最 更 真 非常 挺 别 买 就是说 怎么样 什么样 什么时候 为啥 咋 吧 啊 嗯 哦 喂 an one some any "
    "about there where who which"
)
_FILLERS: Final = frozenset(_EVERYDAY.split())
_CARD: Final = re.compile(r"https?://|www\.|订单(?:编号|号|金额)\s*[:：]|商品(?:id|ID|编号)\s*[:：]|运单号\s*[:：]?")
_CARD_TYPES: Final = frozenset({"card", "order", "order_card", "product", "link", "image", "video", "file", "location", "sticker", "emoji"})


def is_courtesy(words: Words) -> bool:
    """Whether an utterance is nothing but thanks, greeting or consent, which asks for nothing.

    >>> is_courtesy(Words("好的谢谢你", "zh", ("好", "的", "谢谢", "你"))), is_courtesy(Words("退款谢谢", "zh", ("退款", "谢谢")))
    (True, False)
    """
    return all(token in _COURTESY for token in words.tokens)


def keywords(words: Words) -> list[str]:
    """The tokens that say what an utterance is about, each once, in their order: none of everyday talk, no bare numbers.

    >>> keywords(Words("我的退款什么时候到账", "zh", ("我", "的", "退款", "什么", "时候", "到", "账")))
    ['退款', '账']
    """
    tokens = dict.fromkeys(words.tokens)
    return [token for token in tokens if token not in COMMON and token not in _FILLERS and not token.isdecimal()]


class KeywordRepeatCountParams(Params):
    """`utterances` looked at; how alike two must be (Jaccard's index of character pairs), or how many keywords they share.

    Shared keywords must also be more than half of all the two have, or every talk about an invoice would be a repetition of itself.
    """

    utterances: int = Field(default=10, ge=2, le=20)
    similarity: float = Field(default=0.6, gt=0, le=1)
    shared: int = Field(default=2, ge=1)
    shortest: int = Field(default=5, ge=2)


Row = tuple[int, bytes, bytes, bool]
"""Event time (s), pairs and keywords of an utterance, whether it repeats an earlier one. What is too short has neither."""


class KeywordRepeatCountState(State):
    """The last utterances in order of time; what was repeated last."""

    rows: list[Row] = msgspec.field(default_factory=list)
    words: str = ""
    last: Evidence | None = None


class KeywordRepeatCount(ConversationDetector[KeywordRepeatCountState]):
    """How many of the customer's last 10 utterances repeat an earlier one of them; `n` is the number of utterances.

    An utterance repeats one that is alike (index of character pairs 0.6 or more), or with which it shares two keywords or more that are
    most of what both are about. Those of less than 5 characters and courtesies repeat nothing; order cards, links and
    placeholders are no utterances. Evaluated at each utterance. Late ones are put where their time says. Memory: 10 rows of at
    most 100 bytes and one excerpt.

    >>> from detectors.base import Context, Turn
    >>> from detectors.event import Event, Message
    >>> detector = KeywordRepeatCount()
    >>> state = detector.new()
    >>> for at, text in enumerate(("我的退款什么时候到账", "问你退款什么时候到账", "退款什么时候到账啊")):
    ...     said = Event("message.created", at, str(at), "s", "t", "c", message=Message(role="customer", text=text))
    ...     evaluated = detector.learn_one(state, Turn(said, Context("c"), Words(text, "zh", tuple(text)), at))
    >>> evaluated, detector.score_one(state, 2.0).value, detector.score_one(state, 2.0).n
    (True, 2, 3)
    """

    indicator = "keyword_repeat_count"
    State = KeywordRepeatCountState
    Params = KeywordRepeatCountParams

    def learn_one(self, state: KeywordRepeatCountState, turn: Turn) -> bool:
        """Take a customer's utterance in."""
        words, message = turn.customer_words, turn.event.message
        if words is None or message is None or not words.tokens or _is_card(message, words):
            return False
        text = "".join(words.tokens)
        counts = len(text) >= self.params.shortest and not is_courtesy(words)
        found = keywords(words) if counts else []
        row: Row = (int(turn.event.time), sketch(text) if counts else b"", pack(found, KEYWORDS_KEPT), False)
        at = bisect_right(state.rows, row[0], key=_time)
        state.rows.insert(at, row)
        for place in range(at, len(state.rows)):
            time, pairs, about, _ = state.rows[place]
            state.rows[place] = (time, pairs, about, self._repeats(state, place))
        if state.rows[at][3]:
            state.words = "、".join(found[:_NAMED]) or words.text[:EXCERPT]
            state.last = turn.evidence(words.text[:EXCERPT])
        del state.rows[: -self.params.utterances]
        return True

    def score_one(self, state: KeywordRepeatCountState, now: float) -> Reading | None:
        """The count; variables `kw`, `attempts`."""
        if not state.rows:
            return None
        count = sum(repeats for *_, repeats in state.rows)
        variables: dict[str, str | float] = {"attempts": count}
        if state.words:
            variables["kw"] = state.words
        return Reading(
            now,
            count,
            n=len(state.rows),
            start=min(now, float(state.rows[0][0])),
            end=now,
            evidence=(state.last,) if state.last is not None else (),
            variables=variables,
        )

    def _repeats(self, state: KeywordRepeatCountState, place: int) -> bool:
        """Whether the utterance at this place repeats one before it."""
        _, pairs, about, _ = state.rows[place]
        mine = hashes(about)
        return bool(pairs) and any(
            jaccard(pairs, other) >= self.params.similarity or self._same(mine, hashes(topic))
            for _, other, topic, _ in state.rows[:place]
            if other
        )

    def _same(self, mine: frozenset[int], theirs: frozenset[int]) -> bool:
        shared = len(mine & theirs)
        return shared >= self.params.shared and 2 * shared > len(mine | theirs)


def _is_card(message: Message, words: Words) -> bool:
    """What is sent by a click, not said."""
    return message.content_type in _CARD_TYPES or _CARD.search(words.text) is not None


def _time(row: Row) -> int:
    return row[0]
