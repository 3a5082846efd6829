"""The AsyncAPI document against AsyncAPI's own JSON Schema, which comes from its npm package (tests only; nothing of it is kept)."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from typing import Any

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from streams.api.asyncapi import asyncapi_document

PACKAGE = "@asyncapi/specs@6.11.1"
NPM = shutil.which("npm")


@pytest.fixture(scope="module")
def specification(tmp_path_factory: pytest.TempPathFactory) -> Draft7Validator:
    if NPM is None:
        pytest.skip("npm is not installed, AsyncAPI's schema comes from there (Debian: apt-get install npm)")
    folder = tmp_path_factory.mktemp("asyncapi")
    try:
        done = subprocess.run([NPM, "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"npm cannot fetch {PACKAGE} here: {type(error).__name__}")
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        file = archive.extractfile(f"package/schemas/{asyncapi_document()['asyncapi']}.json")
        assert file is not None
        schema = json.load(file)
    return Draft7Validator(schema)


def plain() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(asyncapi_document()))
    return found


def test_the_document_is_what_the_specification_asks_for(specification: Draft7Validator) -> None:
    assert [(list(error.absolute_path), error.message) for error in specification.iter_errors(plain())] == []


def test_a_document_that_is_none_is_found(specification: Draft7Validator) -> None:
    wrong = plain()
    next(iter(wrong["operations"].values()))["action"] = "shout"
    assert not specification.is_valid(wrong)
    assert not specification.is_valid({**plain(), "info": {}})
