"""Whether a conversation is a complaint: what an event says, and until one does, the customer's words."""

from __future__ import annotations

import pytest

from config.lexicon_loader import load_analyser
from detectors.base import Context
from detectors.context import advance
from detectors.event import Conversation, Event, Issue, Message

ANALYSE = load_analyser()


def heard(context: Context, text: str, *, role: str = "customer", stated: bool | None = None) -> bool | None:
    """What the conversation is known to be after one more message."""
    event = Event("message.created", 1.0, "e", "/s", "acme", "c-1", conversation=Conversation("c-1"))
    event.message = Message(role=role, text=text)
    event.issue = Issue("quality", is_complaint=stated) if stated is not None else None
    advance(context, event, None, ANALYSE(text).complains)
    return context.is_complaint


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("耳机用了一天就坏了", True),
        ("耳機用了一天就壞了", True),
        ("快递一直没人送", True),
        ("the screen arrived broken", True),
        ("怎么退款", False),
        ("请问几点发货", False),
        ("退款，赔偿", True),
        ("我不想投诉", False),
        ("when do you open", False),
        ("Где мой заказ", None),
        ("？？？", None),
    ],
)
def test_the_words_of_a_customer_say_whether_it_is_a_complaint(text: str, complaint: bool | None) -> None:
    assert heard(Context(), text) is complaint


def test_one_complaint_is_enough_and_stays() -> None:
    context = Context()
    assert [heard(context, text) for text in ("你好啊", "充电器坏了", "好的谢谢")] == [False, True, True]


@pytest.mark.parametrize("stated", [True, False])
def test_what_an_event_says_holds_whatever_the_words(stated: bool) -> None:
    context = Context()
    assert heard(context, "充电器坏了") is True
    assert heard(context, "你好啊", stated=stated) is stated
    assert heard(context, "充电器又坏了") is stated
    assert heard(context, "好的谢谢") is stated


def test_an_agent_complains_of_nothing() -> None:
    assert heard(Context(), "您的充电器坏了是吗", role="agent") is None
