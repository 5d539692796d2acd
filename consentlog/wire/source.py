"""Python source made from Avro schemas: what decoders and encoders of this package have in common.

fastavro walks the schema for every record and builds dictionaries that must then be turned into
domain values; the fold pays for that on every event. What is compiled here reads or writes the
bytes once, straight from and to the domain's values. It is held to fastavro by differential tests
(`tests/wire/test_compiled.py`); every other user of the wire decodes with fastavro
(docs/adr/0006-compiled-codec.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Schema: TypeAlias = Any
"""A schema as JSON holds it: a name, a list (union) or an object."""


@dataclass(frozen=True, slots=True)
class Build:
    """How values look on the Python side.

    `records` maps a record's name to the NamedTuple with its fields in schema order; `enums` maps
    an enum's name to its members in symbol order, at most 64 of them. `kept` names the records
    whose values keep the bytes that they were read from as `encoded`. `unique` names the string
    fields whose values hardly repeat, so that remembering them is not worth while.
    """

    records: Mapping[str, type[tuple[Any, ...]]]
    enums: Mapping[str, Sequence[Any]]
    unique: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


def definitions(schema: Schema) -> dict[str, Schema]:
    """Return every type that a schema defines by name."""
    found: dict[str, Schema] = {}
    if isinstance(schema, list):
        for one in schema:
            found |= definitions(one)
    elif isinstance(schema, dict):
        if "name" in schema and schema["type"] in ("record", "enum", "fixed"):
            found[schema["name"]] = schema
        for inner in (*schema.get("fields", ()), schema.get("type"), schema.get("items")):
            found |= definitions(inner)
    return found


class Source:
    """Lines of one function under construction, and the values it refers to."""

    def __init__(self, build: Build, values: Mapping[str, Any]) -> None:
        self._build = build
        self._named: dict[str, Schema] = {}
        self._values: dict[str, Any] = dict(values)
        self._lines: list[str] = []
        self._count = 0

    def _name(self, stem: str, value: Any = None) -> str:
        self._count += 1
        name = f"{stem}{self._count}"
        if value is not None:
            self._values[name] = value
        return name

    def _emit(self, depth: int, line: str) -> None:
        self._lines.append("    " * depth + line)

    def _resolve(self, schema: Schema) -> Schema:
        """Follow a name; remember a definition."""
        if isinstance(schema, str):
            return self._named.get(schema, schema)
        if isinstance(schema, dict) and "name" in schema:
            self._named[schema["name"]] = schema
        return schema

    def _compile(self, header: str, footer: str, name: str) -> Any:
        text = "\n".join([header, *self._lines, footer])
        # The text is made from the schemas of this package alone, never from input.
        exec(compile(text, f"<avro {name}>", "exec"), self._values)  # noqa: S102  # see above
        return self._values["run"]
