"""The JSON form of records: the schema's names and symbols, bytes in hex, times as RFC 3339.

What `schemas/examples/*.json` show. An instant that RFC 3339 cannot write, outside the years 1 to
9999, is a whole number of ms UTC, which is read for any instant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from consentlog.domain.events import ConsentEvent
from consentlog.errors import CodecError
from consentlog.wire.build import BUILD
from consentlog.wire.decoding import Decoder, compile_decoder
from consentlog.wire.framing import HEAD_BYTES, decode, schema_id_of
from consentlog.wire.instants import read_instant, write_instant
from consentlog.wire.schemas import EVENT_ID, pinned
from consentlog.wire.source import Schema

_REQUIRED: Final = frozenset(
    {
        "subject", "fact", "event_id", "action", "entity", "purpose", "channel", "margin_ms",
        "accepted_at",
    }
)  # fmt: skip
"""Fields that may not be left out: their defaults would be claims, and a refusal accepted in 1970
is older than any grant. Any other field that is left out has the schema's default.
"""
_INTS: Final = {"int": 31, "long": 63}
_MISSING: Final = object()


def event_from_json(value: object) -> ConsentEvent:
    """Read an event from its JSON form.

    Args:
        value: What a JSON parser made of one event.

    Returns:
        The event; whether it can be folded is `domain.events.defect_of`'s to say.

    Raises:
        CodecError: `CL-3101` naming the field that is missing, unknown or of a wrong form. Never
            with its value: that may be a number.
    """
    try:
        reader = _Reader(EVENT_ID)
        event: ConsentEvent = reader.read(reader.whole, value)
    except _Wrong as exc:
        path, reason = exc.args
        raise CodecError("CL-3101", reason=f"{path}: {reason}") from exc
    return event


def event_to_json(event: ConsentEvent) -> dict[str, Any]:
    """Return an event's JSON form."""
    return _written(EVENT_ID, event)


def framed_to_json(value: bytes) -> dict[str, Any]:
    """Return the JSON form of any framed record.

    Raises:
        CodecError: `CL-3101` if the bytes do not decode.
    """
    schema_id = schema_id_of(value)
    if pinned()[schema_id].schema["name"] not in BUILD.records:
        return _written(schema_id, decode(value, schema_id))
    # Not by fastavro: it cannot read an instant outside the years that a datetime has.
    try:
        record, end = _decoder(schema_id)(value, HEAD_BYTES)
    except (LookupError, ValueError) as exc:
        raise CodecError("CL-3101", reason=str(exc)) from exc
    if end != len(value):
        raise CodecError("CL-3101", reason="the record does not end where its bytes end")
    return _written(schema_id, record)


def _written(schema_id: int, value: Any) -> dict[str, Any]:
    writer = _Writer(schema_id)
    form: dict[str, Any] = writer.write(writer.whole, value)
    return form


@cache
def _decoder(schema_id: int) -> Decoder:
    return compile_decoder(pinned()[schema_id].schema, BUILD)


@cache
def _types(schema_id: int) -> dict[str, Schema]:
    """Return the named types of a schema by name."""
    found: dict[str, Schema] = {}

    def learn(schema: Schema) -> None:
        if isinstance(schema, list):
            learn(schema[1])
        elif isinstance(schema, dict):
            if "name" in schema:
                found[schema["name"]] = schema
            for one in schema.get("fields", ()):
                learn(one["type"])
            learn(schema.get("items"))

    learn(pinned()[schema_id].schema)
    return found


class _Form:
    """One schema; a union is [null, X], checked when the codecs are compiled."""

    def __init__(self, schema_id: int) -> None:
        self.whole: Schema = pinned()[schema_id].schema
        self._named = _types(schema_id)

    def _resolve(self, schema: Schema) -> Schema:
        return schema if isinstance(schema, dict) else self._named.get(schema, {"type": schema})


