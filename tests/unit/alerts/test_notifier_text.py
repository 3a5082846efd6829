from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notifiers.shared.text import as_is, cut, cut_bytes, markdown, one_line, slack

ANYTHING = st.text(alphabet=st.characters(), max_size=200)


@given(ANYTHING)
def test_a_line_is_one_line_without_control_or_direction(text: str) -> None:
    line = one_line(text)
    assert not any(unicodedata.category(char)[0] == "C" for char in line)
    assert len(line.splitlines()) <= 1
    assert line.encode().decode() == line


@given(ANYTHING)
def test_nothing_that_acts_in_markdown_is_left(text: str) -> None:
    found = markdown(text)
    assert not set(found) & set("*`~[]<>#|\\&@!")
    assert not re.search(r"[A-Za-z0-9]://", found)
    assert not re.search(r"(?:^|[\W_])_|_(?:[\W_]|$)", found)


@pytest.mark.parametrize(
    "text", ["[x](http://evil.example)", "http://evil.example", "![x](https://evil.example/a.png)", "<http://evil.example>"]
)
def test_no_link_comes_out_of_a_text(text: str) -> None:
    assert "://" not in markdown(text) + slack(text) + as_is(text)


@pytest.mark.parametrize("text", ["# heading", "> quote", "- item", "+ item", "1. item", "--- rule", "=== line", "| a | b |"])
def test_no_block_begins_with_a_text(text: str) -> None:
    assert not re.match(r"[#>|]|[-+=](?:\s|$)|\d+[.)]\s|[-=]{2}", markdown(text))


@given(ANYTHING)
def test_slack_reads_a_text_as_it_was(text: str) -> None:
    found = slack(text)
    assert not set(found) & set("<>")
    assert html.unescape(found.replace("&", "&")) == html.unescape(html.escape(as_is(text), quote=False))


@given(st.text(max_size=60), st.integers(3, 100))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    for found, size in ((cut(text, limit), len), (cut_bytes(text, limit), lambda each: len(each.encode()))):
        assert size(found) <= limit
        assert found == text or (found.endswith("…") and text.startswith(found[:-1]))
