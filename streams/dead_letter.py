"""What becomes of a record that is no event: it is kept, with the reason, where only few may look.

Dead letters hold the original bytes, private data included. Nothing in their `fenghuo_*` headers quotes them.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Protocol

from alerts.command import CommandReject
from streams.files import Line
from streams.records import Reject
from streams.stage import Send
from streams.topics import DEAD_LETTERS

__all__ = ["ORIGINAL", "Record", "dead_letter", "to_json_line"]

ORIGINAL = "original_"
"""Prefix of the original record's own headers."""

MAX_VALUE = 64 << 10
_MAX_KEY = 4096
_MAX_HEADER = 1024
_MAX_HEADERS = 64


class Record(Protocol):
    """What is needed of a consumed record: aiokafka's `ConsumerRecord` has it."""

    @property
    def topic(self) -> str:
        """The topic it was read from."""

    @property
    def partition(self) -> int:
        """Its partition."""

    @property
    def offset(self) -> int:
        """Its offset."""

    @property
    def timestamp(self) -> int:
        """When it was written, epoch milliseconds."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value; None is a tombstone."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Its headers."""


def dead_letter(record: Record, reject: Reject | CommandReject) -> Send:
    """The dead letter of a record: its first 64 kB under its own key, and headers that say the rest.

    `fenghuo_reason`, `_path`, `_detail`, `_tenant` (where known); where it stood: `fenghuo_topic`, `_partition`, `_offset`,
    `_timestamp` (epoch ms); what it was: `fenghuo_size` and `fenghuo_sha256` of the whole value. The original headers follow as
    `original_*`, at most 64 of them and 1 kB of each. The same record always gives the same letter.
    """
    value = record.value or b""
    facts = {
        "reason": reject.reason,
        "path": reject.path,
        "detail": reject.detail,
        "tenant": reject.tenant or "",
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
        "size": str(len(value)),
        "sha256": hashlib.sha256(value).hexdigest(),
    }
    ours = [(f"fenghuo_{name}", fact.encode()) for name, fact in facts.items() if fact]
    theirs = [(f"{ORIGINAL}{name[:_MAX_HEADER]}", (content or b"")[:_MAX_HEADER]) for name, content in record.headers[:_MAX_HEADERS]]
    key = record.key[:_MAX_KEY] if record.key is not None else None
    return Send(DEAD_LETTERS, value[:MAX_VALUE], key, headers=(*ours, *theirs))


def to_json_line(line: Line, reject: Reject) -> bytes:
    r"""The dead letter of a line of a file: one JSON object and a newline.

    `text` has the line's first 64 kB where they are UTF-8, else `base64` has them; `truncated` tells that there was more.

    >>> to_json_line(Line(b'"\x00"', 7, "events.jsonl"), Reject("nul_character", "", "a NUL byte"))[:75]
    b'{"reason": "nul_character", "path": "", "detail": "a NUL byte", "tenant": n'
    """
    letter: dict[str, Any] = {
        "reason": reject.reason,
        "path": reject.path,
        "detail": reject.detail,
        "tenant": reject.tenant,
        "file": line.path,
        "line": line.number,
        "size": line.size,
        "sha256": line.sha256,
    }
    kept = line.data[:MAX_VALUE]
    if line.size > len(kept):
        letter["truncated"] = True
    try:
        # Not final: a character that the cut has split is left out, not taken for a fault.
        letter["text"] = codecs.getincrementaldecoder("utf-8")().decode(kept, final=line.size == len(kept))
    except UnicodeDecodeError:
        letter["base64"] = base64.b64encode(kept).decode()
    return json.dumps(letter, ensure_ascii=False).encode() + b"\n"
