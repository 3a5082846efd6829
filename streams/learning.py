"""What becomes of events for who learns from words: labels found, the words they belong to remembered until then."""

from __future__ import annotations

import hashlib
import heapq
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.event import Event
from detectors.text.early_warning import EarlyWarning
from detectors.text.hashed_logistic import Slots
from detectors.text.words import Words
from detectors.text.words_model import Told, WordsModel

__all__ = ["Learning"]

MOMENTS: Final = (1, 2, 4, 6, 10)
"""Utterances after which a conversation's look is learnt: a learner of whole conversations is worse at their beginning."""
LAST: Final = 8
"""The customer's last messages, which a rating is about most."""
MOST: Final = 10_000
MOST_ALERTS: Final = 100_000
SETTLE_S: Final = 3_600.0
"""So long after its end, or after a day's silence, a conversation's labels are learnt."""
SILENT_S: Final = 86_400.0
WELL, BADLY = 0.75, 0.4
"""Shares of a rating's scale from and to which it is good or bad; what lies between tells nothing."""
CLEAR: Final = 0.25
_CLOSED: Final = frozenset({"resolved", "closed"})
_LABELS: Final = {"positive": True, "negative": False}
_COMPLAINTS: Final = {"complaint": True, "not_complaint": False}


class _Look(NamedTuple):
    """A conversation at one moment: its features, the customer's mean sentiment, whether the lexicons had found a complaint."""

    slots: Slots
    mood: float
    complained: bool
    places: NDArray[np.int32]


class _Known(msgspec.Struct):
    """What is remembered of one conversation. `badly` is how it has ended as far as an event says, `due` when its labels are learnt."""

    tenant: str
    told: Told = msgspec.field(default_factory=Told)
    looks: list[_Look] = msgspec.field(default_factory=list)
    said: deque[Words] = msgspec.field(default_factory=lambda: deque(maxlen=LAST))
    category: str | None = None
    complaint: bool | None = None
    severity: float | None = None
    badly: bool | None = None
    solved: bool = False
    closed: bool = False
    after: int = 0
    taught: bool = False
    due: float = 0.0
    ids: set[bytes] = msgspec.field(default_factory=set)


