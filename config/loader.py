"""Reads the policy and builds what it describes: rules, calendar, steps, receivers, texts, detectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp
from pydantic import Field

from alerts.alert import Alert
from alerts.decide import Decider
from alerts.event import EvidenceMode, to_cloudevent, to_data
from alerts.maintenance import Maintenance
from alerts.notifiers import notifier_class
from alerts.notifiers.base import Notifier, NotifierParams
from alerts.outbox import Backoff
from alerts.render import Actions, Renderer
from alerts.rule import Rule, Stanza
from alerts.stage import AlertStageStep, step_class
from config.documents import Document, read, shipped
from config.errors import SettingsError
from config.settings import read_secrets
from detectors import discover
from detectors.base import Detector, ScopeDetector
from detectors.calendar import Calendar, CalendarParams
from detectors.cusum_drift_of_metric import WATCHER, CusumDriftOfMetric

__all__ = ["Policy", "PolicyFile", "build_notifier", "indicators_schema", "load_policy"]


class Watch(Stanza):
    """An indicator whose own readings are looked at for anomalies."""

    indicator: str


class PolicyFile(Stanza):
    """`fenghuo.yaml`, but for the keys of its steps (`alerts/stage.py`). The values are in the file that ships."""

    calendar: dict[str, Any]
    lateness_s: float = Field(ge=0, le=3600)
    conversation_ttl_s: float = Field(ge=60)
    ticket_ttl_s: float = Field(ge=60)
    indicators: str | None = None
    profile: Literal["core", "full"]
    enable: list[str] = []
    watch: list[Watch] = []
    literal_thresholds: bool
    lexicons: str | None = None
    models: str | None = None
    approved_offers: list[str]
    evidence: EvidenceMode
    actions: str | None = None
    stages: list[str]
    receivers: list[dict[str, Any]]
    outbox: dict[str, Any]
    expire_s: float | None = Field(ge=3600)


class _IndicatorsFile(Stanza):
    indicators: dict[str, dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True)
class Policy:
    """Everything the policy says, checked. `rules` are the enabled ones by indicator; `version` changes with any value of its files.

    `watched` are indicators whose own readings are looked at for anomalies, with their names in Chinese and English.
    """

    file: str
    version: str
    rules: Mapping[str, Rule]
    calendar: Calendar
    lateness_s: float
    conversation_ttl_s: float
    ticket_ttl_s: float
    literal: bool
    lexicons: Path | None
    models: Path | None
    approved_offers: tuple[str, ...]
    evidence: EvidenceMode
    steps: tuple[AlertStageStep, ...]
    receivers: tuple[NotifierParams, ...]
    backoff: Backoff
    expire_s: float | None
    renderer: Renderer
    detectors: Mapping[str, Detector[Any]]
    watched: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def decider(self) -> Decider:
        """What turns readings into changes of tier."""
        return Decider(self.rules.values(), literal=self.literal)

    def event_of(self, alert: Alert) -> dict[str, Any]:
        """The CloudEvent of an alert's revision. Raises KeyError for an indicator that has no rule (any more)."""
        rule = self.rules[alert.indicator]
        data = to_data(alert, rule, self.renderer, self.calendar.zone, version=self.version, evidence=self.evidence)
        return to_cloudevent(data)


def load_policy(path: Path | None = None, *, enable: Iterable[str] = ()) -> Policy:
    """The policy of a file, or the one that ships with Fenghuo; `enable` adds indicators to those that it enables.

    Keys the file leaves out are as in the one that ships. Paths in it are relative to it. Raises PolicyError naming file and key.
    """
    document, own = _documents(path)
    steps, rest = _steps(document, own)
    found = document.check(PolicyFile, rest)
    indicators = _companion(document, "indicators", found.indicators, "indicators.yaml")
    templates = _companion(document, "actions", found.actions, "templates/actions.yaml")
    actions = templates.check(Actions, templates.data)
    rules = _rules(indicators, actions, found.profile, _enabled(document, indicators, {*found.enable, *enable}))
    calendar = document.check(CalendarParams, found.calendar, "calendar")
    detectors = _detectors(indicators, rules, {"calendar": calendar, "approved": tuple(found.approved_offers)})
    return Policy(
        file=document.name,
        version=_version(document, indicators, templates),
        rules=rules,
        calendar=Calendar(calendar),
        lateness_s=found.lateness_s,
        conversation_ttl_s=found.conversation_ttl_s,
        ticket_ttl_s=found.ticket_ttl_s,
        literal=found.literal_thresholds,
        lexicons=_folder(document, "lexicons", found.lexicons),
        models=_path(document, found.models),
        approved_offers=tuple(found.approved_offers),
        evidence=found.evidence,
        steps=_explaining(document, indicators, steps),
        receivers=_receivers(document, found, steps),
        backoff=document.check(Backoff, found.outbox, "outbox"),
        expire_s=found.expire_s,
        renderer=Renderer(actions, Calendar(calendar).zone),
        detectors=detectors,
        watched=_watched(document, found, rules, detectors),
    )


