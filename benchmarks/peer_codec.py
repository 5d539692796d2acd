"""The wire as somebody would write it with fastavro and dictionaries: the textbook peer's codec.

Same bytes in, same records out as `consentlog.wire`, so that the peers of `fold.py` do equal work.
Times are read as plain longs, which is cheaper than fastavro's default of building datetimes.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import fastavro

from consentlog.domain.derive import Derived, Hold, derive
from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.scope import Scope
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
from consentlog.wire.states import FOLD_VERSION

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
}
_TIMES = ("occurred_at", "accepted_at", "until")


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
    derived = derive(state.facts)
    record = {
        "subject": subject,
        "as_of": as_of,
        "log_epoch": 0,
        "writer": writer,
        "fold_version": FOLD_VERSION,
        "overflow": state.overflow,
        "progress": None,
        "hole": None,
        "facts": [_fields(state.facts[key]) for key in sorted(state.facts)],
        "review": derived.review or state.overflow,
        "scopes": _scopes(derived),
        "holds": [_hold(hold) for hold in derived.holds],
    }
    buffer = BytesIO()
    buffer.write(head(STATE_ID))
    fastavro.schemaless_writer(buffer, _STATE, record)
    return buffer.getvalue()


def _scopes(derived: Derived) -> list[dict[str, Any]]:
    found: dict[Scope, dict[str, Any]] = {}
    for refusal in derived.refusals:
        fact = refusal.fact
        row = found.setdefault(fact.scope, _scope(fact.scope))
        if row["barrier_at"] is None or row["barrier_at"] <= refusal.barrier_ms:
            row["refused_at"] = fact.acted_at_ms
            row["barrier_at"] = refusal.barrier_ms
            row["refused_by"] = fact.event_id
    for grant in derived.grants:
        fact = grant.fact
        row = found.setdefault(fact.scope, _scope(fact.scope))
        if row["granted_at"] is None or row["granted_at"] <= grant.granted_at_ms:
            row["granted_at"] = grant.granted_at_ms
            row["grant_until"] = grant.until_ms
            row["granted_by"] = fact.event_id
    return list(found.values())


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "entity": scope.entity,
        "brand": scope.brand,
        "campaign": scope.campaign,
        "purpose": scope.purpose.upper(),
        "channel": scope.channel.upper(),
        "refused_at": None,
        "barrier_at": None,
        "refused_by": None,
        "granted_at": None,
        "grant_until": None,
        "granted_by": None,
    }


def _hold(hold: Hold) -> dict[str, Any]:
    names = ("entity", "brand", "campaign", "purpose", "channel")
    scope = _scope(hold.scope)
    fields = {name: scope[name] for name in names}
    return {"event_id": hold.event_id, "kind": hold.kind.upper(), "until": hold.until_ms, **fields}


def _fields(row: Any) -> Any:
    fields = row._asdict()
    for name in list(fields):
        if name in _ENUMS:
            fields[name] = fields[name].upper()
        elif name.endswith("_ms") and name.removesuffix("_ms") in _TIMES:
            fields[name.removesuffix("_ms")] = fields.pop(name)
    return fields
