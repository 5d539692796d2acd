"""Columns of `consent_history`, in the order in which the sink fills them.

A test compares them with the table that the migrations make.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

HISTORY: Final = "consent_history"
HOLES: Final = "log_holes"

_TEXT: Final = "String"
_WORD: Final = "LowCardinality(String)"
_NAME: Final = "LowCardinality(Nullable(String))"
_TIME: Final = "DateTime64(3, 'UTC')"
_ID: Final = "Nullable(FixedString(16))"
_BYTES: Final = "Nullable(String)"

HISTORY_COLUMNS: Final = MappingProxyType(
    {
        "kafka_topic": _WORD,
        "kafka_partition": "UInt16",
        "kafka_offset": "UInt64",
        "ingested_at": _TIME,
        "kafka_key": _BYTES,
        "kafka_headers": "Array(Tuple(name String, value Nullable(String)))",
        "kafka_value": _BYTES,
        "leaf": "FixedString(32)",
        "decoded": "Bool",
        "defect": _TEXT,
        "subject": _TEXT,
        "event_id": _ID,
        "action": _WORD,
        "basis": _WORD,
        "entity": _WORD,
        "brand": _NAME,
        "campaign": _NAME,
        "purpose": _WORD,
        "channel": _WORD,
        "occurred_at": f"Nullable({_TIME})",
        "occurred_at_set_by": _WORD,
        "precision": _WORD,
        "zone": _NAME,
        "clock_wrong": "Bool",
        "margin_ms": "Int32",
        "accepted_at": f"Nullable({_TIME})",
        "until": f"Nullable({_TIME})",
        "target": _ID,
        "hold_kind": _WORD,
        "source": _WORD,
        "method": _WORD,
        "actor_id": _TEXT,
        "actor_type": _WORD,
        "actor_role": _WORD,
        "has_evidence": "Bool",
        "recorded_at": f"Nullable({_TIME})",
        "evidence_key_id": _WORD,
        "evidence": _TEXT,
        "evidence_source_ref": _BYTES,
    }
)
"""ClickHouse type by column name."""

HOLE_COLUMNS: Final = MappingProxyType(
    {
        "kafka_topic": _WORD,
        "kafka_partition": "UInt16",
        "first_offset": "UInt64",
        "last_offset": "UInt64",
        "found_at": _TIME,
    }
)
"""Columns of `log_holes`: offsets, both included, at which the log holds no record."""
