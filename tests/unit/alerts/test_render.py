from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Alert
from alerts.render import Actions, Renderer, fill
from alerts.values import clean, number, show
from detectors.base import Scope
from tests.unit.alerts.samples import SHANGHAI, alert, rule

DEADLINES = {"blue": 14400, "yellow": 1800, "orange": 600, "red": 300}


def renderer(**changes: Any) -> Renderer:
    templates: dict[str, Any] = {
        "queue_relief": {
            "title": {"zh": "排队疏导", "en": "Queue relief"},
            "from": "orange",
            "target": "duty_manager",
            "text": {"zh": "{queue_id}排队{waiting}人,放弃率{abandonment}。请增援。", "en": "{waiting} wait, {abandonment} leave. Help."},
            "default": {"zh": "{queue_id}排队{waiting}人。请增援。", "en": "{queue_id}: {waiting} waiting."},
            **changes,
        },
        "check": {
            "title": {"zh": "巡检", "en": "Check"},
            "from": "blue",
            "target": "operations",
            "text": {"zh": "{indicator}={value},{tier}。", "en": "{indicator} = {value}, {tier}."},
        },
    }
    return Renderer(Actions.model_validate({"deadlines_s": DEADLINES, "otherwise": "check", "templates": templates}), SHANGHAI)


def texts(found: Alert, **changes: Any) -> list[dict[str, Any]]:
    return renderer(**changes).actions(found, rule())


def test_a_title_has_its_variables_filled_in() -> None:
    assert renderer().title(alert(), rule()) == {"zh": "q-logi 排队320人", "en": "q-logi: 320 waiting"}


def test_a_title_with_an_unknown_variable_is_its_default() -> None:
    title = {"zh": "{path} {v}", "en": "{path} {v}", "default": {"zh": "已{v}次", "en": "{v} times"}}
    assert renderer().title(alert(), rule(title=title)) == {"zh": "已320次", "en": "320 times"}


def test_a_title_without_a_default_is_the_name_and_the_value() -> None:
    title = {"zh": "{path} {v}", "en": "{path} {v}"}
    assert renderer().title(alert(), rule(title=title)) == {"zh": "排队人数 320", "en": "Queue length 320"}


def test_a_title_says_that_the_baseline_is_young() -> None:
    young = {"zh": "q-logi 排队320人（基线仅2.5天，最高黄色）", "en": "q-logi: 320 waiting (baseline 2.5 days old, yellow at most)"}
    assert renderer().title(alert(tier=2, baseline_days=2.5), rule()) == young
    assert renderer().title(alert(tier=2, baseline_days=7.0), rule())["zh"] == "q-logi 排队320人"


def test_a_detectors_own_variable_goes_before_what_is_known_anyway() -> None:
    assert renderer().title(alert(variables={"queue": "物流"}), rule())["zh"] == "物流 排队320人"


def test_an_action_falls_back_to_the_text_that_is_complete() -> None:
    (action,) = texts(alert(4))
    assert action["text"] == {"zh": "q-logi排队320人。请增援。", "en": "q-logi: 320 waiting."}
    assert action["variables"] == {"queue_id": "q-logi", "waiting": "320"}
    assert (action["template_id"], action["target"], action["deadline_s"]) == ("queue_relief", "duty_manager", 300)


def test_an_action_is_complete_when_all_is_known() -> None:
    (action,) = texts(alert(3, variables={"abandonment": "8%"}))
    assert action["text"]["zh"] == "q-logi排队320人,放弃率8%。请增援。"
    assert action["deadline_s"] == 600


def test_without_a_default_the_sentences_that_are_known_remain() -> None:
    (action,) = texts(alert(4), default=None)
    assert action["text"] == {"zh": "请增援。", "en": "Help."}


def test_where_nothing_is_left_the_actions_title_stands() -> None:
    (action,) = texts(alert(4), default=None, text={"zh": "{a}。", "en": "{a}."})
    assert action["text"] == {"zh": "排队疏导", "en": "Queue relief"}


def test_below_an_actions_tier_the_general_one_is_suggested() -> None:
    (action,) = texts(alert(2))
    assert action["template_id"] == "check"
    assert action["text"] == {"zh": "排队人数=320,黄。", "en": "Queue length = 320, yellow."}


def test_an_indicator_may_suggest_an_action_from_another_tier() -> None:
    early = rule(actions=[{"template": "queue_relief", "from": "blue"}])
    assert renderer().actions(alert(1), early)[0]["template_id"] == "queue_relief"


def test_moments_are_written_in_the_zone() -> None:
    found = alert(variables={"first_seen": 1_760_000_000.0})
    text = {"zh": "{first_seen}起,{clock_cac}前上报。", "en": "{since}"}
    assert texts(found, text=text)[0]["text"] == {"zh": "10-09 16:53起,10-09 20:53前上报。", "en": "10-09 16:53"}


@pytest.mark.parametrize(
    ("unit", "style", "value", "written"),
    [
        ("ratio", None, 0.15, "15%"),
        ("ratio", None, 0.1826, "18.3%"),
        ("ratio", "times", 2.31, "2.3"),
        ("ratio", "times", 4.0, "4"),
        ("s", None, 61.7, "62"),
        ("min", None, 100.0, "100"),
        ("count", None, 5.0, "5"),
        ("count", None, float("inf"), "∞"),
    ],
)
def test_a_value_is_written_by_its_unit(unit: str, style: str | None, value: float, written: str) -> None:
    assert show(value, unit, style) == written


def test_a_number_never_looks_like_minus_nothing() -> None:
    assert [number(value) for value in (-0.001, 0.0, 1e20, -2.5)] == ["0", "0", "100000000000000000000", "-2.5"]


def test_control_and_direction_characters_never_reach_a_text() -> None:
    assert clean("a\x00b\x1b[31m\u202ec\r\nd\u200b") == "ab［31mc d"


def test_a_value_cannot_bring_markup_or_braces() -> None:
    title = renderer().title(alert(scope=Scope("acme", (("queue_id", "<a href=x>{v}</a> [l](u) `x` *b* & <@all>"),))), rule())
    assert not set(title["zh"]) & set("<>{}[]`*&")


def test_a_long_value_is_cut() -> None:
    assert len(clean("长" * 1000)) == 200


@given(st.text(alphabet="ab{}vw 。;.!", max_size=60), st.dictionaries(st.sampled_from(["v", "w", "ab"]), st.text(max_size=8)))
def test_no_template_and_no_value_ever_shows_a_brace(template: str, values: dict[str, str]) -> None:
    text, _ = fill(template, values)
    assert "{" not in text
    assert "}" not in text


@given(st.text(max_size=300))
def test_a_cleaned_value_is_one_line_and_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\n" not in once
