"""Describes the event request, which is read by hand, in the OpenAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from consentlog.http.described import KEYED, Answers, json_answer, problems

_HEX: Final = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_TRUE: Final = {"const": True}
_CORRELATION: Final = {"type": "string", "minLength": 1, "maxLength": 128}

ACCEPTED: Final = {
    "title": "Accepted",
    "type": "object",
    "properties": {
        "status": {"const": "accepted"},
        "event_id": {**_HEX, "description": "names the act for ever"},
        "token": {
            "type": "string",
            "pattern": "^[0-9]+:[0-9]+$",
            "description": "the place in the log; `min_token` of a question to the gate",
        },
        "durability": {
            "const": "spooled",
            "description": "instead of a token: on this gateway's disk, on its way to the log",
        },
        "held": {**_TRUE, "description": "the scope is unknown: a hold for everybody instead"},
        "needs_approval": {
            **_TRUE,
            "description": "recorded, and waits for a second person under the review id",
        },
        "review_id": {**_HEX, "description": "the case that a person looks at"},
        "clock_wrong": {**_TRUE, "description": "recorded as from its arrival"},
        "correlation_id": _CORRELATION,
    },
    "required": ["status", "event_id"],
    "oneOf": [{"required": ["token"]}, {"required": ["durability"]}],
    "additionalProperties": False,
}
"""What is told about one act that is durable (`producers.results`)."""
REJECTED: Final = {
    "title": "Rejected",
    "type": "object",
    "properties": {
        "status": {"const": "rejected"},
        "problem": {"$ref": "#/components/schemas/Problem"},
        "review_id": _HEX,
        "correlation_id": _CORRELATION,
    },
    "required": ["status", "problem"],
    "additionalProperties": False,
}


def of_line(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result of one line of a list: the same, and the line's index."""
    index = {"index": {"type": "integer", "minimum": 0}}
    return {
        **result,
        "properties": {**index, **result["properties"]},
        "required": ["index", *result["required"]],
    }


def results(*lines: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a list: a result per line, each of one of these kinds."""
    items = {"oneOf": [of_line(line) for line in lines]} if lines[1:] else of_line(lines[0])
    return {
        "title": "Results",
        "type": "object",
        "properties": {"results": {"type": "array", "items": items}},
        "required": ["results"],
        "additionalProperties": False,
    }


EVENTS_ANSWERS: Final[Answers] = {
    202: json_answer(
        "Durable: in the log, or spooled for it.", {"oneOf": [ACCEPTED, results(ACCEPTED)]}
    ),
    207: json_answer(
        "A list of which some or all lines were refused; the others are durable.",
        results(ACCEPTED, REJECTED),
    ),
    **problems(
        *("CL-1001", "CL-1002", "CL-1101", "CL-1102", "CL-1103", "CL-1104", "CL-1105", "CL-1106"),
        *("CL-1107", "CL-1108", "CL-1109", "CL-1203", "CL-1204", "CL-1206", "CL-1207", "CL-1208"),
        *("CL-1209", "CL-1210", "CL-1211", "CL-1401", "CL-1402"),
    ),
}
"""What `POST /v1/consent-events` answers."""

EVENTS_SECURITY: Final = KEYED
DATE: Final = {
    "name": "Date",
    "in": "header",
    "required": False,
    "description": "The source's clock (RFC 9110): shows one that runs behind.",
    "schema": {"type": "string"},
}
TRACEPARENT: Final = {
    "name": "traceparent",
    "in": "header",
    "required": False,
    "description": "W3C trace context; goes into the record's headers.",
    "schema": {"type": "string"},
}
EVENTS_HEADERS: Final = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Names the request: sent again with the same body it gets the same answer,"
        " for a day. Names its acts too, where neither source_ref nor nonce does.",
        "schema": {"type": "string"},
    },
    DATE,
    TRACEPARENT,
]
"""Headers that `POST /v1/consent-events` reads."""


def request_body(item: type[BaseModel], max_items: int) -> dict[str, Any]:
    """Return the `requestBody` of a route that takes one item or a list of them.

    Args:
        item: Model of one item; its own definitions are written out in place.
        max_items: Longest list.
    """
    one = _schema(item)
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": max_items}
    return _body({"oneOf": [one, many]})


def one_body(item: type[BaseModel]) -> dict[str, Any]:
    """Return the `requestBody` of a route that reads one item by hand."""
    return _body(_schema(item))


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@cache
def _schema(item: type[BaseModel]) -> dict[str, Any]:
    # Half of what building a gateway takes, and tests build a thousand.
    schema = item.model_json_schema()
    found: dict[str, Any] = inlined(schema, schema.get("$defs", {}))
    return found


def inlined(node: Any, definitions: dict[str, Any]) -> Any:
    """Return a JSON schema with its own definitions written out in place."""
    if isinstance(node, list):
        return [inlined(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: inlined(part, definitions) for key, part in node.items() if key != "$defs"}
