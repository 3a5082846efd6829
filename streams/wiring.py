"""What the stages are built from: the policy turned into detectors, a decider and an analyser, once per process."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any

from alerts.alert import Alert
from alerts.decide import Decider
from alerts.stage import AlertStageStep
from detectors.base import ConversationDetector, ScopeDetector
from detectors.text.words import Words
from detectors.text.words_model import WordsModel

__all__ = ["Layout", "Wiring", "no_model", "partition_of"]


@dataclass(frozen=True)
class Layout:
    """Partition counts: of the events topic (and conversation stage), the scope stage, the alert stage. State is made for one layout."""

    events: int = 4
    scopes: int = 4
    alerts: int = 1

    def sources_of_scopes(self) -> list[str]:
        """Who feeds the scope stage."""
        return [f"c{partition}" for partition in range(self.events)]

    def sources_of_alerts(self) -> list[str]:
        """Who feeds the alert stage."""
        return [*self.sources_of_scopes(), *(f"s{partition}" for partition in range(self.scopes))]


def no_model() -> None:
    """Nothing has been learnt from words."""


@dataclass(frozen=True)
class Wiring:
    """Everything a stage needs that is not state.

    `analyse(text, lang)` gives a message's words, `present(alert)` the CloudEvent of an alert's revision; `steps` stand between it and its
    pages. `watched` are indicators whose readings are themselves looked at for anomalies, with their names in Chinese and English.
    `model()` is what was learnt from words, None where nothing is to be used. `waits` are the seconds for which indicators must burn
    before an alert is raised. An open alert of which nothing is heard for `expire_s` seconds expires (None: never); `zone` is that of
    schedules. With `durable=False` (replay) no changelog is kept.
    """

    conversation_detectors: Sequence[tuple[str, ConversationDetector[Any]]]
    scope_detectors: Sequence[tuple[str, ScopeDetector[Any]]]
    decider: Decider
    analyse: Callable[[str, str | None], Words]
    present: Callable[[Alert], dict[str, Any]]
    steps: Sequence[AlertStageStep] = ()
    watched: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    layout: Layout = field(default_factory=Layout)
    lateness_s: float = 30.0
    conversation_ttl_s: float = 86_400.0
    ticket_ttl_s: float = 30 * 86_400.0
    durable: bool = True
    model: Callable[[], WordsModel | None] = no_model
    expire_s: float | None = None
    waits: Mapping[str, float] = field(default_factory=dict)
    zone: tzinfo = UTC


def partition_of(key: str, count: int) -> int:
    """The partition of an internal key: CRC-32, the same in every process.

    >>> partition_of("acme|queue_id=q-refund", 4)
    2
    """
    return zlib.crc32(key.encode()) % count
