"""What `fenghuo demo` says of its console: a link that logs in once to whoever looks, its address alone in what programs read."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any, cast

from rich.console import Console

from streams.cli.console import OpenConsole
from streams.cli.demo import Demo, Opening
from streams.console.session import Tickets

ADDRESS = "http://127.0.0.1:8740/"


def demo(opening: Opening, *, page: bool = True) -> tuple[Demo, io.StringIO]:
    said = io.StringIO()
    made = Demo(Console(file=said, width=200, soft_wrap=True), seed=1, speed=1200.0, seconds=None, opening=opening)
    if page:
        made._page = OpenConsole(cast("Any", SimpleNamespace(tickets=Tickets())), ADDRESS, [])
    return made, said


def test_the_link_stands_on_a_line_of_its_own_and_each_one_logs_in_once() -> None:
    made, said = demo(Opening())
    made._invite("控制台 console")
    made._invite("控制台 console")
    links = re.findall(rf"{ADDRESS}login\?ticket=\S+", said.getvalue())
    assert len(set(links)) == 2
    page = made._page
    assert page is not None
    text = links[0].partition("ticket=")[2]
    assert [token is not None for token in (page.parts.tickets.take(text, 0.0), page.parts.tickets.take(text, 0.0))] == [True, False]


def test_what_programs_read_has_the_address_and_no_ticket() -> None:
    made, _ = demo(Opening(quiet=True))
    assert made.summary()["console"] == ADDRESS
    without, _ = demo(Opening(page=False), page=False)
    assert without.summary().keys() == made.summary().keys() - {"console"}


def test_when_the_day_is_over_it_says_so_and_shows_the_way_in_again() -> None:
    made, said = demo(Opening(stay=True))
    made._tell()
    table, _, rest = said.getvalue().partition("the day is over")
    assert "planted incidents found" in table
    assert f"{ADDRESS}login?ticket=" in rest


def test_with_json_nothing_is_drawn() -> None:
    made, said = demo(Opening(quiet=True))
    made._tell()
    assert said.getvalue() == ""
