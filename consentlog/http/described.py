"""What an interface says about itself: its errors, its keys, and what every answer carries.

A route names the codes that it can answer with (`problems`); texts and statuses come from the
catalogue, so that the description cannot say something else than the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from consentlog.errors import CatalogueEntry, catalogue

Answers = dict[int | str, dict[str, Any]]
"""Responses of a route by status, as OpenAPI has them."""

KEYED: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"apiKey": []}]
"""`security` of a route that needs an API key, in either header."""
OPEN: Final[list[dict[str, list[str]]]] = []
"""`security` of a route that needs none."""

PROBLEM_JSON: Final = "application/problem+json"

_TEXT: Final = {"type": "string"}
_PROBLEM: Final = {
    "title": "Problem",
    "description": "An error (RFC 9457), in Chinese or English by Accept-Language.",
    "type": "object",
    "properties": {
        "type": {**_TEXT, "description": "urn:consentlog:problem: and the name of the error"},
        "title": {**_TEXT, "description": "the name of the error, in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {**_TEXT, "description": "what happened"},
        "code": {**_TEXT, "pattern": "^CL-[0-9]{4}$", "description": "stable for ever"},
        "why": {**_TEXT, "description": "why this is an error"},
        "do": {**_TEXT, "description": "what to do next"},
        "errors": {
            "type": "array",
            "description": "what is wrong with which field",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {**_TEXT, "description": "JSON pointer (RFC 6901)"},
                    "message": _TEXT,
                    "in": {**_TEXT, "enum": ["body", "query", "path", "header", "cookie"]},
                },
                "required": ["pointer", "message"],
            },
        },
        "review_id": {**_TEXT, "description": "the case that a person looks at"},
        "correlation_id": {**_TEXT, "description": "the caller's own name for the line"},
    },
    "required": ["type", "title", "status", "detail", "code", "why", "do"],
}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_REQUEST_ID: Final = {
    "X-Request-Id": {
        "description": "names this request in the service's log",
        "schema": {**_TEXT, "pattern": "^[0-9a-f]{32}$"},
    },
}
_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "seconds until the same request may be sent again",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_CORRELATION: Final = {
    "name": "X-Correlation-Id",
    "in": "header",
    "required": False,
    "description": "the caller's own name for the request: one word of at most 128 printable"
    " ASCII characters comes back in the answer's header, anything else does not",
    "schema": _TEXT,
}
_FINAL: Final = frozenset({"CL-1803"})
"""Conflicts that no waiting ends."""
_WITH_BODY: Final = ("post", "put", "patch")


def problems(*codes: str) -> Answers:
    """Describe the errors that a route can answer with.

    Args:
        codes: Codes of the catalogue that are sent over HTTP.

    Returns:
        For `responses` of the route: one answer a status, with an example of each code.

    Raises:
        KeyError: If a code is not in the catalogue.
    """
    by_status: defaultdict[int, list[CatalogueEntry]] = defaultdict(list)
    for code in sorted(set(codes)):
        entry = catalogue()[code]
        by_status[entry.status].append(entry)
    return {status: _answer(status, entries) for status, entries in sorted(by_status.items())}


def _answer(status: int, entries: list[CatalogueEntry]) -> dict[str, Any]:
    told = "; ".join(f"{entry.code} {entry.name.replace('-', ' ')}" for entry in entries)
    is_later = status in (409, 429, 503) and not all(entry.code in _FINAL for entry in entries)
    headers = _RETRY_AFTER if is_later else {}
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {entry.code: {"value": _example(entry)} for entry in entries},
    }
    return {"description": told, "headers": dict(headers), "content": {PROBLEM_JSON: content}}


def _example(entry: CatalogueEntry) -> dict[str, object]:
    return {
        "type": f"urn:consentlog:problem:{entry.name}",
        "title": entry.name.replace("-", " "),
        "status": entry.status,
        "detail": entry.en.what,
        "code": entry.code,
        "why": entry.en.why,
        "do": entry.en.do,
    }


def describe(app: FastAPI) -> None:
    """Make `/openapi.json` tell what holds for every route too.

    Each operation can fail (500), and one with a body can be too large (413). Each takes and gives
    back `X-Correlation-Id`, and each answer has `X-Request-Id`.
    """

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = _SECURITY
    for path in document["paths"].values():
        for method, operation in path.items():
            _complete(method, operation)
    # What FastAPI would answer a wrong form with; ours is a Problem.
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    always = ("CL-1000", "CL-1005") if method in _WITH_BODY else ("CL-1000",)
    answers: dict[str, Any] = operation["responses"]
    if "HTTPValidationError" in str(answers.get("422", "")):
        answers["422"] = problems("CL-1001")[422]
    for status, answer in problems(*always).items():
        answers.setdefault(str(status), answer)
    for answer in answers.values():
        answer["headers"] = {**_REQUEST_ID, **answer.get("headers", {})}
    operation.setdefault("security", OPEN)
    operation["parameters"] = [*operation.get("parameters", []), _CORRELATION]


def json_answer(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Describe one answer in JSON."""
    return {"description": description, "content": {"application/json": {"schema": dict(schema)}}}
