"""The documents as a site: every page in it, the Chinese pages of one mind with the English ones, what is made from the code up to date."""

from __future__ import annotations

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from config.settings import Settings, variables
from tests.contract.test_repository import prose

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHINESE = sorted(DOCS.glob("*.zh.md"))
COUNTED = re.compile(r"^#+ ", re.MULTILINE)


class Loader(yaml.SafeLoader):
    """mkdocs.yml names a Python function as its slugifier."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda _loader, suffix, _node: suffix)
SITE: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader=Loader)  # noqa: S506  a safe loader, above


def tool(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def pages(entries: list[Any]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        (value,) = entry.values()
        found += pages(value) if isinstance(value, list) else [value]
    return found


def marked(path: Path) -> list[list[str]]:
    """What each row of the tables quotes as code, without the words around it."""
    return [sorted(re.findall(r"`[^`\n]+`", line)) for line in prose(path).splitlines() if line.startswith("|")]


def test_every_page_is_in_the_menu() -> None:
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.glob("*.md") if path not in CHINESE}
    assert set(pages(SITE["nav"])) == there | {"decisions/README.md"}


def test_every_entry_of_the_menu_has_a_chinese_name() -> None:
    (chinese,) = (each for plugin in SITE["plugins"] if "i18n" in plugin for each in plugin["i18n"]["languages"] if each["locale"] == "zh")
    names = re.findall(r"^ +- ([A-Z][\w ]+):", yaml.safe_dump(SITE["nav"], sort_keys=False).replace("- ", "  - "), re.MULTILINE)
    assert set(names) <= chinese["nav_translations"].keys()
    assert names


def test_a_reader_fetches_nothing_from_elsewhere() -> None:
    assert SITE["theme"]["font"] is False
    assert SITE["strict"] is True


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.name)
def test_a_chinese_page_says_what_the_english_one_says(path: Path) -> None:
    english = path.with_name(path.name.replace(".zh.md", ".md"))
    assert len(COUNTED.findall(prose(path))) == len(COUNTED.findall(prose(english)))
    assert marked(path) == marked(english)
    blocks = [re.findall(r"^```(\w*)$", each.read_text("utf-8"), re.MULTILINE) for each in (path, english)]
    assert blocks[0] == blocks[1]


def test_what_a_team_works_with_is_there_in_chinese() -> None:
    names = ("index", "concepts", "policy", "alerts", "console", "integrate", "operate")
    assert {f"{name}.zh.md" for name in names} <= {path.name for path in CHINESE}


def test_every_setting_is_documented_in_chinese() -> None:
    rows = re.findall(r"^\| `(FENGHUO_\w+)` \|", (DOCS / "operate.zh.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(variables(Settings))


@pytest.mark.parametrize(("language", "name"), [("en", "policy.md"), ("zh", "policy.zh.md")])
def test_the_policy_reference_is_that_of_the_models(language: str, name: str) -> None:
    made = tool("write_policy_reference").page(language)
    assert (DOCS / name).read_text("utf-8") == made, "run python tools/write_policy_reference.py"


@pytest.mark.parametrize("name", ["policy.md", "policy.zh.md"])
def test_every_key_of_the_policy_is_explained(name: str) -> None:
    sections = re.split(r"^##+ ", (DOCS / name).read_text("utf-8"), flags=re.MULTILINE)[1:]
    silent = [section.splitlines()[0] for section in sections if len(section.splitlines()) < 3 or not section.splitlines()[2].strip()]
    assert silent == []


def test_a_link_out_of_the_documents_is_text_on_the_site() -> None:
    for_site = tool("docs_hooks").for_site
    text = "[a](../deploy/k8s/README.md), [b](decisions/0001-x.md#y), [c](https://example.com), ![d](flow.svg)"
    assert for_site(text, "") == "a, [b](decisions/0001-x.md#y), [c](https://example.com), ![d](flow.svg)"
    assert for_site("[a](../operate.md), [b](../../LICENSE)", "decisions") == "[a](../operate.md), b"
