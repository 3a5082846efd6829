from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from openapi_spec_validator import validate

from streams.api.openapi import openapi
from streams.api.routes import ROUTES
from tests.unit.api.site import Site, played

ROOT = Path(__file__).parents[3]


def test_the_document_is_valid_openapi() -> None:
    document = openapi()
    validate(document)
    assert document["openapi"].startswith("3.1.")


def test_the_document_in_docs_is_the_one_that_is_served() -> None:
    kept = json.loads((ROOT / "docs/api/openapi.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(openapi())), "run `fenghuo api openapi --out docs/api/openapi.json`"

    async def scene(site: Site) -> None:
        assert (await site.ask("GET", "/openapi.json", None)).body == kept

    played(scene)


def test_every_route_is_documented_with_its_refusals() -> None:
    paths = openapi()["paths"]
    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        (endpoint.full, endpoint.method.lower()) for endpoint in ROUTES
    }
    for endpoint in ROUTES:
        operation: dict[str, Any] = paths[endpoint.full][endpoint.method.lower()]
        assert str(endpoint.status) in operation["responses"]
        if endpoint.role is not None:
            assert {"401", "403", "429"} <= set(operation["responses"])
        if endpoint.commands:
            assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