class _Writer(_Form):
    """Writes the values of `BUILD`, and what fastavro makes of the same records."""

    def write(self, schema: Schema, value: Any) -> Any:
        if isinstance(schema, list):
            return None if value is None else self.write(schema[1], value)
        schema = self._resolve(schema)
        kind = schema["type"]
        if kind == "record":
            return self._record(schema, value)
        if kind == "array":
            return [self.write(schema["items"], item) for item in value]
        if kind == "enum":
            return value.upper()
        if kind in {"fixed", "bytes"}:
            return value.hex()
        return _time(value) if "logicalType" in schema else value

    def _record(self, schema: Schema, value: Any) -> dict[str, Any]:
        fields = schema["fields"]
        parts = [value[one["name"]] for one in fields] if isinstance(value, Mapping) else value
        return {
            one["name"]: self.write(one["type"], part)
            for one, part in zip(fields, parts, strict=True)
        }


def _time(value: int | datetime) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    try:
        return write_instant(value)
    except OverflowError:
        return value


class _Wrong(Exception):
    """Where a value does not have the form, and why."""


class _Reader(_Form):
    """Reads into the values of `BUILD`; `_Wrong` says where and why it cannot."""

    def read(self, schema: Schema, value: object, path: str = "") -> Any:
        if isinstance(schema, list):
            return None if value is None else self.read(schema[1], value, path)
        schema = self._resolve(schema)
        kind = schema["type"]
        if kind == "record":
            return self._record(schema, value, path)
        if "logicalType" in schema:
            return _instant(value, path)
        if kind in _INTS:
            return _whole(value, _INTS[kind], path)
        if kind in {"fixed", "bytes"}:
            return _bytes(value, schema.get("size"), path)
        if kind == "enum":
            return _symbol(value, schema, path)
        wanted = str if kind == "string" else bool
        if not isinstance(value, wanted):
            raise _Wrong(path, f"not a {kind}")
        return _text(value, path) if isinstance(value, str) else value

    def _record(self, schema: Schema, value: object, path: str) -> Any:
        if not isinstance(value, Mapping):
            raise _Wrong(path or "the event", "not an object")
        fields = {one["name"]: one for one in schema["fields"]}
        for name in value:
            if name not in fields:
                raise _Wrong(_at(path, _shown(name)), f"not a field of {schema['name']}")
        parts = [self._field(one, value, path) for one in fields.values()]
        return tuple.__new__(BUILD.records[schema["name"]], parts)

    def _field(self, one: Schema, value: Mapping[str, object], path: str) -> Any:
        name = one["name"]
        given = value.get(name, _MISSING)
        if given is _MISSING:
            if name in _REQUIRED:
                raise _Wrong(_at(path, name), "missing")
            given = one["default"]
        return self.read(one["type"], given, _at(path, name))


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(name: object) -> str:
    # A number could stand here too.
    text = str(name)
    return text if text.isidentifier() and text.isascii() and len(text) <= 32 else "a name"


def _symbol(value: object, schema: Schema, path: str) -> Any:
    symbols: list[str] = schema["symbols"]
    if not isinstance(value, str) or value not in symbols:
        raise _Wrong(path, f"not one of {', '.join(symbols)}")
    return BUILD.enums[schema["name"]][symbols.index(value)]


def _text(value: str, path: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as exc:  # half of a pair, written as an escape
        raise _Wrong(path, "not Unicode text") from exc
    return value


def _bytes(value: object, size: int | None, path: str) -> bytes:
    try:
        found = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.hex() != str(value).lower():
        raise _Wrong(path, "not bytes in hex, two digits for each")
    if size is not None and len(found) != size:
        raise _Wrong(path, f"{len(found)} bytes, not {size}")
    return found


def _whole(value: object, bits: int, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong(path, "not a whole number")
    if not -(1 << bits) <= value < 1 << bits:
        raise _Wrong(path, f"does not fit {bits + 1} bits")
    return value


def _instant(value: object, path: str) -> int:
    if not isinstance(value, str):
        return _whole(value, _INTS["long"], path)
    try:
        at_ms, exact = read_instant(value)
    except ValueError as exc:
        raise _Wrong(path, str(exc)) from exc
    if not exact:
        raise _Wrong(path, "finer than a millisecond")
    return at_ms
