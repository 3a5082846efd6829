"""The repository as a whole: documents that agree with the code, and nothing of the machine it was written on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings, variables
from streams.api.meters import Meters
from streams.metrics import Metrics
from streams.records import REASONS
from streams.topics import declare
from streams.wiring import Layout

ROOT = Path(__file__).parents[2]
SKIPPED = {".git", ".venv", "__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".import_linter_cache"}
# Spelled in parts, so that this file does not name what it forbids.
REGISTRIES = (("pypi", "org"), ("pythonhosted", "org"), ("maven", "org"), ("npmjs", "org"), ("proxy", "golang"), ("deb", "debian"))
REGISTRY = re.compile("|".join(re.escape(".".join(parts)) for parts in REGISTRIES), re.IGNORECASE)
MACHINE_PATH = re.compile(r"(^|[^.A-Za-z0-9_])/(work|farm|root|home/\w+|Users/\w+|tmp/\w{1,2})/", re.MULTILINE)
COMMAND = re.compile(r"\bfenghuo ([a-z]+)\b")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)

DOCUMENTS = sorted(
    [path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"] + list((ROOT / "docs").rglob("*.md")),
)
every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def files() -> list[Path]:
    """What is in the repository or would be with the next commit."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run([git, "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not SKIPPED & set(path.relative_to(ROOT).parts)]


def found(pattern: re.Pattern[str]) -> Iterator[str]:
    for path in files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        yield from (f"{path.relative_to(ROOT)}: {match[0].strip()}" for match in pattern.finditer(text))


def code(path: Path) -> str:
    """What a document shows as code: blocks and spans."""
    text = path.read_text("utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))])


def prose(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def links(path: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", prose(path))


def targets(link: str) -> str:
    """What a link leads to, in whatever language."""
    return link.partition("#")[0].replace(".zh.md", ".md").replace("-zh.png", "-en.png")


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def makefile() -> str:
    return (ROOT / "Makefile").read_text("utf-8")


def commands() -> set[str]:
    return {path.stem.replace("_", "-") for path in (ROOT / "streams/cli").glob("*.py") if not path.stem.startswith("_")}


def test_no_path_of_a_machine_stands_in_a_file() -> None:
    assert list(found(MACHINE_PATH)) == []


def test_no_package_registry_is_named_in_a_file() -> None:
    assert list(found(REGISTRY)) == []


@every_document
def test_a_make_command_in_a_document_exists(path: Path) -> None:
    used = set(re.findall(r"(?<!install )\bmake ([a-z]+)", code(path)))
    assert used - set(TARGET.findall(makefile())) == set()


@every_document
def test_a_fenghuo_command_in_a_document_exists(path: Path) -> None:
    assert set(COMMAND.findall(code(path))) - commands() == set()


@every_document
def test_a_link_leads_somewhere(path: Path) -> None:
    for link in links(path):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_make_target_has_a_line_of_help() -> None:
    declared = re.search(r"^\.PHONY: (.+)$", makefile(), re.MULTILINE)
    assert declared is not None
    documented = set(re.findall(r"^([a-z-]+):.*## ", makefile(), re.MULTILINE))
    assert documented == set(declared[1].split())


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert {"make test", "make check"} <= set(re.findall(r"\bmake [a-z]+", "\n".join(commands)))
    assert "make test" in code(ROOT / "README.md")


def test_the_chinese_readme_says_what_the_english_one_says() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    shown = [re.findall(r"`[^`\n]+`", line) for line in prose(english).splitlines() if line.startswith("|")]
    assert [re.findall(r"`[^`\n]+`", line) for line in prose(chinese).splitlines() if line.startswith("|")] == shown
    assert [targets(link) for link in links(chinese) if link != "README.md"] == [
        targets(link) for link in links(english) if link != "README.zh-CN.md"
    ]
    count = r"^#+ "
    assert len(re.findall(count, prose(english), re.MULTILINE)) == len(re.findall(count, prose(chinese), re.MULTILINE))
    assert set(re.findall(r"FENGHUO_\w+", chinese.read_text("utf-8"))) == set(re.findall(r"FENGHUO_\w+", english.read_text("utf-8")))


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    registries = (Metrics().registry, Meters().registry)
    families = [family for registry in registries for family in registry.collect() if family.name.startswith("fenghuo_")]
    exported = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    rows = re.findall(r"^\| `(fenghuo_\w+)` \|", (ROOT / "docs/metrics.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(exported)


def test_every_topic_is_documented_and_every_documented_topic_exists() -> None:
    names = {topic.name for topic in declare(Layout())}
    text = (ROOT / "docs/operate.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `(fenghuo\.[a-z0-9.]+)` \|", text, re.MULTILINE))
    assert rows == {name for name in names if name.startswith("fenghuo.")}
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    rows = re.findall(r"^\| `(FENGHUO_\w+)` \|", (ROOT / "docs/operate.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(variables(Settings))


def test_every_setting_named_anywhere_exists() -> None:
    known = {*variables(Settings), "FENGHUO_TEST_BOOTSTRAP"}
    texts = [path.read_text("utf-8") for path in (*DOCUMENTS, ROOT / "docker-compose.yml", ROOT / "Dockerfile")]
    assert {name for text in texts for name in re.findall(r"\bFENGHUO_\w+\b", text)} - known == set()


def test_every_reason_for_a_reject_is_documented() -> None:
    text = (ROOT / "docs/operate.md").read_text("utf-8")
    assert [reason for reason in REASONS if f"`{reason}`" not in text] == []


def test_the_version_has_an_entry_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    pages = {path.name for path in folder.glob("[0-9]*.md")}
    assert set(re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text("utf-8"))) == pages
