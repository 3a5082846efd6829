"""Giving a command from the command line: one record on the feedback topic, told once Kafka has it."""

from __future__ import annotations

import getpass
import json
import time
import uuid
from typing import Annotated, Any

import typer

from alerts.command import MAX_TEXT, Command, CommandKind
from detectors.text.pii import mask
from streams.api.bus import BusUnavailable, KafkaBus
from streams.cli._shared import human, settings
from streams.errors import BrokerUnavailable, UsageError
from streams.kafka import client_options, require_broker

__all__ = ["By", "Note", "command", "give", "person", "tell"]

By = Annotated[str | None, typer.Option(help="Who says so; the user of this machine by default.")]
Note = Annotated[str, typer.Option("--comment", "-m", help="A word about it, for people.")]


def person(by: str | None) -> str:
    """The name a command is given under."""
    name = by if by is not None else getpass.getuser()
    if not name or not name.isprintable() or len(name) > 512:
        raise UsageError("--by: a name of printable characters is expected")
    return name


def command(tenant: str, kind: CommandKind, *, by: str | None, comment: str = "", **about: Any) -> Command:
    """A new command of now, without private data in what people wrote; `about` are the fields that say what it is about."""
    if len(comment) > MAX_TEXT or "\0" in comment:
        raise UsageError(f"--comment: a text of at most {MAX_TEXT} characters is expected")
    return Command(
        id=uuid.uuid4().hex,
        tenant=tenant,
        kind=kind,
        by=person(by),
        at=time.time(),
        comment=mask(comment).text[:MAX_TEXT],
        **about,
    )


async def give(bootstrap: str | None, given: Command) -> None:
    """Return once Kafka has it. Raises BrokerUnavailable."""
    found = settings(bootstrap)
    options = client_options(found.kafka)
    await require_broker(options)
    bus = KafkaBus(options, found.topics.alerts)
    await bus.start()
    try:
        await bus.send(given)
    except BusUnavailable as error:
        raise BrokerUnavailable(f"{error}: try again, or see `fenghuo doctor`") from error
    finally:
        await bus.stop()


def tell(given: Command, text: str, *, as_json: bool, **more: Any) -> None:
    """Say that it was given: for machines on stdout, for people on stderr."""
    if as_json:
        about = {"command_id": given.id, "kind": given.kind, "tenant": given.tenant, "alert_id": given.alert_id, **more}
        typer.echo(json.dumps(about, ensure_ascii=False))
    else:
        human().print(text, markup=False)
