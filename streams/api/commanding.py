"""The operations that give commands: each is one command on the feedback topic, answered once it is durable there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from alerts.command import MAX_TEXT, Command, CommandKind
from alerts.silence import Silence
from alerts.store.queries import Queries
from alerts.store.rows import CLOSED
from detectors.text.pii import mask
from streams.api import models
from streams.api.bus import Bus, BusUnavailable
from streams.api.call import Answer, Call, find_alert, tenant_of, tenants_of
from streams.api.problem import Problem
from streams.api.replays import Replays, Reused
from streams.api.tokens import Role

__all__ = ["Commanding"]

_KINDS: Final[Mapping[str, CommandKind]] = {
    "acknowledge_alert": "acknowledge",
    "start_alert": "in_progress",
    "resolve_alert": "resolve",
}
_VERDICTS: Final[Mapping[str, CommandKind]] = {"true": "true_positive", "false_positive": "false_positive", "late": "late"}


class Commanding:
    """Writes commands. The same idempotency key of the same token is the same command: it counts once, also over a restart."""

    def __init__(self, queries: Queries, bus: Bus, wall: Callable[[], float]) -> None:
        self._queries, self._bus, self._wall = queries, bus, wall
        self._replays = Replays()

    async def command_alert(self, call: Call) -> Answer:
        """Acknowledge, start, resolve or judge an alert."""
        if (known := self._known(call)) is not None:
            return known
        data = await find_alert(self._queries, call.token, call.id)
        if call.revisions and "*" not in call.revisions and str(data["revision"]) not in call.revisions:
            raise Problem(412, f"the alert is at revision {data['revision']} now; read it again", headers={"ETag": f'"{data["revision"]}"'})
        verdict = isinstance(call.body, models.Verdict)
        kind = _VERDICTS[call.body.verdict] if verdict else _KINDS[call.operation]
        if not verdict and data["state"] in CLOSED:
            raise Problem(409, f"the alert is over ({data['state']}); only feedback can still be given")
        command = self._command(call, data["scope"]["tenant_id"], kind, alert_id=data["alert_id"], comment=call.body.comment)
        return await self._send(call, command, {"alert_id": data["alert_id"]})

    async def report_missed(self, call: Call) -> Answer:
        """Report an alert that should have come."""
        if (known := self._known(call)) is not None:
            return known
        body: models.Missed = call.body
        tenant = tenant_of(call.token, body.tenant)
        return await self._send(call, self._command(call, tenant, "missed", alert_key=body.alert_key, comment=body.comment), {})

    async def add_silence(self, call: Call) -> Answer:
        """Silence what matches."""
        if (known := self._known(call)) is not None:
            return known
        body: models.NewSilence = call.body
        if not body.match and not call.token.may(Role.ADMIN):
            raise Problem(403, "to silence a whole tenant one must be admin; give match some labels")
        now = self._wall()
        starts = body.starts.timestamp() if body.starts is not None else now
        until = body.until.timestamp() if body.until is not None else starts + (body.duration_s or 0.0)
        if not starts < until <= starts + 366 * 86_400:
            raise Problem(
                422, "a silence ends after it starts, at most 366 days later", errors=[{"path": "until", "problem": "out of range"}]
            )
        if until <= now:
            raise Problem(422, "the silence would be over already", errors=[{"path": "until", "problem": "is past"}])
        tenant, given = tenant_of(call.token, body.tenant), self._id(call)
        silence = Silence(
            id=f"s-{given[:12]}",
            tenant=tenant,
            match=dict(body.match),
            starts=starts,
            until=until,
            by=call.token.name,
            why=mask(body.why).text,
        )
        command = self._command(call, tenant, "silence_add", id_=given, silence=silence, comment=body.why)
        return await self._send(call, command, {"silence_id": silence.id})

    async def expire_silence(self, call: Call) -> Answer:
        """End a silence."""
        if (known := self._known(call)) is not None:
            return known
        now = self._wall()
        rows = await self._queries.silences(now, tenants_of(call.token, call.query.tenant))
        found = [row for row in rows if row["silence_id"] == call.id]
        if len(found) != 1:
            problem = "there is no such silence, or it is over" if not found else "several tenants have it; name the tenant"
            raise Problem(404 if not found else 422, f"{problem}; GET /api/v1/silences lists them")
        row = found[0]
        named = {name: row[name] for name in ("tenant", "match", "starts", "until")}
        command = self._command(call, row["tenant"], "silence_expire", silence=Silence(id=call.id, by=call.token.name, **named))
        return await self._send(call, command, {"silence_id": call.id})

    # -- one command

    def _command(self, call: Call, tenant: str, kind: CommandKind, *, id_: str | None = None, comment: str = "", **more: Any) -> Command:
        """A command of now, without private data in what people wrote."""
        name, at, text = id_ or self._id(call), self._wall(), mask(comment).text
        return Command(id=name, tenant=tenant, kind=kind, by=call.token.name, at=at, comment=text[:MAX_TEXT], **more)

    async def _send(self, call: Call, command: Command, named: dict[str, str]) -> Answer:
        try:
            await self._bus.send(command)
        except BusUnavailable as error:
            detail = f"{error}; whether it has it is not known: repeat the request with the same Idempotency-Key"
            raise Problem(503, detail, headers={"Retry-After": "5"}) from error
        answer = Answer({"command_id": command.id, "kind": command.kind, "alert_id": None, "silence_id": None, **named})
        if call.key:
            self._replays.put(self._id(call), _request(call), answer)
        return answer

    def _known(self, call: Call) -> Answer | None:
        if not call.key:
            return None
        try:
            return self._replays.get(self._id(call), _request(call))
        except Reused:
            raise Problem(422, "this Idempotency-Key was used for another request; take a new one") from None

    @staticmethod
    def _id(call: Call) -> str:
        """The command's id: follows from token and key where there is one."""
        if not call.key:
            return uuid.uuid4().hex
        return hashlib.blake2b(msgspec.msgpack.encode((call.token.name, call.key)), digest_size=16).hexdigest()


def _request(call: Call) -> str:
    return repr((call.operation, call.id, call.query, call.body))
