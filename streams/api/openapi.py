"""The OpenAPI document, made from the routes and their models."""

from __future__ import annotations

import importlib.metadata
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from streams.api.models import ProblemDetails
from streams.api.routes import ROUTES, Endpoint

__all__ = ["openapi"]

_REF: Final = "#/components/schemas/{model}"
_USUAL: Final = {
    400: "The body cannot be read.",
    401: "The token is missing or wrong.",
    403: "The token may not do that, or the origin is a foreign one.",
    404: "There is no such thing.",
    409: "The alert is over, or several begin with this id.",
    412: "The alert is at another revision.",
    415: "The body is not JSON.",
    421: "The server is not known under that name.",
    422: "Something in the request cannot be used; `errors` say what.",
    429: "Too many wrong tokens from this address.",
    503: "Kafka or the store does not answer, or there are too many live readers.",
}


def openapi() -> dict[str, Any]:
    """The document, OpenAPI 3.1. The same version of Fenghuo gives the same."""
    models = {model for endpoint in ROUTES for model in (endpoint.answer, endpoint.body) if model is not None} | {ProblemDetails}
    order = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in order], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ROUTES:
        paths.setdefault(endpoint.full, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "烽火 Fenghuo",
            "version": importlib.metadata.version("fenghuo"),
            "summary": "Alerts of a customer-service centre: read them, follow them, say what is done about them.",
            "description": "Commands are answered with 202 once Kafka has them; what came of one is in the alert's next revision.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "http://127.0.0.1:8741", "description": "The default: loopback."}],
        "security": [{"token": []}],
        "tags": [{"name": name} for name in dict.fromkeys(tag for endpoint in ROUTES for tag in endpoint.tags)],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "`fenghuo api token NAME` makes one."}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": list(endpoint.tags),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
    }
    if endpoint.role is None:
        found["security"] = []
    else:
        found["description"] = f"Needs the role {endpoint.role.name.lower()}."
    if endpoint.body is not None:
        needed = bool(endpoint.body.model_json_schema().get("required"))
        found["requestBody"] = {"required": needed, "content": {"application/json": {"schema": _ref(endpoint.body)}}}
    return found


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if "{id}" in endpoint.path:
        text = "The id, or at least the first 4 characters of it." if endpoint.path.startswith("/alerts") else "The id."
        found.append({"name": "id", "in": "path", "required": True, "description": text, "schema": {"type": "string"}})
    if endpoint.query is not None:
        for name, schema in endpoint.query.model_json_schema()["properties"].items():
            kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
            listed = {"style": "form", "explode": False} if kept.get("type") == "array" else {}
            about = {"description": schema["description"]} if "description" in schema else {}
            found.append({"name": name, "in": "query", **about, **listed, "schema": kept})
    if endpoint.tagged:
        name = "If-Match" if endpoint.commands else "If-None-Match"
        found.append(_header(name, 'The revision that was seen, such as "3".'))
    if endpoint.commands:
        found.append(_header("Idempotency-Key", "The same key is the same command, however often it is sent."))
    if endpoint.media == "text/event-stream":
        found.append(_header("Last-Event-ID", "The last event that was read."))
    return found


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"} if endpoint.answer is None else _ref(endpoint.answer)
    if endpoint.media != "application/json":
        schema = {"type": "string"}
    good: dict[str, Any] = {"description": "Kafka has the command." if endpoint.commands else "Done."}
    good["content"] = {endpoint.media: {"schema": schema}}
    if endpoint.tagged and not endpoint.commands:
        good["headers"] = {"ETag": {"description": "The alert's revision.", "schema": {"type": "string"}}}
    found = {str(endpoint.status): good}
    refusals = {421, *endpoint.statuses} | ({401, 403, 429, 503} if endpoint.role is not None else set())
    refusals |= {400, 415} if endpoint.body is not None else set()
    refusals |= {422} if endpoint.body is not None or endpoint.query is not None or endpoint.commands else set()
    for status in sorted(refusals):
        if status == 304:
            found["304"] = {"description": "Nothing has changed."}
        else:
            content = {"application/problem+json": {"schema": _ref(ProblemDetails)}}
            found[str(status)] = {"description": _USUAL[status], "content": content}
    return found


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
