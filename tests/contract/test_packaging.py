"""What is shipped: the four import packages with all their data, and every package they import, pinned by hash."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
PACKAGES = ("alerts", "config", "detectors", "streams")
REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>\S+)", re.MULTILINE)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def names(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements}  # type: ignore[index]


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for match in REQUIREMENT.finditer((ROOT / lock).read_text("utf-8")):
        found.setdefault(normal(match["name"]), set()).add(match["version"])
    return found


def nodes() -> Iterator[ast.AST]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def imported_modules() -> set[str]:
    found: set[str] = set()
    for node in nodes():
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - set(PACKAGES)


def quoted() -> set[str]:
    """Texts in the code: a package that holds data is found by its name and never imported."""
    return {node.value for node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    [path] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")))
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_the_wheel_has_the_four_packages_and_nothing_else(wheel: set[str]) -> None:
    top = {name.partition("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_has_every_file_of_the_packages(wheel: set[str]) -> None:
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    kept = {path.relative_to(ROOT).as_posix() for path in files if not {"__pycache__"} & set(path.parts) and path.suffix != ".pyc"}
    assert kept - wheel == set()


def test_every_imported_package_is_declared() -> None:
    providers = importlib.metadata.packages_distributions()
    imported = {module: {normal(name) for name in providers.get(module, [module])} for module in imported_modules()}
    declared = names(project()["project"]["dependencies"])
    assert sorted(module for module, distributions in imported.items() if not distributions & declared) == []


def test_every_declared_package_is_imported() -> None:
    providers = importlib.metadata.packages_distributions()
    imported = {normal(name) for module in imported_modules() for name in providers.get(module, [module])}
    assert sorted(names(project()["project"]["dependencies"]) - imported - quoted()) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-docs.lock"])
def test_a_lock_pins_everything_by_hash_and_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    assert all(REQUIREMENT.match(block.strip()) and "--hash=sha256:" in block for block in blocks if block.strip())
    assert "://" not in text
    assert not re.search(r"--(extra-)?index|--find-links", text)


def test_the_locks_hold_what_is_declared_and_agree() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    declared = project()
    shipped = [*declared["project"]["dependencies"], *declared["project"]["optional-dependencies"]["postgres"]]
    assert names(shipped) - runtime.keys() == set()
    groups = declared["dependency-groups"]
    assert names([*groups["build"], *(each for each in groups["dev"] if isinstance(each, str))]) - development.keys() == set()
    assert runtime.items() <= development.items()
    assert pins("requirements-build.lock").items() <= development.items()
    assert names(groups["docs"]) - pins("requirements-docs.lock").keys() == set()


def test_the_command_is_fenghuo() -> None:
    assert project()["project"]["scripts"] == {"fenghuo": "streams.cli:main"}


def test_the_project_cannot_be_uploaded_by_mistake() -> None:
    assert "Private :: Do Not Upload" in project()["project"]["classifiers"]
