"""Which events teach what, and from whose words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from detectors.event import Conversation, Event, Issue, Message, Ticket
from detectors.text.hashed_logistic import Slots
from detectors.text.words import Words
from detectors.text.words_model import WordsModel
from streams import learning
from streams.learning import Learning
from tests.unit.streams.fakes import analyse, said

DAY = 86_400.0


class Taught(WordsModel):
    """Notes what it is taught."""

    def __init__(self) -> None:
        super().__init__()
        self.sentiments: list[tuple[tuple[str, ...], bool]] = []
        self.severities: list[tuple[int, float]] = []
        self.complaints: list[tuple[int, bool]] = []
        self.outcomes: list[tuple[int, bool]] = []
        self.categories: list[tuple[str, int, str]] = []

    def learn_sentiment(self, said: Sequence[Words], positive: bool) -> None:
        self.sentiments.append((tuple(words.text for words in said), positive))

    def learn_severity(self, said: Sequence[Words], grave: float) -> None:
        self.severities.append((len(said), grave))

    def learn_complaint(self, heard: Sequence[tuple[Slots, bool]], is_complaint: bool) -> None:
        self.complaints.append((len(heard), is_complaint))

    def learn_outcome(self, heard: Sequence[tuple[Slots, float]], ended_badly: bool) -> None:
        self.outcomes.append((len(heard), ended_badly))

    def learn_category(self, tenant: str, heard: Sequence[Any], label: str) -> None:
        self.categories.append((tenant, len(heard), label))


def event(kind: str, time: float, conversation: str = "c-1", **parts: Any) -> Event:
    found = Event(kind, time, f"{kind}-{time}", "/t/acme", "acme", conversation, conversation=Conversation(conversation))
    for name, value in parts.items():
        setattr(found, name, value)
    return found


def rated(time: float, rating: float, scale: float = 5.0) -> Event:
    return event("csat.rated", time, data={"rating": rating, "scale_max": scale})


def resolved(time: float, **parts: Any) -> Event:
    return event("conversation.resolved", time, data={"resolved": True}, **parts)


def verdict(time: float, alert: str, data: dict[str, Any], *, named: bool = False) -> Event:
    found = Event("feedback.given", time, f"f-{time}", "/t/acme", "acme", alert, data={"alert_id": alert, **data})
    found.conversation = Conversation("c-1") if named else None
    return found


def learn(*events: Event, finish: bool = True) -> Taught:
    model = Taught()
    learner = Learning(model, analyse)
    for each in events:
        learner.learn(each)
    if finish:
        learner.finish()
    return model


@pytest.mark.parametrize(
    ("rating", "scale", "labels"), [(5, 5, [True]), (4, 5, [True]), (3, 5, []), (2, 5, [False]), (9, 10, [True]), (1, 1, [True])]
)
def test_a_rating_is_about_what_the_customer_said(rating: float, scale: float, labels: list[bool]) -> None:
    model = learn(
        said("customer", 1.0, text="第一"), said("agent", 2.0, text="您好"), said("customer", 3.0, text="第二"), rated(4.0, rating, scale)
    )
    assert model.sentiments == [(("第一", "第二"), label) for label in labels]


def test_a_rating_may_name_its_conversation_by_the_subject_only() -> None:
    bare = rated(2.0, 1.0)
    bare.conversation = None
    assert learn(said("customer", 1.0), bare).sentiments == [(("在吗",), False)]


def test_a_survey_without_a_rating_counts_by_its_nps() -> None:
    assert learn(said("customer", 1.0), event("survey.answered", 2.0, data={"nps": 3})).sentiments == [(("在吗",), False)]
    assert learn(said("customer", 1.0), event("survey.answered", 2.0, data={"nps": 8})).sentiments == []


def test_a_rating_is_about_the_last_eight_messages() -> None:
    model = learn(*[said("customer", float(at), text=str(at)) for at in range(12)], rated(20.0, 1.0))
    assert model.sentiments == [(tuple(map(str, range(4, 12))), False)]


@pytest.mark.parametrize("kind", ["message.created", "message.updated"])
def test_a_message_s_own_sentiment_is_its_label(kind: str) -> None:
    judged = event(kind, 1.0, message=Message(text="还行吧", role="customer", sentiment=-0.6))
    faint = event(kind, 2.0, message=Message(text="嗯嗯", role="customer", sentiment=0.1))
    assert learn(judged, faint).sentiments == [(("还行吧",), False)]


def test_what_others_than_the_customer_say_has_no_sentiment_to_learn() -> None:
    model = learn(event("message.created", 1.0, message=Message(text="抱歉", role="agent", sentiment=-0.6)), rated(2.0, 1.0))
    assert model.sentiments == [((), False)]


@pytest.mark.parametrize(
    ("ends", "badly"),
    [
        ([resolved(9.0)], [False]),
        ([resolved(9.0), rated(10.0, 1.0)], [True]),
        ([rated(9.0, 5.0)], [False]),
        ([event("conversation.abandoned", 9.0)], [True]),
        ([event("ticket.escalated", 9.0, ticket=Ticket("t", escalated_to="media"))], [True]),
        ([event("ticket.status_changed", 9.0, ticket=Ticket("t", current="reopened"))], [True]),
        ([resolved(9.0), said("customer", 10.0, id="thanks")], [False]),
        ([resolved(9.0), said("customer", 10.0, id="again"), said("customer", 11.0, id="once more")], [True]),
        ([event("ticket.status_changed", 9.0, ticket=Ticket("t", current="closed"))], [False]),
        ([event("conversation.resolved", 9.0, data={"resolved": False})], []),
        ([], []),
    ],
)
def test_how_a_conversation_ends(ends: list[Event], badly: list[bool]) -> None:
    model = learn(said("customer", 1.0), said("agent", 2.0), *ends)
    assert [label for _, label in model.outcomes] == badly
    assert all(looks in (2, 3) for looks, _ in model.outcomes)


def test_older_events_than_a_version_was_trained_with_are_learnt_like_others() -> None:
    model = Taught()
    learner = Learning(model, analyse)
    learner.until = 9e9
    for each in (said("customer", 1.0), resolved(2.0), rated(3.0, 1.0), said("customer", 4.0, "c-2")):
        learner.learn(each)
    assert model.outcomes == []
    learner.finish()
    assert model.outcomes == [(1, True)]
    assert learner.until == 9e9


def test_a_conversation_is_looked_at_after_one_two_four_six_and_ten_utterances() -> None:
    model = learn(*[said("customer", float(at)) for at in range(12)], resolved(20.0))
    assert model.outcomes == [(5, False)]


def test_category_complaint_and_severity_are_what_events_say_last() -> None:
    first = said("customer", 1.0)
    first.issue = Issue("logistics.delay", is_complaint=False)
    model = learn(first, resolved(9.0, issue=Issue("refund.slow", is_complaint=True, severity=0.7)))
    assert (model.categories, model.complaints, model.severities) == ([("acme", 1, "refund.slow")], [(1, True)], [(1, 0.7)])


def test_a_ticket_of_type_complaint_is_one() -> None:
    model = learn(event("ticket.created", 0.5, ticket=Ticket("t", type="complaint")), said("customer", 1.0))
    assert model.complaints == [(1, True)]


def test_what_no_event_says_is_not_learnt() -> None:
    model = learn(said("customer", 1.0), resolved(2.0))
    assert (model.categories, model.complaints, model.severities, model.sentiments) == ([], [], [], [])


def test_labels_are_learnt_an_hour_after_the_end_and_once() -> None:
    before = [said("customer", 1.0), resolved(10.0)]
    assert learn(*before, said("customer", 3_000.0, "c-2"), finish=False).outcomes == []
    assert learn(*before, said("customer", 3_700.0, "c-2"), finish=False).outcomes == [(1, False)]
    assert learn(*before, said("customer", 3_700.0, "c-2")).outcomes == [(1, False)]


def test_a_conversation_that_falls_silent_is_learnt_after_a_day() -> None:
    asked = said("customer", 1.0)
    asked.issue = Issue("refund.slow")
    assert learn(asked, said("customer", DAY + 2.0, "c-2"), finish=False).categories == [("acme", 1, "refund.slow")]


def test_a_double_teaches_nothing() -> None:
    first = said("customer", 1.0)
    model = learn(first, first, rated(2.0, 1.0), rated(2.0, 1.0))
    assert model.sentiments == [(("在吗",), False)]


@pytest.mark.parametrize(("word", "badly"), [("true", True), ("late", True), ("missed", True), ("false_positive", False)])
def test_a_verdict_says_how_the_conversation_was(word: str, badly: bool) -> None:
    model = learn(said("customer", 1.0), verdict(2.0, "a-1", {"verdict": word}, named=True))
    assert model.outcomes == [(1, badly)]


def test_a_verdict_names_the_alert_which_names_the_conversation() -> None:
    model = Taught()
    learner = Learning(model, analyse)
    learner.know_alert("a-1", "acme", "c-1")
    for each in (said("customer", 1.0), verdict(2.0, "a-1", {"verdict": "true"}), verdict(3.0, "a-unknown", {"verdict": "true"})):
        learner.learn(each)
    learner.finish()
    assert model.outcomes == [(1, True)]


def test_a_verdict_after_the_labels_were_learnt_corrects_them() -> None:
    events = [said("customer", 1.0), resolved(10.0), verdict(3_700.0, "a-1", {"verdict": "true"}, named=True)]
    assert learn(*events).outcomes == [(1, False), (1, True)]


def test_a_verdict_of_another_tenant_is_none() -> None:
    foreign = verdict(2.0, "a-1", {"verdict": "true"}, named=True)
    foreign.tenant = "other"
    assert learn(said("customer", 1.0), foreign).outcomes == []


def test_a_reviewer_s_label_is_a_label() -> None:
    model = learn(
        said("customer", 1.0),
        verdict(2.0, "a-1", {"label": "negative"}, named=True),
        verdict(3.0, "a-1", {"label": "complaint"}, named=True),
    )
    assert model.sentiments == [(("在吗",), False)]
    assert (1, True) in model.complaints


def test_the_memory_is_bounded_and_who_goes_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MOST", 3)
    model, events = Taught(), []
    for number in range(5):
        events += [said("customer", float(number), f"c-{number}"), event("conversation.resolved", number + 0.5, f"c-{number}")]
    learner = Learning(model, analyse)
    for each in events:
        learner.learn(each)
    assert len(learner._known) == 3
    assert model.outcomes == [(1, False)] * 2


def test_private_partial_and_empty_messages_are_not_heard() -> None:
    hidden = [
        Message(text="备注", role="agent", private=True),
        Message(text="还没说", role="customer", partial=True),
        Message(role="customer"),
    ]
    model = learn(*[event("message.created", float(at), message=each) for at, each in enumerate(hidden)], rated(9.0, 1.0))
    assert model.sentiments == [((), False)]


def test_events_of_no_conversation_are_left_out() -> None:
    model = learn(Event("queue.snapshot", 1.0, "q", "/t/acme", "acme", "q-a"), event("mood.told", 2.0))
    assert (model.outcomes, model.sentiments) == ([], [])
