from __future__ import annotations

import re

import pytest

from streams.console.session import SESSION_S, TICKET_S, Sessions
from streams.console.visit import SESSION, local_path
from tests.unit.console.desk import MADE, Desk, made, played


def test_a_visitor_is_asked_to_log_in_and_then_gets_where_they_wanted() -> None:
    async def scene(desk: Desk) -> None:
        asked = await desk.send("GET", "/alerts?tier=red")
        assert (asked.status, asked.headers["Location"]) == (303, "/login?next=/alerts?tier%3Dred")
        _, page = await desk.get(asked.headers["Location"])
        assert 'name="next" value="/alerts?tier=red"' in page
        form = {"csrf": re.search(r'csrf" value="(\w+)"', page)[1], "token": MADE["viewer"][0], "next": "/alerts?tier=red"}  # type: ignore[index]
        entered = await desk.send("POST", "/login", form)
        assert (entered.status, entered.headers["Location"]) == (303, "/alerts?tier=red")
        assert (await desk.get("/alerts"))[0] == 200

    played(scene)


def test_the_session_cookie_is_for_this_site_and_no_script() -> None:
    async def scene(desk: Desk) -> None:
        plain = (await desk.login()).headers["Set-Cookie"]
        assert "HttpOnly" in plain
        assert "SameSite=Strict" in plain
        assert "Secure" not in plain
        assert "Path=/" in plain

    played(scene)


def test_a_browser_that_speaks_tls_gets_a_cookie_that_is_never_sent_in_the_clear() -> None:
    async def scene(desk: Desk) -> None:
        origin = str(desk.client.make_url("/").origin()).replace("http:", "https:")
        assert "Secure" in (await desk.login(Origin=origin)).headers["Set-Cookie"]

    played(scene)


def test_a_wrong_token_is_told_in_words_and_the_eleventh_must_wait() -> None:
    async def scene(desk: Desk) -> None:
        for _ in range(10):
            answer = await desk.login("fh_guess")
            assert answer.status == 401
            assert "The token is not known" in await answer.text()
        answer = await desk.login("operator")
        assert answer.status == 429
        assert "Try again in 60 seconds" in await answer.text()
        desk.clock[0] += 61
        assert (await desk.login("operator")).status == 303

    played(scene)


def test_a_login_form_of_another_site_is_turned_away() -> None:
    async def scene(desk: Desk) -> None:
        form = {"csrf": "0" * 64, "token": MADE["admin"][0]}
        assert (await desk.send("POST", "/login", form)).status == 400
        crossed = await desk.send("POST", "/login", form, Origin="https://evil.example")
        assert crossed.status == 403

    played(scene)


def test_a_ticket_opens_once_and_only_for_ten_minutes() -> None:
    async def scene(desk: Desk) -> None:
        tickets, now = desk.parts.tickets, desk.clock[0]
        first, late = tickets.issue(MADE["admin"][1], now), tickets.issue(MADE["admin"][1], now)
        assert (await desk.send("GET", f"/login?ticket={first}")).status == 303
        desk.client.session.cookie_jar.clear()
        again = await desk.send("GET", f"/login?ticket={first}")
        assert again.status == 401
        assert "used before" in await again.text()
        desk.clock[0] += TICKET_S
        assert (await desk.send("GET", f"/login?ticket={late}")).status == 401

    played(scene)


def test_logging_out_ends_the_session_for_a_stolen_cookie_too() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()
        cookie = next(each.value for each in desk.client.session.cookie_jar if each.key == SESSION)
        assert (await desk.send("POST", "/logout", {"csrf": await desk.csrf()})).status == 303
        desk.client.session.cookie_jar.update_cookies({SESSION: cookie})
        assert (await desk.send("GET", "/alerts")).status == 303

    played(scene)


def test_a_session_ends_after_its_time_and_a_script_is_told_so() -> None:
    async def scene(desk: Desk) -> None:
        await desk.login()
        desk.clock[0] += SESSION_S
        answer = await desk.send("GET", "/alerts/counts", Accept="application/json")
        assert (answer.status, (await answer.json())["message"]) == (401, "Your session has ended. Please log in again.")

    played(scene)


def test_a_link_from_a_chat_finds_the_session_by_asking_once_more() -> None:
    async def scene(desk: Desk) -> None:
        answer = await desk.send("GET", "/alerts/abcd", Sec_Fetch_Site="cross-site")
        assert answer.status == 200
        assert '<meta http-equiv="refresh" content="0">' in await answer.text()

    played(scene)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/x", "/\\evil.example", "\\/evil", "javascript:alert(1)", "/a\nb", ""]
)
def test_nobody_is_sent_to_another_site(target: str) -> None:
    assert local_path(target) == "/alerts"


def test_a_language_and_a_light_are_remembered() -> None:
    async def scene(desk: Desk) -> None:
        answer = await desk.send("GET", "/preferences?language=zh&theme=dark&back=/login")
        assert answer.headers["Location"] == "/login"
        _, page = await desk.get("/login")
        assert '<html lang="zh-CN" data-theme="dark">' in page

    played(scene)


def test_a_cookie_nobody_gave_out_is_nobodys() -> None:
    sessions = Sessions()
    session = sessions.open(MADE["viewer"][1], 0.0)
    name, _, signature = session.cookie.partition(".")
    for forged in ("", ".", name, f"{name}.{signature[:-1]}0", f"x.{signature}", "é.é", Sessions().open(MADE["admin"][1], 0.0).cookie):
        assert (found := sessions.find(forged, 1.0)) is None or found.cookie == session.cookie
    assert sessions.find(session.cookie, 1.0) is session


def test_another_tenants_alert_is_not_there_for_a_token_that_may_not_see_it() -> None:
    async def scene(desk: Desk) -> None:
        await desk.worker.light(made("a1b2c3"), made("b1b2c3", tenant="other"))
        await desk.login("local")
        assert "a1b2c3" in (await desk.get("/alerts"))[1]
        assert "b1b2c3" not in (await desk.get("/alerts"))[1]
        assert (await desk.get("/alerts/b1b2c3"))[0] == 404
        assert (await desk.get("/alerts?tenant=other"))[0] == 403
        assert (await desk.order("/alerts/b1b2c3/acknowledge")).status == 404

    played(scene)
