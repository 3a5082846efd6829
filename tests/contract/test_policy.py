"""The policy that ships: the indicators as the catalogue has them, every text complete, every file in the package."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.book import AlertBook
from alerts.decide import Change, Decider, Memory
from alerts.render import variables_of
from alerts.tier import Tier
from config.loader import Policy, load_policy
from detectors.base import Evidence, Reading, Scope

POLICY: Policy = load_policy()
TEMPLATES: dict[str, dict[str, Any]] = yaml.safe_load((files("config") / "templates/actions.yaml").read_text(encoding="utf-8"))["templates"]
with (Path(__file__).parent / "catalogue.tsv").open(encoding="utf-8") as table:
    CATALOGUE = {row["id"]: row for row in csv.DictReader(table, delimiter="\t")}
SAMPLES = {
    "negation_share": (20, 20, 40, 40),
    "agent_emotional_exposure": (2, 2, 2, 2),
    "similar_complaint_count": (3, 3, 3, 3),
    "volume_ratio_3h": (10, 10, 10, 10),
    "hangup_rate": (30, 30, 30, 30),
    "issue_share_growth": (50, 50, 50, 50),
    "dept_dwell_ratio": (10, 10, 10, 10),
}
READINGS: dict[str, Reading] = {
    "first_response_time": Reading(900.0, 900.0, variables={"queue": "q-logi"}),
    "negation_share": Reading(0.0, 0.31, n=60),
    "agent_emotional_exposure": Reading(0.0, 120.0, n=9),
    "transfer_count": Reading(0.0, 4, variables={"path": "a→b→a"}),
    "transfer_loop": Reading(0.0, 3, variables={"path": "a→b→a"}),
    "queue_length": Reading(0.0, 320),
    "false_promise_hit": Reading(0.0, 5, variables={"phrase": "保证退款"}),
    "similar_complaint_count": Reading(0.0, 30, n=25, start=-86_400.0, end=0.0),
    "volume_ratio_3h": Reading(0.0, 4.04, n=400, baseline=99.0, sd=10.0, start=-10_800.0, end=0.0),
    "data_leak_signal": Reading(0.0, 2, n=2),
}
SCOPES = {
    "agent_emotional_exposure": Scope("acme", (("agent_id", "a-12"),)),
    "queue_length": Scope("acme", (("queue_id", "q-logi"),)),
    "volume_ratio_3h": Scope("acme", (("queue_id", "q-logi"),)),
    "similar_complaint_count": Scope("acme", (("issue_category", "破损"), ("product_id", "sku-1"))),
    "data_leak_signal": Scope("acme"),
}
TITLES = {
    "first_response_time": ("客户已等待900秒未获首次响应(q-logi)", "Customer waiting 900 s for a first response (q-logi)"),
    "negation_share": ("否定词占比31%(阈值30%)", "Negations are 31% of the words (threshold 30%)"),
    "agent_emotional_exposure": ("客服a-12近2小时处理激动客户120分钟", "Agent a-12: 120 min with upset customers in the last 2 h"),
    "transfer_count": ("已转接4次:a→b→a", "Transferred 4 times: a→b→a"),
    "transfer_loop": ("工单在a→b→a间回环3次", "Came back 3 times on its way a→b→a"),
    "queue_length": ("q-logi 排队320人", "q-logi: 320 waiting"),
    "false_promise_hit": ("违规承诺话术“保证退款”", "Forbidden promise “保证退款”"),
    "similar_complaint_count": ("“破损”24小时30起相似投诉", "“破损”: 30 similar complaints in 24 h"),
    "volume_ratio_3h": ("q-logi 3小时量为均值4倍", "q-logi: 3 h volume 4× its mean"),
    "data_leak_signal": ("疑似数据泄露:2位客户", "Suspected data leak: 2 customers"),
}


def event(indicator: str, tier: Tier = Tier.RED) -> dict[str, Any]:
    """The data of an alert of this indicator."""
    number = POLICY.rules[indicator].tiers.numbers()[tier - 1]
    reading = READINGS.get(indicator) or Reading(0.0, number if number is not None else 0.0)
    reading.indicator, reading.scope = indicator, SCOPES.get(indicator, Scope("acme", (("conversation_id", "c-1"),)))
    reading.evidence = (Evidence("e-1", "破损"),)
    alert = AlertBook().apply(Change(reading, tier, 0, reading.time, POLICY.rules[indicator].tiers.numbers()[tier - 1]), 1.0)
    assert alert is not None
    data: dict[str, Any] = POLICY.event_of(alert)["data"]
    return data


def test_exactly_the_indicators_of_the_catalogue_are_there() -> None:
    assert set(POLICY.rules) == set(CATALOGUE)


@pytest.mark.parametrize("indicator", CATALOGUE)
def test_an_indicator_is_as_the_catalogue_has_it(indicator: str) -> None:
    rule, row = POLICY.rules[indicator], CATALOGUE[indicator]
    numbers = tuple(float(row[tier]) if row[tier] else None for tier in ("blue", "yellow", "orange", "red"))
    assert (rule.dimension, rule.direction, str(int(rule.core)), rule.tiers.numbers()) == (
        row["dimension"],
        row["direction"],
        row["core"],
        numbers,
    )
    assert rule.actions[0].template == row["first_action"]


@pytest.mark.parametrize("indicator", SAMPLES)
def test_small_samples_light_nothing(indicator: str) -> None:
    assert POLICY.rules[indicator].min_sample.numbers() == SAMPLES[indicator]


@pytest.mark.parametrize(
    ("channel", "numbers"),
    [
        ("chat", (30, 60, 180, 900)),
        ("voice", (20, 30, 60, 180)),
        ("ticket", (3600, 14400, 28800, 86400)),
        ("email", (3600, 14400, 28800, 86400)),
    ],
)
def test_the_first_response_depends_on_the_channel(channel: str, numbers: tuple[float, ...]) -> None:
    assert POLICY.decider().levels("first_response_time", "acme", channel, ()) == numbers


@pytest.mark.parametrize("indicator", TITLES)
def test_titles_are_complete_in_both_languages(indicator: str) -> None:
    title = event(indicator)["title"]
    assert (title["zh"], title["en"]) == TITLES[indicator]


@pytest.mark.parametrize("tier", [Tier.BLUE, Tier.YELLOW, Tier.ORANGE, Tier.RED])
@pytest.mark.parametrize("indicator", CATALOGUE)
def test_every_alert_suggests_an_action_without_a_brace(indicator: str, tier: Tier) -> None:
    actions = event(indicator, tier)["suggested_actions"]
    assert actions
    for action in actions:
        assert action["deadline_s"] > 0
        for text in action["text"].values():
            assert text
            assert not set(text) & set("{}")


@pytest.mark.parametrize(
    ("indicator", "tier", "template"),
    [
        ("first_response_time", Tier.BLUE, "apologize_delay"),
        ("negation_share", Tier.YELLOW, "soothe_anger"),
        ("agent_emotional_exposure", Tier.ORANGE, "agent_rest"),
        ("transfer_count", Tier.ORANGE, "stop_transfer"),
        ("transfer_loop", Tier.YELLOW, "stop_transfer"),
        ("queue_length", Tier.ORANGE, "queue_relief"),
        ("false_promise_hit", Tier.YELLOW, "compliance_promise"),
        ("similar_complaint_count", Tier.YELLOW, "similar_cluster"),
        ("volume_ratio_3h", Tier.ORANGE, "surge_plan"),
        ("data_leak_signal", Tier.RED, "crisis_data_leak"),
    ],
)
def test_each_indicator_suggests_its_own_action(indicator: str, tier: Tier, template: str) -> None:
    assert template in [action["template_id"] for action in event(indicator, tier)["suggested_actions"]]


def test_all_templates_of_the_catalogue_ship() -> None:
    assert len(TEMPLATES) == 36
    assert {"soothe_anger", "handover_human", "crisis_safety", "chain_watch", "manual_review", "baseline_review"} < set(TEMPLATES)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_default_text_needs_no_variable_the_text_does_not_need(name: str) -> None:
    template = TEMPLATES[name]
    for language in ("zh", "en"):
        known = {*variables_of(template["text"]["zh"]), *variables_of(template["text"]["en"]), "alert_id", "conversation_id", "n"}
        assert set(variables_of(template.get("default", template["text"])[language])) <= known


@pytest.mark.parametrize("name", ["fenghuo.yaml", "indicators.yaml", "templates/actions.yaml"])
def test_the_policys_files_are_in_the_package(name: str) -> None:
    assert files("config").joinpath(*name.split("/")).is_file()


def test_nobody_is_told_by_default() -> None:
    assert POLICY.receivers == ()
    assert [pair for step in POLICY.steps for pair in step.receivers()] == []


def test_the_stages_stand_in_the_order_in_which_a_page_passes_them() -> None:
    names = [step.name for step in POLICY.steps]
    assert names == ["silences", "maintenance", "inhibit", "flap", "dedup", "route", "rate_limit", "group", "repeat", "escalate"]


def test_the_sources_own_numbers_light_yellow() -> None:
    literal = Decider(POLICY.rules.values(), literal=True)
    for indicator, value in (("similar_complaint_count", 5), ("volume_ratio_3h", 2.0), ("negation_share", 0.15)):
        change = literal(Reading(0.0, value, n=1, guard=False, indicator=indicator, scope=Scope("acme")), Memory())
        assert change is not None
        assert change.tier == Tier.YELLOW


@pytest.mark.parametrize(("ratio", "tier"), [(1.49, None), (1.5, 1), (1.99, 1), (2.0, 2), (2.99, 2), (3.0, 3), (3.99, 3), (4.0, 4)])
def test_004_24_a_ratio_lights_its_tier_from_the_number_on(ratio: float, tier: int | None) -> None:
    change = POLICY.decider()(Reading(0.0, ratio, n=10, indicator="volume_ratio_3h", scope=Scope("acme")), Memory())
    assert (change.tier if change else None) == tier
