"""What the API answers when it cannot do what was asked: RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

__all__ = ["Problem"]


class Problem(Exception):
    """A request that is refused: `status` of HTTP, `detail` says what is wrong and what to do, `errors` name places of the input."""

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, errors: list[dict[str, str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.errors = dict(headers or {}), errors

    def body(self) -> dict[str, Any]:
        """The members of the answer."""
        found: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": self.status}
        return found | {"detail": self.detail} | ({"errors": self.errors} if self.errors else {})

    def response(self) -> web.Response:
        """The answer."""
        return web.json_response(self.body(), status=self.status, headers=self.headers, content_type="application/problem+json")
