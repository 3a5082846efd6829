"""The console's scripts, styles and pictures, read once; their URLs change with their content, so browsers keep them for good."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from aiohttp import web

__all__ = ["Assets"]

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".LICENSE": "text/plain"}


class Assets:
    """What lies under `static/`, in memory."""

    def __init__(self) -> None:
        folder = Path(__file__).parent / "static"
        self._files = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in _TYPES
        }
        digest = hashlib.sha256()
        for name, data in self._files.items():
            digest.update(name.encode() + data)
        self.base: Final = f"/static/{digest.hexdigest()[:12]}"
        """Where they are served: another content, another place."""

    def url(self, name: str) -> str:
        """The URL of a file. Raises KeyError for one that is not there."""
        if name not in self._files:
            raise KeyError(name)
        return f"{self.base}/{name}"

    def caching(self, path: str) -> str:
        """How long what is at a path may be kept: files under their version for good, others never without asking."""
        if not path.startswith("/static/"):
            return "no-store"
        known = path.startswith(f"{self.base}/") and path.removeprefix(f"{self.base}/") in self._files
        return "public, max-age=31536000, immutable" if known else "no-cache"

    async def serve(self, request: web.Request) -> web.Response:
        """The file, whatever version is asked for: a page that is open over an upgrade gets what there is."""
        name = request.match_info["name"]
        if name not in self._files:
            return web.Response(status=404, text="there is no such file\n")
        return web.Response(body=self._files[name], content_type=_TYPES[Path(name).suffix], charset="utf-8")

    async def icon(self, _request: web.Request) -> web.Response:
        """Where the icon is, for browsers that look for it by themselves."""
        return web.Response(status=303, headers={"Location": self.url("fire.svg")})