def indicators_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of an indicators file, for editors. A stanza has no `id`: its key is the id."""
    schema = Rule.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = schema.pop("$defs", {})
    del schema["properties"]["id"]
    schema["required"] = [name for name in schema["required"] if name != "id"]
    stanzas = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"}, "additionalProperties": schema}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fenghuo indicators",
        "type": "object",
        "required": ["indicators"],
        "additionalProperties": False,
        "properties": {"indicators": stanzas},
        "$defs": definitions,
    }


def build_notifier(receiver: NotifierParams, session: aiohttp.ClientSession, environ: Mapping[str, str] | None = None) -> Notifier:
    """The notifier of a receiver, its secrets read now from the environment and files it names.

    Raises SettingsError when a secret is missing or cannot be used; the message never shows it.
    """
    secrets = read_secrets(receiver.secret_env, receiver.secret_file, environ)
    try:
        return notifier_class(receiver.type)(receiver, session, secrets)
    except ValueError as error:
        raise SettingsError(f"receiver {receiver.name}: {error}") from None


def _documents(path: Path | None) -> tuple[Document, Document]:
    """The policy in force, and the user's own part of it."""
    default = shipped("fenghuo.yaml")
    own = default if path is None else read(path)
    return Document(own.name, {**default.data, **own.data}, own.folder), own


def _steps(document: Document, own: Document) -> tuple[tuple[AlertStageStep, ...], dict[str, Any]]:
    """The steps in their order, and the document's data without their keys, and those of steps that the user's own file leaves out."""
    rest, steps = dict(document.data), []
    names = rest.get("stages")
    for index, name in enumerate(names if isinstance(names, list) else ()):
        try:
            kind = step_class(str(name))
        except LookupError as error:
            raise document.error(f"stages.{index}", str(error)) from None
        keys = [key for key in kind.Params.model_fields if key in document.data]
        steps.append(kind(document.check(kind.Params, {key: document.data[key] for key in keys})))
        for key in keys:
            rest.pop(key, None)
    return tuple(steps), {key: value for key, value in rest.items() if key in own.data or key in PolicyFile.model_fields}


def _companion(document: Document, key: str, name: str | None, default: str) -> Document:
    """Another file of the policy: the one named at `key`, relative to the policy, or the one that ships."""
    path = _path(document, name)
    if path is None:
        return shipped(default)
    if not path.is_file():
        raise document.error(key, f"there is no file {path}; paths are relative to the policy file")
    return read(path)


def _path(document: Document, name: str | None) -> Path | None:
    return None if name is None else (document.folder or Path()) / name


def _folder(document: Document, key: str, name: str | None) -> Path | None:
    path = _path(document, name)
    if path is not None and not path.is_dir():
        raise document.error(key, f"there is no folder {path}; paths are relative to the policy file")
    return path


def _enabled(document: Document, indicators: Document, names: set[str]) -> set[str]:
    """Indicators switched on by name although their stanza has them off."""
    for name in sorted(names):
        if name not in indicators.data.get("indicators", {}):
            raise document.error("enable", f"there is no indicator {name!r}; `fenghuo indicators` lists them")
    return names


def _rules(document: Document, actions: Actions, profile: str, enable: set[str]) -> dict[str, Rule]:
    stanzas = document.check(_IndicatorsFile, document.data).indicators
    rules: dict[str, Rule] = {}
    for name, stanza in stanzas.items():
        if "id" in stanza:
            raise document.error(f"indicators.{name}.id", "the key above names the indicator; remove id")
        rule = document.check(Rule, {"id": name, **stanza}, "indicators", name)
        for index, action in enumerate(rule.actions):
            if action.template not in actions.templates:
                raise document.error(f"indicators.{name}.actions.{index}", f"there is no template {action.template!r}")
        if name in enable or (rule.enabled and (rule.core or profile == "full")):
            rules[name] = rule
    return rules


