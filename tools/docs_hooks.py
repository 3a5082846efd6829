"""What `mkdocs build` asks of us: links that leave docs/ become text, Chinese headings can be reached by the English ones' anchors."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

__all__ = ["anchored", "for_site", "on_page_markdown"]

LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    """The page as the site shows it."""
    folder = posixpath.dirname(page.file.src_uri)
    source = Path(page.file.abs_src_path)
    if source.name.endswith(".zh.md"):
        markdown = anchored(markdown, source.with_name(source.name.replace(".zh.md", ".md")).read_text("utf-8"))
    return for_site(markdown, folder)


def for_site(text: str, folder: str) -> str:
    """The text of a page in `folder` of docs/; the site has nothing else, so links out of it lose their address (a test checks them here).

    >>> for_site("[a](../deploy/k8s/README.md), [b](decisions/0001-x.md), [c](https://example.com)", "")
    'a, [b](decisions/0001-x.md), [c](https://example.com)'
    """

    def shown(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2].partition("#")[0]))
        return match[1] if "://" not in match[2] and target.startswith("..") else match[0]

    return "".join(part if part.startswith("```") else LINK.sub(shown, part) for part in FENCED.split(text))


def anchored(chinese: str, english: str) -> str:
    r"""The Chinese text with the anchors of the English headings before its own: pages that exist in English only link to those.

    >>> anchored("# 题\n\n## 设置\n", "# Title\n\n## The settings\n")
    '# 题\n\n<a id="the-settings"></a>\n\n## 设置\n'
    """
    headings = [match[1] for match in HEADING.finditer(FENCED.sub("", english))][1:]
    slugs = iter([re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings])
    title = True

    def reached(match: re.Match[str]) -> str:
        nonlocal title
        if title:
            title = False
            return match[0]
        return f'<a id="{next(slugs)}"></a>\n\n{match[0]}'

    return "".join(part if part.startswith("```") else HEADING.sub(reached, part) for part in FENCED.split(chinese))
