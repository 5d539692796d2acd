"""Describes the event request, which is read by hand, in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def request_body(item: type[BaseModel], max_items: int) -> dict[str, Any]:
    """Return the `requestBody` of a route that takes one item or a list of them.

    Args:
        item: Model of one item; its own definitions are written out in place.
        max_items: Longest list.
    """
    schema = item.model_json_schema()
    one = _inlined(schema, schema.get("$defs", {}))
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": max_items}
    content = {"application/json": {"schema": {"oneOf": [one, many]}}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(definitions[node["$ref"].rpartition("/")[2]], definitions)
    return {key: _inlined(part, definitions) for key, part in node.items() if key != "$defs"}
