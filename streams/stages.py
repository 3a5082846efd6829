"""Builds the stages from the policy: the one place that knows their classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from config.lexicon_loader import load_analyser
from config.loader import Policy
from detectors.base import ConversationDetector, ScopeDetector
from streams.alert_stage import AlertStage
from streams.conversation_stage import ConversationStage
from streams.model_watch import ModelWatch
from streams.scope_stage import ScopeStage
from streams.stage import Stage
from streams.wiring import Layout, Wiring, no_model

if TYPE_CHECKING:
    from detectors.text.words import Words
    from detectors.text.words_model import WordsModel

__all__ = ["build_stage", "build_wiring"]

_STAGES: Mapping[str, Callable[[int, Wiring], Stage]] = {"conversations": ConversationStage, "scopes": ScopeStage, "alerts": AlertStage}


def build_wiring(
    policy: Policy,
    layout: Layout | None = None,
    *,
    durable: bool = True,
    analyse: Callable[[str, str | None], Words] | None = None,
    model: Callable[[], WordsModel | None] | None = None,
) -> Wiring:
    """What the stages are made of, loaded once per process (about 0.5 s: lexicons and SnowNLP's table).

    `analyse` reads the texts instead of the analyser of the policy's lexicons as they are now (`LexiconWatch`), `model` gives what was
    learnt instead of the version that the policy's folder holds now (`ModelWatch`).
    """
    if model is None:
        model = ModelWatch(policy.models) if policy.models is not None else no_model
    detectors = sorted(policy.detectors.items())
    return Wiring(
        conversation_detectors=[(name, each) for name, each in detectors if isinstance(each, ConversationDetector)],
        scope_detectors=[(name, each) for name, each in detectors if isinstance(each, ScopeDetector)],
        decider=policy.decider(),
        analyse=analyse if analyse is not None else load_analyser(policy.approved_offers, directory=policy.lexicons),
        present=policy.event_of,
        steps=policy.steps,
        watched=policy.watched,
        layout=layout if layout is not None else Layout(),
        lateness_s=policy.lateness_s,
        conversation_ttl_s=policy.conversation_ttl_s,
        ticket_ttl_s=policy.ticket_ttl_s,
        durable=durable,
        model=model,
        expire_s=policy.expire_s,
        zone=policy.calendar.zone,
        waits={name: rule.for_s for name, rule in policy.rules.items() if rule.for_s},
    )


def build_stage(name: str, partition: int, wiring: Wiring) -> Stage:
    """One partition of a stage: conversations, scopes or alerts. KeyError for another name."""
    return _STAGES[name](partition, wiring)
