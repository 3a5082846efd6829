"""What `benchmarks.gateway` measures, each in a process of its own: `python -m benchmarks._gateway_child NAME [BOOTSTRAP]`.

It serves HTTP on a free port, says `{"port": ...}` on standard output, tells its CPU seconds at `GET /cpu`, and ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import time
from collections.abc import Sequence

from aiohttp import web

from config.settings import GatewaySettings, KafkaSettings, Settings
from streams.cli._shared import configure_logging, run, settle
from streams.gateway.bus import Bus, KafkaBus, Record
from streams.gateway.gateway import build_server, make_producer
from streams.gateway.policy import load_gateway
from streams.gateway.server import build_web_app
from streams.kafka import client_options
from streams.topics import EVENTS

__all__ = ["TENANT", "TOKEN", "main"]

TENANT = "bench"
TOKEN = "benchmark-token-0123456789"  # noqa: S105 - for a port on loopback that lives for a minute


class FakeBus:
    """Acknowledges everything at once."""

    partitions: Sequence[int] = (0, 1, 2, 3)
    resting = 0.0

    async def write(self, records: Sequence[Record]) -> list[bool]:
        """Forget the records."""
        return [True] * len(records)

    async def ready(self) -> bool:
        """Always."""
        return True


async def plain(request: web.Request) -> web.Response:
    """What HTTP costs by itself: read the body and answer."""
    await request.read()
    return web.json_response({"status": "accepted"}, status=202)


async def _cpu(_request: web.Request) -> web.Response:
    return web.json_response({"cpu_s": time.process_time()})


def _gateway(bus: Bus) -> web.Application:
    settings = Settings(gateway=GatewaySettings(tenant=TENANT, token=TOKEN))
    server = build_server(settings, load_gateway(None, settings.gateway, {}), bus)
    return build_web_app(server)


def _plain() -> web.Application:
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/v1/events", plain)
    app.router.add_post("/v1/events:batch", plain)
    return app


async def _serve(app: web.Application) -> None:
    app.router.add_get("/cpu", _cpu)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(json.dumps({"port": runner.addresses[0][1]}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


async def _with_kafka(bootstrap: str) -> None:
    options = client_options(KafkaSettings(bootstrap=bootstrap))
    writer = make_producer(options, 10.0)
    await writer.start()
    try:
        await _serve(_gateway(KafkaBus(writer, sorted(await writer.partitions_for(EVENTS)), 10.0)))
    finally:
        await writer.stop()


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM."""
    name, *rest = arguments
    configure_logging(logging.WARNING)
    settle()
    if name == "kafka":
        run(_with_kafka(rest[0]))
    else:
        run(_serve(_plain() if name == "plain" else _gateway(FakeBus())))


if __name__ == "__main__":
    main(sys.argv[1:])
