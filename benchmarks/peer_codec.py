"""The wire as somebody would write it with fastavro and dictionaries: the textbook peer's codec.

Same bytes in, same records out as `consentlog.wire`, so that the peers of `fold.py` do equal work.
Times are read as plain longs, which is cheaper than fastavro's default of building datetimes.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.state import SubjectState
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.wire.framing import HEAD_BYTES, head
from consentlog.wire.schemas import EVENT_ID, STATE_ID, pinned
from consentlog.wire.states import StateRecord, wire_state

_ENUMS: dict[str, Any] = {
    "action": Action,
    "basis": Basis,
    "purpose": Purpose,
    "channel": Channel,
    "occurred_at_set_by": SetBy,
    "precision": Precision,
    "hold_kind": HoldKind,
    "method": Method,
    "actor_type": ActorType,
    "kind": HoldKind,
}
_TIMES = (
    "occurred_at",
    "accepted_at",
    "until",
    "refused_at",
    "barrier_at",
    "granted_at",
    "grant_until",
)


def _without_logical_types(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            name: _without_logical_types(one)
            for name, one in schema.items()
            if name != "logicalType"
        }
    return [_without_logical_types(one) for one in schema] if isinstance(schema, list) else schema


_EVENT = fastavro.parse_schema(_without_logical_types(pinned()[EVENT_ID].schema))
_STATE = fastavro.parse_schema(_without_logical_types(pinned()[STATE_ID].schema))


def decode_event(value: bytes) -> ConsentEvent:
    """Decode one framed event."""
    buffer = BytesIO(value)
    buffer.seek(HEAD_BYTES)
    record: Any = fastavro.schemaless_reader(buffer, _EVENT)
    fact = record["fact"]
    for name in fact:
        if name in _ENUMS:
            fact[name] = _ENUMS[name](fact[name].lower())
    for name in ("occurred_at", "accepted_at", "until"):
        fact[f"{name}_ms"] = fact.pop(name)
    return ConsentEvent(
        record["subject"],
        Fact(**fact),
        record["recorded_at"],
        record["evidence_key_id"],
        record["evidence"],
    )


def encode_state(subject: str, as_of: int, writer: bytes, state: SubjectState) -> bytes:
    """Encode and frame one state record, its derived part included."""
    record = wire_state(StateRecord(subject, as_of, writer, state))._asdict()
    for name in ("facts", "scopes", "holds"):
        record[name] = [_fields(row) for row in record[name]]
    buffer = BytesIO()
    buffer.write(head(STATE_ID))
    fastavro.schemaless_writer(buffer, _STATE, record)
    return buffer.getvalue()


def _fields(row: Any) -> Any:
    fields = row._asdict()
    for name in list(fields):
        if name in _ENUMS:
            fields[name] = fields[name].upper()
        elif name.endswith("_ms") and name.removesuffix("_ms") in _TIMES:
            fields[name.removesuffix("_ms")] = fields.pop(name)
    return fields
