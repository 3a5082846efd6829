"""A command as a record of the alert stage's own input."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.command import Command
from detectors.text.pii import mask
from streams.batches import Item, ItemBatch, encode
from streams.command_queue import ORIGIN
from streams.stage import Send
from streams.topics import CHANGES
from streams.wiring import partition_of

__all__ = ["command_record"]


def command_record(command: Command, partitions: int, *, partition: int, offset: int) -> Send:
    """The record for the partition that has the tenant, of so many; `partition` and `offset` are where the command was read.

    Private data in comments is masked.
    """
    command = replace(command, comment=mask(command.comment).text)
    if command.silence is not None:
        command = replace(command, silence=replace(command.silence, why=mask(command.silence.why).text))
    origin = f"{ORIGIN}{partition}"
    batch = ItemBatch(origin, offset, 0.0, 0.0, items=[Item(command.at, origin, command.id, offset, command=command)])
    return Send(CHANGES, encode(batch), partition=partition_of(command.tenant, partitions))
