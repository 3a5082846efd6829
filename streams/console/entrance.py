"""Logging in and out, and what a browser prefers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from streams.api.guard import Guard
from streams.api.problem import Problem
from streams.api.tokens import Role, Token
from streams.console.i18n import LANGUAGES
from streams.console.session import SESSION_S, Sessions, Tickets
from streams.console.visit import LANGUAGE, SESSION, THEME, THEMES, VISIT, Templates, Visit, local_path, remember

__all__ = ["Entrance"]


class Entrance:
    """A token or a ticket becomes a session. Wrong tokens are counted as `guard` counts them: ten a minute and address."""

    def __init__(self, sessions: Sessions, tickets: Tickets, templates: Templates, guard: Guard, wall: Callable[[], float]) -> None:
        self._sessions, self._tickets, self._templates = sessions, tickets, templates
        self._guard, self._wall = guard, wall

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        """The form; with a ticket, the way in."""
        text = request.query.get("ticket", "")
        if text:
            token = self._tickets.take(text, self._wall())
            if token is not None:
                return self._open(request, token, request.query.get("next", ""))
            return self._form(request, visit, visit.texts("login.ticket"), 401)
        if visit.session is not None:
            return _to(local_path(request.query.get("next", "")))
        return self._form(request, visit)

    async def enter(self, request: web.Request, visit: Visit) -> web.Response:
        """A token was given."""
        # The guard reads tokens from headers only; a request whose body was read cannot be given others.
        form = await request.clone().post()
        if not self._sessions.same(visit.anchor, str(form.get("csrf", ""))):
            return self._form(request, visit, visit.texts("login.form"), 400)
        given = " ".join(str(form.get("token", "")).split())
        try:
            token = self._guard.token(request.clone(headers={hdrs.AUTHORIZATION: f"Bearer {given}"}), Role.VIEWER)
        except Problem as problem:
            wait = problem.headers.get("Retry-After", "")
            text = visit.texts("login.wait", seconds=wait) if problem.status == 429 else visit.texts("login.wrong")
            return self._form(request, visit, text, problem.status)
        return self._open(request, token, str(form.get("next", "")))

    async def leave(self, request: web.Request, visit: Visit) -> web.Response:
        """The session ends at once."""
        self._sessions.close(visit.anchor)
        response = _to("/login")
        response.del_cookie(SESSION, path="/")
        return response

    async def prefer(self, request: web.Request, _visit: Visit) -> web.Response:
        """Another language or light, and back."""
        response = _to(local_path(request.query.get("back", "")))
        for name, known, cookie in (("language", LANGUAGES, LANGUAGE), ("theme", THEMES, THEME)):
            if (value := request.query.get(name, "")) in known:
                remember(response, cookie, value)
        return response

    def _open(self, request: web.Request, token: Token, target: str) -> web.Response:
        session = self._sessions.open(token, self._wall())
        response = _to(local_path(target))
        # The browser says whether it speaks TLS, also where a proxy ends it.
        tls = request.secure or urlsplit(request.headers.get(hdrs.ORIGIN, "")).scheme == "https"
        remember(response, SESSION, session.cookie, max_age=int(SESSION_S), secret=True, tls=tls)
        response.del_cookie(VISIT, path="/")
        return response

    def _form(self, request: web.Request, visit: Visit, problem: str = "", status: int = 200) -> web.Response:
        wanted = local_path(request.query.get("next", ""))
        return self._templates.page("login.html", visit, status=status, problem=problem, next=wanted, back=request.path)


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: path})
