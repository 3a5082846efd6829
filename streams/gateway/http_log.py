"""What aiohttp logs, without what came: its own lines quote the bytes of a request it cannot read, a token among them."""

from __future__ import annotations

import logging
import traceback

from aiohttp.http_exceptions import HttpProcessingError

__all__ = ["http_logger"]


def http_logger() -> logging.Logger:
    """The logger to give to aiohttp's runner: it tells the kind of an error and where in the code it arose, never its words."""
    logger = logging.getLogger("streams.gateway.http")
    logger.addFilter(_discreet)  # the same function is added once
    return logger


def _discreet(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return True
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "unknown"
    bad = isinstance(error, HttpProcessingError)
    record.msg = "gateway.bad_http error=%s" if bad else "gateway.failed error=%s at=%s"
    record.args = (type(error).__name__,) if bad else (type(error).__name__, where)
    record.levelno, record.levelname = (logging.INFO, "INFO") if bad else (record.levelno, record.levelname)
    record.exc_info = record.exc_text = None
    return True
