"""Confluent framing: a zero byte, the schema id in four bytes.

Then one Avro record and nothing after it.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import Any, Final

import fastavro

from consentlog.errors import CodecError
from consentlog.wire.schemas import parsed, pinned

_HEAD: Final = struct.Struct(">bI")
HEAD_BYTES: Final = _HEAD.size


def head(schema_id: int) -> bytes:
    """Return the five bytes that stand before a record of `schema_id`."""
    return _HEAD.pack(0, schema_id)


def schema_id_of(value: bytes | None) -> int:
    """Read the schema id of a framed value.

    Raises:
        CodecError: `CL-3101` if the value is empty, not framed, or names a schema unknown here.
    """
    if value is None or len(value) < HEAD_BYTES or value[0] != 0:
        raise CodecError("CL-3101", reason="the value has no schema id in front")
    schema_id: int = _HEAD.unpack_from(value)[1]
    if schema_id not in pinned():
        raise CodecError("CL-3101", reason=f"schema id {schema_id} is unknown here")
    return schema_id


def encode(schema_id: int, record: dict[str, Any]) -> bytes:
    """Encode and frame one record.

    Args:
        schema_id: A pinned id.
        record: Every field of the schema, no other.

    Raises:
        ValueError: If a field is missing, unknown or of a wrong type.
    """
    buffer = BytesIO()
    buffer.write(head(schema_id))
    fastavro.schemaless_writer(buffer, parsed(schema_id), record, strict=True)
    return buffer.getvalue()


def decode(value: bytes | None, expected_id: int) -> dict[str, Any]:
    """Unframe and decode one record with fastavro.

    Args:
        value: A framed value.
        expected_id: The pinned id of what should lie here.

    Returns:
        Fields by name; timestamps as aware UTC datetimes.

    Raises:
        CodecError: `CL-3101` for another schema, truncated or corrupt bytes, or bytes left over.
    """
    if schema_id_of(value) != expected_id or value is None:
        raise CodecError("CL-3101", reason=f"not a record of schema {expected_id}")
    buffer = BytesIO(value)
    buffer.seek(HEAD_BYTES)
    try:
        record: dict[str, Any] = fastavro.schemaless_reader(buffer, parsed(expected_id))  # type: ignore[assignment]  # a record is a dict
    except Exception as exc:  # corrupt bytes raise almost anything (20,000 tried)
        raise CodecError("CL-3101", reason=type(exc).__name__) from exc
    if buffer.tell() != len(value):
        raise CodecError("CL-3101", reason="the record does not end where its bytes end")
    return record
