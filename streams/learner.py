"""Reads records as a worker does, parsed, masked and in the order of event time, and has a model learn from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from detectors.event import Event
from detectors.text.words import Words
from detectors.text.words_model import WordsModel
from streams.learning import Learning
from streams.records import Headers, Parser, Reject
from streams.reorder import Reorder

__all__ = ["Learner"]


class _AlertData(msgspec.Struct):
    alert_id: str = ""
    scope: dict[str, Any] = {}


class _Alert(msgspec.Struct):
    data: _AlertData = msgspec.field(default_factory=_AlertData)


class Learner:
    """One process that learns. `rejects` counts the records that are no events; `lines` all records."""

    def __init__(self, model: WordsModel, analyse: Callable[[str, str | None], Words], parser: Parser, lateness_s: float = 30.0) -> None:
        self.learning = Learning(model, analyse)
        self.rejects: Counter[str] = Counter()
        self.lines = 0
        self._parser = parser
        self._reorder = Reorder(lateness_s)
        self._alert = msgspec.json.Decoder(_Alert)

    def take(self, value: bytes | None, *, record_time: float, headers: Headers = (), source: int = 0) -> None:
        """One record of the events or of the feedback; `source` is what has an order of its own (a partition)."""
        self.lines += 1
        found = self._parser.parse(value, headers, record_time=record_time)
        if isinstance(found, Reject):
            self.rejects[found.reason] += 1
        else:
            self._learn(self._reorder.add(found, source))

    def take_alert(self, value: bytes | None) -> None:
        """One alert as it was sent; what is none is left out. Only those about a conversation matter."""
        try:
            data = self._alert.decode(value or b"").data
        except msgspec.DecodeError:
            return
        tenant, conversation = data.scope.get("tenant_id"), data.scope.get("conversation_id")
        if data.alert_id and isinstance(tenant, str) and isinstance(conversation, str):
            self.learning.know_alert(data.alert_id, tenant, conversation)

    def end(self, source: int) -> None:
        """A source has been read to its end for now."""
        self._learn(self._reorder.end(source))

    def finish(self) -> None:
        """Nothing more comes."""
        self._learn(self._reorder.finish())
        self.learning.finish()

    def _learn(self, events: Iterable[Event]) -> None:
        for event in events:
            self.learning.learn(event)
