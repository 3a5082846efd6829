"""Workers tell which thresholds and models are in force; the console tells what changed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from config.loader import Policy, load_policy
from config.model_store import ModelVersion
from streams.console.changes import Changed, Changes
from streams.in_force import MODEL, POLICY, InForce, policy_data
from streams.topics import RULES
from tests.unit.cluster_fakes import Logs

SHIPPED = load_policy()
AT = 1_763_000_000.0


def stricter(version: str = "stricter") -> Policy:
    """The shipped policy, but for one number."""
    rule = SHIPPED.rules["queue_length"]
    tiers = rule.tiers.model_copy(update={"red": 350.0})
    return replace(SHIPPED, version=version, rules={**SHIPPED.rules, "queue_length": rule.model_copy(update={"tiers": tiers})})


async def tell(logs: Logs, policy: Policy, *models: ModelVersion | None, at: float = AT, app_id: str = "fenghuo") -> None:
    """One life of a worker that looks once at each of the models."""
    given = iter(models)
    worker = InForce(policy, lambda: next(given), app_id, {}, wall=lambda: at, make_consumer=logs.consumer, make_producer=logs.producer)
    await worker.start()
    for _ in models:
        await worker.step()
    await worker.stop()


def kinds(logs: Logs) -> list[str]:
    return [json.loads(value)["type"] for value in logs.values(RULES)]


def changes_of(logs: Logs) -> Changes:
    found = Changes()
    for value in (
        b"",
        b"{",
        b"[]",
        b'{"type": "fenghuo.policy.loaded.v1", "time": "2026-11-11T00:00:00Z", "data": {"rules": 5}}',
        *logs.values(RULES),
    ):
        found.feed(value)
    found.feed(None)
    return found


def version(number: int) -> ModelVersion:
    return ModelVersion(number, AT - 86_400, 1000, ("sentiment",), {}, 5, f"digest-{number}")


def test_a_restart_says_nothing_new_and_another_policy_or_model_does() -> None:
    logs = Logs()
    asyncio.run(tell(logs, SHIPPED, None, None))
    asyncio.run(tell(logs, SHIPPED, None))
    assert kinds(logs) == [POLICY]
    asyncio.run(tell(logs, stricter(), version(1), version(1), version(2), at=AT + 60))
    asyncio.run(tell(logs, stricter(), version(2), at=AT + 120))
    assert kinds(logs) == [POLICY, POLICY, MODEL, MODEL]
    asyncio.run(tell(logs, SHIPPED, version(1), at=AT + 180))
    assert kinds(logs)[4:] == [POLICY, MODEL]


def test_applications_on_one_cluster_tell_for_themselves() -> None:
    logs = Logs()
    asyncio.run(tell(logs, SHIPPED, None))
    asyncio.run(tell(logs, SHIPPED, None, app_id="trial"))
    assert kinds(logs) == [POLICY, POLICY]
    assert [each.first for each in changes_of(logs).policies()] == [True, True]


def test_the_console_knows_which_number_changed_when_and_by_whom() -> None:
    logs = Logs()
    asyncio.run(tell(logs, SHIPPED, None))
    asyncio.run(tell(logs, stricter(), None, at=AT + 60))
    asyncio.run(tell(logs, stricter("only a receiver"), None, at=AT + 120))
    found = changes_of(logs)
    changed = [each.changed for each in found.policies()]
    assert changed == [[], [Changed("queue_length", "red", SHIPPED.rules["queue_length"].tiers.red, 350.0)], []]
    assert [each.first for each in found.policies()] == [False, False, True]
    assert found.policies()[0].policy.by
    assert [tiers["red"] for tiers in found.tiers_at("queue_length", AT + 30)] == [SHIPPED.rules["queue_length"].tiers.red]
    assert [tiers["red"] for tiers in found.tiers_at("queue_length", AT + 90)] == [350.0]
    assert found.tiers_at("queue_length", AT - 1) == []


def test_an_indicator_that_is_switched_off_is_a_change() -> None:
    logs = Logs()
    asyncio.run(tell(logs, SHIPPED, None))
    fewer = replace(SHIPPED, version="fewer", rules={name: rule for name, rule in SHIPPED.rules.items() if name != "fcr"})
    asyncio.run(tell(logs, fewer, None, at=AT + 60))
    assert changes_of(logs).policies()[0].changed == [Changed("fcr", "enabled", 1.0, 0.0)]


def test_the_models_are_there_once_each_the_latest_first() -> None:
    logs = Logs()
    asyncio.run(tell(logs, SHIPPED, version(1)))
    asyncio.run(tell(logs, SHIPPED, version(2), at=AT + 60))
    logs.write(RULES, logs.values(RULES)[-1])
    assert [model.number for _, model in changes_of(logs).models()] == [2, 1]


def test_thresholds_of_tenants_are_not_told() -> None:
    data = policy_data(SHIPPED)
    assert set(data["rules"]) == set(SHIPPED.rules)
    assert all(isinstance(rule["overrides"], int) for rule in data["rules"].values())


def test_a_kafka_that_refuses_ends_no_worker() -> None:
    async def scene() -> list[str]:
        logs = Logs()
        logs.sends = 0
        worker = InForce(SHIPPED, lambda: None, "fenghuo", {}, wall=lambda: AT, make_consumer=logs.consumer, make_producer=logs.producer)
        await worker.start()
        running = asyncio.create_task(worker.run())
        await asyncio.sleep(0)
        await worker.stop()
        async with asyncio.timeout(5):
            await running
        return kinds(logs)

    assert asyncio.run(scene()) == []
