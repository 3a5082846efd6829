"""The heartbeat of a stream: whoever writes events tells each partition how far event time has come."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from streams.wire import PREFIX, SUFFIX

__all__ = ["TYPE", "heartbeat"]

TYPE = f"{PREFIX}stream.heartbeat{SUFFIX}"


def heartbeat(watermark: float, partition: int, writer: str = "ingest") -> bytes:
    """A structured CloudEvent: before `watermark` (epoch s, to the microsecond) everything has been written to `partition`.

    It belongs to no tenant: its source is `/fenghuo/{writer}`. Its id follows from the writer's partition and watermark, so one that
    is written twice is the same one. Parsed it is `Event(type="stream.heartbeat", time=watermark, tenant="", subject="")`.

    >>> heartbeat(1794355392.481, 3)[:64]
    b'{"specversion": "1.0", "id": "hb-3-1794355392481000", "source": '
    """
    time = datetime.fromtimestamp(watermark, UTC).isoformat()
    event = {
        "specversion": "1.0",
        "id": f"hb-{partition}-{round(watermark * 1e6)}",
        "source": f"/fenghuo/{writer}",
        "type": TYPE,
        "time": time,
        "datacontenttype": "application/json",
        "data": {"watermark": time},
    }
    return json.dumps(event).encode()