def _receivers(document: Document, found: PolicyFile, steps: tuple[AlertStageStep, ...]) -> tuple[NotifierParams, ...]:
    receivers: dict[str, NotifierParams] = {}
    for index, stanza in enumerate(found.receivers):
        where = ("receivers", index)
        try:
            kind = notifier_class(str(stanza.get("type", "")))
        except LookupError as error:
            raise document.error(f"receivers.{index}.type", str(error)) from None
        receiver = document.check(kind.Params, stanza, *where)
        if receiver.name in receivers:
            raise document.error(f"receivers.{index}.name", f"{receiver.name!r} stands there twice; rename one")
        receivers[receiver.name] = receiver
    for key, name in (pair for step in steps for pair in step.receivers()):
        if name not in receivers:
            raise document.error(key, f"there is no receiver {name!r}; add it to receivers")
    return tuple(receivers.values())


def _detectors(document: Document, rules: Mapping[str, Rule], shared: Mapping[str, Any]) -> dict[str, Detector[Any]]:
    """The detectors of the rules by name. Two of one indicator each take those of its params they know."""
    kinds: dict[str, list[tuple[str, type[Detector[Any]]]]] = {}
    for name, kind in discover().items():
        kinds.setdefault(kind.indicator, []).append((name, kind))
    built: dict[str, Detector[Any]] = {}
    for indicator, rule in rules.items():
        where = ("indicators", indicator, "params")
        if indicator not in kinds:
            raise document.error(f"indicators.{indicator}", f"no detector computes it; there are: {', '.join(sorted(kinds))}")
        takes = [field for _, kind in kinds[indicator] for field in kind.Params.model_fields]
        for key in rule.params:
            if key not in takes:
                raise document.error(".".join((*where, key)), f"unknown key; known keys: {', '.join(dict.fromkeys(takes)) or 'none'}")
        for name, kind in kinds[indicator]:
            given = {key: value for key, value in {**shared, **rule.params}.items() if key in kind.Params.model_fields}
            built[name] = kind(document.check(kind.Params, given, *where))
    return built


def _explaining(document: Document, indicators: Document, steps: tuple[AlertStageStep, ...]) -> tuple[AlertStageStep, ...]:
    """The steps. What campaigns are to explain must be an indicator, and none that counts with them itself: it tells of the surplus."""
    named = [name for step in steps if isinstance(step, Maintenance) for name in step.params.campaigns.indicators]
    count_with = {each.indicator for each in discover().values() if issubclass(each, ScopeDetector) and each.expects_campaigns()}
    for index, name in enumerate(named):
        if name not in indicators.data["indicators"]:
            raise document.error(f"campaigns.indicators.{index}", f"there is no indicator {name!r}; `fenghuo indicators` lists them")
        if name in count_with:
            message = f"{name} counts with declared campaigns by itself: what it says within one is more than was announced; remove it"
            raise document.error(f"campaigns.indicators.{index}", message)
    return steps


def _watched(
    document: Document, found: PolicyFile, rules: Mapping[str, Rule], detectors: Mapping[str, Detector[Any]]
) -> dict[str, tuple[str, str]]:
    """The indicators to watch, each of which must be in force and of a scope: a conversation is over before it has a usual course."""
    if found.watch and WATCHER not in detectors:
        raise document.error("watch", "anomalies are told by cusum_drift, which is not in force; enable it")
    of_scopes = {each.indicator for each in detectors.values() if isinstance(each, ScopeDetector)}
    for index, each in enumerate(found.watch):
        if each.indicator not in of_scopes - {CusumDriftOfMetric.indicator}:
            raise document.error(f"watch.{index}.indicator", f"{each.indicator!r} is not in force, or not of a scope, or watches itself")
    return {each.indicator: (rules[each.indicator].name.zh, rules[each.indicator].name.en) for each in found.watch}


def _version(*documents: Document) -> str:
    """Twelve hex digits of all values: the order of keys and the comments do not matter."""
    text = json.dumps([document.data for document in documents], sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
