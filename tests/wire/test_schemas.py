"""Rules for schemas: defaults, UNKNOWN first, pinned ids, FULL_TRANSITIVE over all versions."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import avro.schema
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

from consentlog.wire.schemas import PinnedSchema, pinned

SCHEMAS = list(pinned().values())


def walk(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for one in schema for found in walk(one)]
    if not isinstance(schema, dict):
        return []
    inner = [f["type"] for f in schema.get("fields", [])]
    inner += [schema["items"]] if "items" in schema else []
    inner += [schema["type"]] if isinstance(schema["type"], dict | list) else []
    return [schema, *walk(inner)]


@pytest.mark.parametrize("one", SCHEMAS, ids=lambda one: one.file)
def test_every_field_has_a_default_and_every_enum_starts_with_unknown(one: PinnedSchema) -> None:
    for found in walk(one.schema):
        if found["type"] == "enum":
            assert found["symbols"][0] == found["default"] == "UNKNOWN"
        for field in found.get("fields", []):
            assert "default" in field, field["name"]
            if isinstance(field["type"], list):
                assert field["type"][0] == "null"
                assert field["default"] is None


def test_ids_are_pinned_for_ever() -> None:
    assert {(one.id, one.subject, one.version) for one in SCHEMAS} == {
        (1, "consent.events.v1-value", 1),
        (2, "evidence", 1),
        (3, "consent.state.v1-value", 1),
        (4, "review.events.v1-value", 1),
        (5, "dialer.watermarks.v1-value", 1),
        (6, "review.events.v1-value", 2),
    }


def is_full(left: Any, right: Any) -> bool:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]  # avro is untyped
    check = checker.get_compatibility
    a, b = avro.schema.parse(json.dumps(left)), avro.schema.parse(json.dumps(right))
    return {check(a, b).compatibility, check(b, a).compatibility} == {
        SchemaCompatibilityType.compatible
    }


def test_all_versions_of_a_subject_are_full_transitive() -> None:
    by_subject: dict[str, list[Any]] = {}
    for one in SCHEMAS:
        by_subject.setdefault(one.subject, []).append(one.schema)
    for versions in by_subject.values():
        assert is_full(versions[0], versions[0])
        for left, right in combinations(versions, 2):
            assert is_full(left, right)


def test_the_check_can_fail() -> None:
    v1 = SCHEMAS[0].schema
    required = {**v1, "fields": [*v1["fields"], {"name": "more", "type": "string"}]}
    optional = {
        **v1,
        "fields": [*v1["fields"], {"name": "more", "type": ["null", "string"], "default": None}],
    }
    assert not is_full(v1, required)
    assert is_full(v1, optional)


def test_event_and_state_hold_the_same_fact() -> None:
    """A fact goes from the event into the state as the bytes that it came in."""
    event, state = (pinned()[n].schema["fields"] for n in (1, 3))
    (in_event,) = [one["type"] for one in event if one["name"] == "fact"]
    (in_state,) = [one["type"]["items"] for one in state if one["name"] == "facts"]
    assert avro_shape(in_event) == avro_shape(in_state)


def avro_shape(schema: Any) -> Any:
    """Names of fields with the names of their types: a type defined elsewhere is only named."""
    if isinstance(schema, list):
        return [avro_shape(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "fields" in schema:
        return [(one["name"], avro_shape(one["type"])) for one in schema["fields"]]
    return schema.get("name", schema["type"])
