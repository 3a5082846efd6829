from __future__ import annotations

import pytest

from alerts.store.rows import Rows, Source
from tests.unit.console.desk import Desk, made, played
from tests.unit.store.records import BEGAN, silence


@pytest.mark.parametrize(
    ("verb", "form", "kind"),
    [
        ("acknowledge", {}, "acknowledge"),
        ("start", {}, "in_progress"),
        ("resolve", {"comment": "补发"}, "resolve"),
        ("feedback", {"verdict": "true"}, "true_positive"),
        ("feedback", {"verdict": "false_positive"}, "false_positive"),
        ("feedback", {"verdict": "late"}, "late"),
    ],
)
def test_one_click_is_one_command_in_the_name_of_the_token(verb: str, form: dict[str, str], kind: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        answer = await desk.order(f"/alerts/aaaa1/{verb}", revision="1", **form)
        assert answer.status == 202
        [command] = desk.worker.commands
        assert (command.kind, command.by, command.alert_id, command.comment) == (kind, "operator", "aaaa1", form.get("comment", ""))

    played(scene)


def test_the_same_key_counts_once() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        for _ in range(2):
            assert (await desk.order("/alerts/aaaa1/acknowledge", key="k-1")).status == 202
        assert len(desk.worker.commands) == 1

    played(scene)


def test_a_form_without_scripts_goes_back_to_its_page() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        form = {"csrf": await desk.csrf(), "back": "/alerts?tier=yellow", "revision": "1"}
        answer = await desk.send("POST", "/alerts/aaaa1/acknowledge", form)
        assert (answer.status, answer.headers["Location"]) == (303, "/alerts?tier=yellow&note=sent")
        assert "Sent, waiting for confirmation" in (await desk.get(answer.headers["Location"]))[1]

    played(scene)


@pytest.mark.parametrize("path", ["/alerts/aaaa1/acknowledge", "/alerts/aaaa1/feedback", "/silences", "/silences/s-1/expire"])
def test_a_viewer_may_only_look(path: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login("viewer")
        answer = await desk.order(path, verdict="true")
        assert answer.status == 403
        assert "Your role may not do this" in (await answer.json())["message"]
        assert desk.worker.commands == []
        assert "data-do" not in (await desk.get("/alerts"))[1]

    played(scene)


@pytest.mark.parametrize("path", ["/alerts/aaaa1/resolve", "/silences", "/logout"])
def test_a_form_that_is_not_of_the_session_does_nothing(path: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        for csrf in ("", "0" * 64, desk.parts.sessions.csrf("another")):
            assert (await desk.send("POST", path, {"csrf": csrf})).status == 400
        assert (await desk.send("POST", path, {"csrf": await desk.csrf()}, Origin="https://evil.example")).status == 403
        assert desk.worker.commands == []
        assert (await desk.get("/alerts"))[0] == 200

    played(scene)


def test_what_changed_meanwhile_or_is_over_is_told() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"), made("aaaa1", 2), made("bbbb1", 5))
        await desk.login()
        stale = await desk.order("/alerts/aaaa1/acknowledge", revision="1")
        over = await desk.order("/alerts/bbbb1/acknowledge")
        gone = await desk.order("/alerts/cccc1/acknowledge")
        long = await desk.order("/alerts/aaaa1/acknowledge", comment="x" * 2001)
        assert [each.status for each in (stale, over, gone, long)] == [412, 409, 404, 422]
        assert "just changed" in (await stale.json())["message"]
        assert "is over" in (await over.json())["message"]
        assert desk.worker.commands == []

    played(scene)


def test_a_bus_that_is_down_is_told_and_the_page_says_what_to_do() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        await desk.login()
        desk.worker.down = True
        answer = await desk.order("/alerts/aaaa1/acknowledge")
        assert answer.status == 503
        assert "you may try again" in (await answer.json())["message"]

    played(scene)


def test_a_silence_is_made_from_lines() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login("local")
        answer = await desk.order("/silences", match=" queue_id = q-a \n\nindicator=queue_length", duration_s="3600", why="drill")
        assert answer.status == 202
        [command] = desk.worker.commands
        assert command.silence is not None
        assert command.silence.match == {"queue_id": "q-a", "indicator": "queue_length"}
        assert (command.tenant, command.silence.until - command.silence.starts) == ("acme", 3600.0)
        assert "drill" in (await desk.get("/silences"))[1]
        ended = await desk.order(f"/silences/{command.silence.id}/expire", tenant="acme")
        assert ended.status == 202
        assert "No silences" in (await desk.get("/silences"))[1]

    played(scene)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"match": "nonsense", "duration_s": "60", "why": "x"}, 422),
        ({"match": "queue_id=q-a", "duration_s": "-1", "why": "x"}, 422),
        ({"match": "queue_id=q-a", "duration_s": "60", "why": ""}, 422),
        ({"match": "queue_id=q-a", "why": "x"}, 422),
        ({"match": "", "duration_s": "60", "why": "x"}, 403),
        ({"match": "queue_id=q-a", "duration_s": "60", "why": "x", "tenant": "other"}, 403),
    ],
)
def test_a_silence_that_cannot_be_is_refused(form: dict[str, str], status: int) -> None:
    async def scene(desk: Desk) -> None:
        await desk.login("local")
        assert (await desk.order("/silences", **form)).status == status
        assert desk.worker.commands == []

    played(scene)


def test_an_alerts_page_names_the_silence_that_covers_it() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("aaaa1"))
        rows = Rows()
        rows.add(Source("commands", silence("s-9", at=1.0).value, BEGAN))
        await desk.worker.store.write(rows, {})
        await desk.login()
        assert "Silence s-9 by li: test" in (await desk.get("/alerts/aaaa1"))[1]

    played(scene)
