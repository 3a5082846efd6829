"""What operators do on the pages: each is one command, as the API gives it."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError
from yarl import URL

from streams.api import models
from streams.api.call import Answer, Call
from streams.api.commanding import Commanding
from streams.api.problem import Problem
from streams.api.server import ApiParts
from streams.console.visit import Templates, Visit, local_path

__all__ = ["Orders"]

_OPERATIONS: Final = {"acknowledge": "acknowledge_alert", "start": "start_alert", "resolve": "resolve_alert", "feedback": "judge_alert"}
MAX_KEY: Final = 200


class Orders:
    """Forms become commands. A script is answered 202 with the command's id; a form without scripts goes back to its page."""

    def __init__(self, parts: ApiParts, templates: Templates) -> None:
        self._commanding = Commanding(parts.queries, parts.bus, parts.wall)
        self._templates = templates

    async def command(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Acknowledge, start, resolve or judge an alert; with `revision` only while it is the last one."""
        form, verb = await _form(request), request.match_info["verb"]
        if verb == "feedback":
            body: BaseModel = _checked(models.Verdict, verdict=form.get("verdict"), comment=form.get("comment", ""))
        else:
            body = _checked(models.Comment, comment=form.get("comment", ""))
        revisions = (form["revision"],) if form.get("revision") else ()
        call = self._call(visit, _OPERATIONS[verb], form, id=request.match_info["id"], body=body, revisions=revisions)
        return _answered(request, await self._commanding.command_alert(call), form, f"/alerts/{request.match_info['id']}")

    async def add_silence(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """Silence what the lines of `match` say, for so long."""
        form = await _form(request)
        given = {"match": _match(form.get("match", ""), visit), "duration_s": form.get("duration_s") or None, "why": form.get("why", "")}
        body = _checked(models.NewSilence, tenant=form.get("tenant") or None, **given)
        call = self._call(visit, "add_silence", form, body=body)
        return _answered(request, await self._commanding.add_silence(call), form, "/silences")

    async def expire_silence(self, request: web.Request, visit: Visit) -> web.StreamResponse:
        """End a silence."""
        form = await _form(request)
        query = _checked(models.TenantQuery, tenant=form.get("tenant") or None)
        call = self._call(visit, "expire_silence", form, id=request.match_info["id"], query=query)
        return _answered(request, await self._commanding.expire_silence(call), form, "/silences")

    @staticmethod
    def _call(visit: Visit, operation: str, form: dict[str, str], **more: Any) -> Call:
        return Call(token=visit.token, operation=operation, key=form.get("key", "")[:MAX_KEY], **more)


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _checked(model: type[BaseModel], **values: object) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Problem(422, f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}") from None


def _match(text: str, visit: Visit) -> dict[str, str]:
    """The labels of lines `name=value`."""
    match = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = line.partition("=")
        if not (name.strip() and sign and value.strip()):
            raise Problem(422, visit.texts("silences.bad_match"))
        match[name.strip()] = value.strip()
    return match


def _answered(request: web.Request, answer: Answer, form: dict[str, str], path: str) -> web.StreamResponse:
    if "application/json" in request.headers.get(hdrs.ACCEPT, ""):
        return web.json_response(answer.body, status=202)
    back = URL(local_path(form.get("back") or path)).update_query(note="sent")
    return web.Response(status=303, headers={hdrs.LOCATION: str(back)})
