from __future__ import annotations

import pytest

from streams.errors import TopicsError
from streams.topics import MAX_BATCH_BYTES, Difference, Topic, changelog_of, declare, stages_of, verify
from streams.wiring import Layout


def _by_name() -> dict[str, Topic]:
    return {topic.name: topic for topic in declare(Layout(4, 3, 2), "trial")}


def test_a_stage_and_its_changelog_have_the_same_partitions() -> None:
    topics = _by_name()
    for stage, name in stages_of("trial").items():
        assert topics[changelog_of(stage, "trial")].partitions == topics[name].partitions


def test_changelogs_are_compacted_only_and_nothing_else_deletes_state_by_time() -> None:
    for name, topic in _by_name().items():
        if name.endswith(".changelog.v1") or name in {"fenghuo.alerts.state.v1", "fenghuo.rules.v1"}:
            assert topic.config["cleanup.policy"] == "compact"
            assert "retention.ms" not in topic.config


def test_topics_with_batches_take_large_records() -> None:
    for name, topic in _by_name().items():
        if name.startswith("trial.internal."):
            assert topic.config["max.message.bytes"] == str(MAX_BATCH_BYTES)


def test_internal_records_live_as_long_as_the_input() -> None:
    topics = _by_name()
    kept = {topics[name].config["retention.ms"] for name in stages_of("trial").values()}
    assert kept == {topics["fenghuo.events.v1"].config["retention.ms"]}


def test_another_partition_count_is_refused_with_the_way_out() -> None:
    difference = Difference(Topic("t", 4), "partitions", "has 8 partitions, 4 are expected")
    with pytest.raises(TopicsError, match=r"t has 8 partitions.*settings"):
        verify([difference], may_create=True)


def test_a_missing_topic_is_refused_unless_it_may_be_created() -> None:
    difference = Difference(Topic("t", 4), "create")
    verify([difference], may_create=True)
    with pytest.raises(TopicsError, match="topics apply"):
        verify([difference], may_create=False)
