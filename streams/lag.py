"""How far an application is behind: records of its input and internal topics that are not committed yet."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.kafka import administer, consumer
from streams.topics import EVENTS, partition_counts, stages_of

__all__ = ["lags"]


async def lags(options: dict[str, Any], app_id: str) -> dict[str, int]:
    """Records not committed, by topic; topics that do not exist are left out.

    A worker writes status records to the internal topics all the time, so a lag of a few records there is none.
    """
    wanted = {EVENTS: f"{app_id}-intake", **dict.fromkeys(stages_of(app_id).values(), app_id)}
    async with administer(options) as admin:
        groups = {name: await _committed(admin, name) for name in sorted(set(wanted.values()))}
        counts = await partition_counts(admin)
    reader = consumer(options)
    await reader.start()
    try:
        found = {}
        for topic, group in wanted.items():
            targets = [TopicPartition(topic, partition) for partition in range(counts.get(topic, 0))]
            if targets:
                begins, ends = await reader.beginning_offsets(targets), await reader.end_offsets(targets)
                at = {each: groups[group][each].offset if each in groups[group] else begins[each] for each in targets}
                found[topic] = sum(max(0, ends[each] - at[each]) for each in targets)
        return found
    finally:
        await reader.stop()


async def _committed(admin: AIOKafkaAdminClient, group: str) -> dict[TopicPartition, Any]:
    """What a group has committed; nothing before the cluster knows any group."""
    try:
        found: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
    except GroupCoordinatorNotAvailableError:
        return {}
    return found
