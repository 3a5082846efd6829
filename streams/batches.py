"""Records that travel between stages, as batches: transport is paid once for some hundred events.

Every record begins with a byte that is its format version; a reader refuses a version it does not know. Four kinds:

- `EventBatch`: intake -> conversation stage, partition for partition;
- `ItemBatch` of observations: conversation stage -> scope stage; and of changes, commands and campaigns: both -> alert stage;
- `ItemBatch` of one command: feedback topic -> alert stage, `origin` naming the topic's partition (`feedback/0`), `seq` its offset.
"""

from __future__ import annotations

import msgspec

from alerts.command import Command
from alerts.decide import Change
from alerts.declared_campaign import DeclaredCampaign
from detectors.base import Observation
from detectors.event import Event
from streams.errors import Halt

__all__ = ["FORMAT", "EventBatch", "Item", "ItemBatch", "decode_events", "decode_items", "encode"]

FORMAT = 1


class EventBatch(msgspec.Struct, array_like=True, omit_defaults=True):
    """What intake read from one source partition: the offsets [first, next), some of which were rejects.

    `wall` is the wall clock (epoch s) when the batch was formed; `caught_up` says that the partition had been read to its end
    then; `idle` that it had been at its end for 2 s; `watermark`, given once all partitions had been, is how far the
    stream has come (0: nobody knows). A batch without events is a status: it moves the clock and nothing else. `gap` says that offsets
    before `first` are gone for ever.
    """

    partition: int
    first: int
    next: int
    wall: float
    caught_up: bool = False
    idle: bool = False
    watermark: float | None = None
    events: list[Event] = []
    gap: bool = False


class Item(msgspec.Struct, array_like=True, omit_defaults=True, gc=False):
    """One thing in the merged order of a later stage: released at (`at`, `source`, `id`, `seq`). It has one of the last four."""

    at: float
    source: str
    id: str
    seq: int
    observation: Observation | None = None
    change: Change | None = None
    command: Command | None = None
    campaign: DeclaredCampaign | None = None


class ItemBatch(msgspec.Struct, array_like=True, omit_defaults=True):
    """What one partition of a stage hands on: its items in order, and the `frontier` up to which it is complete.

    `origin` names the sending partition (`c3`, `s0`); `seq` counts its batches with items and is the fence, 0 is a heartbeat.
    """

    origin: str
    seq: int
    frontier: float
    wall: float
    live: bool = False
    idle: bool = False
    items: list[Item] = []


_VERSION = bytes([FORMAT])
_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(EventBatch)
_items = msgspec.msgpack.Decoder(ItemBatch)


def encode(batch: EventBatch | ItemBatch) -> bytes:
    """The batch as one byte of format version and msgpack."""
    return _VERSION + _encoder.encode(batch)


def decode_events(data: bytes) -> EventBatch:
    """Raises Halt on a record of another format, msgspec.ValidationError on anything that is not a batch of events."""
    return _events.decode(_body(data))


def decode_items(data: bytes) -> ItemBatch:
    """Raises Halt on a record of another format, msgspec.ValidationError on anything that is not a batch of items."""
    return _items.decode(_body(data))


def _body(data: bytes) -> memoryview:
    if data[:1] != _VERSION:
        raise Halt(
            f"an internal record has format {data[0] if data else 'none'}, this version reads {FORMAT}: "
            "let the version that wrote it finish, or start a new --app-id and read the input again"
        )
    return memoryview(data)[1:]
