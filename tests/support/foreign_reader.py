"""A reader of the state topic as a stranger would write it from docs/state-contract.md.

Shares no code with consentlog: fastavro, the published schema, and the document. It uses the
derived part of a record only, so it may be stricter than the gate in the two places that the
document names.
"""

from __future__ import annotations

import io
import json
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import fastavro

_SCHEMA = fastavro.parse_schema(
    json.loads((Path(__file__).parents[2] / "schemas" / "consent-state-v1.avsc").read_text("utf-8"))
)
_MILLISECOND = 1000


def read(value: bytes) -> dict[str, Any]:
    """Decode one value; ValueError if it must not be believed."""
    if len(value) < 5 or struct.unpack_from(">bI", value) != (0, 3):
        raise ValueError("not a consent state")
    stream = io.BytesIO(value[5:])
    try:
        record = fastavro.schemaless_reader(stream, _SCHEMA)
    except Exception as exc:
        raise ValueError("does not decode") from exc
    if stream.read(1):
        raise ValueError("bytes left over")
    assert isinstance(record, dict)
    return record


class Partition:
    """Monotone rule, progress and tokens of one partition."""

    def __init__(self) -> None:
        self.position = (-1, -1)
        self.folded_through = -1
        self.level_at = 0

    def apply(self, record: dict[str, Any]) -> str:
        position = record["log_epoch"], record["as_of"]
        if position < self.position:
            return "dropped"
        if position[0] > self.position[0]:
            self.folded_through, self.level_at = -1, 0
        self.position = position
        if progress := record.get("progress"):
            self.folded_through = max(self.folded_through, progress["folded_through"])
            self.level_at = max(self.level_at, progress["level_at"])
        return "applied"

    def has(self, offset: int) -> bool:
        return offset <= max(self.position[1], self.folded_through)


def freshness(level_at: int, now: int) -> str:
    if now - level_at < -2_000:
        return "clock-skew"
    return "fresh" if now - level_at <= 15_000 else "stale"


def overlaps(scope: dict[str, Any], contact: dict[str, Any]) -> bool:
    entities = {"*", contact["entity"], *contact["predecessors"]}
    return (
        scope["entity"] in entities
        and scope["purpose"] in (contact["purpose"], "ALL", "UNKNOWN")
        and scope["channel"] in (contact["channel"], "ALL", "UNKNOWN")
        and all(
            None in (scope[name], contact[name]) or scope[name] == contact[name]
            for name in ("brand", "campaign")
        )
    )


def contains(scope: dict[str, Any], contact: dict[str, Any]) -> bool:
    return (
        scope["entity"] == contact["entity"]
        and scope["purpose"] in (contact["purpose"], "ALL")
        and scope["channel"] in (contact["channel"], "ALL")
        and all(scope[name] in (None, contact[name]) for name in ("brand", "campaign"))
    )


def verdict(
    record: dict[str, Any] | None, contact: dict[str, Any], at_ms: int, *, basis_required: bool
) -> str:
    """Decide from the derived part of a decoded record; None = the number was never seen."""
    if record is None:
        return "deny" if basis_required else "allow"
    if record["overflow"] or any(_runs(hold, contact, at_ms) for hold in record["holds"]):
        return "deny"
    barriers = [
        _ms(scope["barrier_at"])
        for scope in record["scopes"]
        if scope["refused_by"] is not None and overlaps(scope, contact)
    ]
    grants = [
        _ms(scope["granted_at"])
        for scope in record["scopes"]
        if scope["granted_by"] is not None and contains(scope, contact) and _lasts(scope, at_ms)
    ]
    if barriers:
        return "allow" if grants and max(grants) > max(barriers) else "deny"
    return "allow" if grants or not basis_required else "deny"


def _runs(hold: dict[str, Any], contact: dict[str, Any], at_ms: int) -> bool:
    return overlaps(hold, contact) and (hold["until"] is None or at_ms < _ms(hold["until"]))


def _lasts(scope: dict[str, Any], at_ms: int) -> bool:
    until = scope["grant_until"]
    return _ms(scope["granted_at"]) <= at_ms and (until is None or at_ms < _ms(until))


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * _MILLISECOND)
