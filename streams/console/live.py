"""Live alerts for the pages: what came, already written as the page's own rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import hdrs, web

from alerts.store.queries import Filter
from streams.api.hub import Hub, Live, TooManyReaders
from streams.api.problem import Problem
from streams.console.filters import fits

__all__ = ["follow"]


async def follow(
    request: web.Request,
    hub: Hub,
    wanted: Filter,
    write_row: Callable[[Mapping[str, Any]], str | None],
    *,
    alert: str = "",
    until: Callable[[], bool] = lambda: True,
    beat_s: float = 15.0,
) -> web.StreamResponse:
    """Server-sent events until the reader goes, the server stops, or `until` says that the session is over.

    Each `alert` has `id`, `revision`, `tier`, `state` and `row`, the row's HTML, null where the alert is no longer one that the page shows.
    `missed`: some were lost, the list is to be read again. `ended`: the session is over. `alert` follows that one alone.
    """
    response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"})
    tenants = wanted.tenants

    def wants(live: Live) -> bool:
        seen = tenants is None or live.data.get("scope", {}).get("tenant_id") in tenants
        return seen and (not alert or live.data.get("alert_id") == alert)

    try:
        with hub.follow(wants, last=request.headers.get("Last-Event-ID")) as reader:
            await response.prepare(request)
            await response.write(b"retry: 2000\n: connected\n\n")
            async for live in reader.read(beat_s):
                if not until():
                    await response.write(b"event: ended\ndata: {}\n\n")
                    break
                await response.write(_message(live, wanted, write_row))
    except TooManyReaders:
        raise Problem(503, "too many live readers", headers={"Retry-After": "30"}) from None
    except ConnectionResetError:
        return response
    return response


def _message(live: Live | None, wanted: Filter, write_row: Callable[[Mapping[str, Any]], str | None]) -> bytes:
    if live is None:
        return b"event: beat\ndata: {}\n\n"
    if not live.id:
        return b"event: missed\ndata: {}\n\n"
    data = live.data
    row = write_row(data) if fits(wanted, data) else None
    body = {name: data.get(name) for name in ("revision", "tier", "previous_tier", "state")} | {"id": data.get("alert_id"), "row": row}
    return b"id: " + live.id.encode() + b"\nevent: alert\ndata: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"