class Learning:
    """Teaches a model from events in the order of their times; the same events make the same model.

    Parameters
    ----------
    model
        What learns. It is not settled here (`ModelStore.write` does).
    analyse
        Reads a text, as the stages do.

    Labels of sentiment are ratings (4 and 5 of 5 are good, 1 and 2 bad; NPS 9 and 6), of the customer's last eight messages before them; a
    message's own sentiment, as reviewers or a system upstream give it with `message.created` or `message.updated`; and a reviewer's label
    (`positive`, `negative`). A conversation's category, complaint and severity are what events say in the end. It has ended badly when it
    was rated badly, escalated, abandoned or taken up again (two messages after its end), or when a verdict calls an alert about it right;
    well when it was rated well, or resolved and none of this happened for an hour. What neither is teaches nothing.

    Memory: 10,000 conversations of at most ten utterances' hashes and eight messages (some 10 kB each, masked texts), 100,000 alerts' ids.
    """

    def __init__(self, model: WordsModel, analyse: Callable[[str, str | None], Words]) -> None:
        self.model = model
        self.events = 0
        self.until = 0.0
        self._now = 0.0
        self._analyse = analyse
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._due: list[tuple[float, str]] = []
        self._alerts: OrderedDict[str, str] = OrderedDict()

    def learn(self, event: Event) -> None:
        """Take the next event in; doubles within a conversation's memory change nothing."""
        self._now = max(self._now, event.time)
        self.until = max(self.until, self._now)
        self._settle(self._now)
        if event.type == "feedback.given":
            self._reviewed(event)
            return
        key = f"{event.tenant}/{event.subject}"
        known = self._known.get(key)
        if known is None:
            # A rating may name its conversation by the event's subject only.
            if event.conversation is None:
                return
            known = _Known(event.tenant)
        digest = hashlib.blake2b(f"{event.source}\0{event.id}".encode(), digest_size=8).digest()
        if digest in known.ids:
            return
        known.ids.add(digest)
        self.events += 1
        self._keep(key, known)
        self._stated(known, event)
        self._said(known, event)
        self._ended(known, event)
        self._wait(key, known, event.time + (SETTLE_S if known.closed else SILENT_S))

    def know_alert(self, alert_id: str, tenant: str, conversation: str) -> None:
        """Which conversation an alert is about: verdicts name the alert only."""
        self._alerts[alert_id] = f"{tenant}/{conversation}"
        while len(self._alerts) > MOST_ALERTS:
            self._alerts.popitem(last=False)

    def finish(self) -> None:
        """Nothing more comes: learn what is known of the conversations that are remembered."""
        for known in self._known.values():
            self._teach(known)

    # -- what events say

    def _stated(self, known: _Known, event: Event) -> None:
        issue = event.issue
        if issue is not None:
            known.category = issue.category or known.category
            known.complaint = issue.is_complaint if issue.is_complaint is not None else known.complaint
            known.severity = issue.severity if issue.severity is not None else known.severity
        if event.type == "ticket.created" and event.ticket is not None and event.ticket.type == "complaint":
            known.complaint = True

    def _said(self, known: _Known, event: Event) -> None:
        message = event.message
        if message is None or not message.text or message.private or message.partial or message.role not in ("customer", "agent", "bot"):
            return
        words = self._analyse(message.text, message.lang)
        if message.role == "customer" and message.sentiment is not None and abs(message.sentiment) >= CLEAR:
            self.model.learn_sentiment([words], message.sentiment > 0)
        if event.type != "message.created":
            return
        if message.role == "customer":
            known.said.append(words)
            self._take_up(known)
        score = message.sentiment if message.sentiment is not None else words.sentiment
        if self.model.hear(known.told, message.role, words, score) and sum(known.told.heard.turns) in MOMENTS:
            known.looks.append(_look(known.told))

    @staticmethod
    def _take_up(known: _Known) -> None:
        """The customer speaks: after the end once may be thanks, twice takes it up again."""
        known.after += known.closed
        if known.after >= 2:
            known.badly, known.closed, known.after = True, False, 0

    def _ended(self, known: _Known, event: Event) -> None:
        kind, ticket, data = event.type, event.ticket, event.data or {}
        status = ticket.current if ticket is not None else None
        if kind in ("csat.rated", "survey.answered"):
            well = _rated(data)
            if well is not None:
                self.model.learn_sentiment(list(known.said), well)
                known.badly = known.badly or not well
        elif kind in ("conversation.abandoned", "ticket.escalated") or status in ("escalated", "reopened"):
            known.badly = True
            known.closed |= kind == "conversation.abandoned"
        elif kind == "conversation.resolved" or status in _CLOSED:
            known.closed, known.solved = True, data.get("resolved", True) is True

    def _reviewed(self, event: Event) -> None:
        """A verdict on an alert, or a label, about a conversation that is remembered."""
        data = event.data or {}
        named = f"{event.tenant}/{event.conversation.id}" if event.conversation is not None else self._alerts.get(str(data.get("alert_id")))
        known = self._known.get(named) if named is not None else None
        if known is None or known.tenant != event.tenant:
            return
        self.events += 1
        label, verdict = str(data.get("label", "")), data.get("verdict")
        if label in _LABELS:
            self.model.learn_sentiment(list(known.said), _LABELS[label])
        if label in _COMPLAINTS and known.complaint is not _COMPLAINTS[label]:
            known.complaint = _COMPLAINTS[label]
            self._teach_complaint(known)
        if verdict is not None and known.badly is not (verdict != "false_positive"):
            known.badly = verdict != "false_positive"
            if known.taught:
                self._teach_outcome(known)

    # -- when it is learnt

    def _keep(self, key: str, known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > MOST:
            self._teach(self._known.popitem(last=False)[1])

    def _wait(self, key: str, known: _Known, due: float) -> None:
        """Have one entry of the heap for each conversation; one that comes too early waits on."""
        if not known.due or due < known.due:
            heapq.heappush(self._due, (due, key))
        known.due = due

    def _settle(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            at, key = heapq.heappop(self._due)
            known = self._known.get(key)
            if known is None or at > known.due:
                continue
            if at < known.due:
                heapq.heappush(self._due, (known.due, key))
                continue
            if known.taught or not known.closed:
                self._teach(self._known.pop(key))
                continue
            self._teach(known)
            known.due = at + SILENT_S
            heapq.heappush(self._due, (known.due, key))

    def _teach(self, known: _Known) -> None:
        """Learn a conversation's labels, once."""
        if known.taught:
            return
        known.taught = True
        self._teach_outcome(known)
        self._teach_complaint(known)
        if known.severity is not None:
            self.model.learn_severity(list(known.said), known.severity)
        if known.category is not None:
            self.model.learn_category(known.tenant, [look.places for look in known.looks], known.category)

    def _teach_outcome(self, known: _Known) -> None:
        badly = known.badly if known.badly is not None or not known.solved else False
        if badly is not None:
            self.model.learn_outcome([(look.slots, look.mood) for look in known.looks], badly)

    def _teach_complaint(self, known: _Known) -> None:
        if known.complaint is not None:
            self.model.learn_complaint([(look.slots, look.complained) for look in known.looks], known.complaint)


def _look(told: Told) -> _Look:
    heard = told.heard
    mood = heard.sums[0] / heard.scores[0] if heard.scores[0] else 0.0
    places = np.fromiter(sorted(told.places), np.int32, len(told.places))
    return _Look(EarlyWarning.features(heard), mood, told.complained, places)


def _rated(data: dict[str, object]) -> bool | None:
    """Whether a rating is good; None where it lies between, or there is none."""
    rating, scale, nps = data.get("rating"), data.get("scale_max", 5.0), data.get("nps")
    if isinstance(rating, int | float) and isinstance(scale, int | float) and scale > 0:
        share = rating / scale
        return True if share >= WELL else False if share <= BADLY else None
    if isinstance(nps, int):
        return True if nps >= 9 else False if nps <= 6 else None
    return None
