"""One record of the log as one row of the history. Pure, and total: every record has a row."""

from __future__ import annotations

from typing import Any, Final

from consentlog.clickhouse.history_table import HISTORY_COLUMNS
from consentlog.domain.events import ConsentEvent, defect_of
from consentlog.domain.leaf import leaf_hash
from consentlog.domain.subject import subject_of_key
from consentlog.errors import CodecError
from consentlog.ports import Record
from consentlog.wire.events import decode_event
from consentlog.wire.evidence import decode_evidence

Row = tuple[Any, ...]
"""Values in the order of `HISTORY_COLUMNS`; times as ms UTC, as DateTime64(3) takes them."""

LEAF_INDEX: Final = list(HISTORY_COLUMNS).index("leaf")
_ALWAYS: Final = LEAF_INDEX + 1
_EARLIEST_MS: Final = -2_208_988_800_000  # 1900-01-01, the first day of DateTime64
_LATEST_MS: Final = 10_413_791_999_999  # 2299-12-31, its last
_INT32_MAX: Final = 2**31 - 1

_EMPTY: Final = {"String": "", "LowCardinality(String)": "", "Bool": False, "Int32": 0}
# The client takes a column for bytes or for text by its first value: one `""` where the others are
# bytes is a batch that can never be written.
_NOT_DECODED: Final = tuple(
    b"" if name == "evidence" else _EMPTY.get(kind)
    for name, kind in list(HISTORY_COLUMNS.items())[_ALWAYS:]
)[3:]


def row_of(record: Record) -> Row:
    """Return a record's row.

    What does not decode keeps its bytes, its leaf and the reason; nothing is ever left out.

    Args:
        record: Any record, whatever its bytes are.
    """
    leaf = leaf_hash(
        record.topic,
        record.partition,
        record.offset,
        record.append_ms,
        record.key,
        record.headers,
        record.value,
    )
    head = (
        record.topic,
        record.partition,
        record.offset,
        record.append_ms,
        record.key,
        [{"name": name, "value": value} for name, value in record.headers],
        record.value,
        leaf,
    )
    return head + _reading(record)


def _reading(record: Record) -> Row:
    key_subject = subject_of_key(record.key) or ""
    try:
        event = decode_event(record.value)
    except CodecError as error:
        return (False, str(error.params["reason"]), key_subject, *_NOT_DECODED)
    defect = _defect(event, key_subject)
    return (True, defect or "", key_subject or event.subject, *_columns(event))


def _defect(event: ConsentEvent, key_subject: str) -> str | None:
    if event.subject != key_subject:
        return "the key is not the event's subject"
    fact = event.fact
    stated = (fact.occurred_at_ms, fact.accepted_at_ms, fact.until_ms, event.recorded_at_ms)
    if any(at is not None and _time(at) is None for at in stated):
        return "a time is out of range"
    return defect_of(event.subject, fact)


def _columns(event: ConsentEvent) -> Row:
    fact = event.fact
    return (
        fact.event_id,
        str(fact.action),
        str(fact.basis),
        fact.entity,
        fact.brand,
        fact.campaign,
        str(fact.purpose),
        str(fact.channel),
        _time(fact.occurred_at_ms),
        str(fact.occurred_at_set_by),
        str(fact.precision),
        fact.zone,
        fact.clock_wrong,
        max(-_INT32_MAX, min(fact.margin_ms, _INT32_MAX)),
        _time(fact.accepted_at_ms),
        _time(fact.until_ms),
        fact.target,
        str(fact.hold_kind),
        fact.source,
        str(fact.method),
        fact.actor_id,
        str(fact.actor_type),
        fact.actor_role,
        fact.has_evidence,
        _time(event.recorded_at_ms),
        event.evidence_key_id,
        event.evidence,
        _source_ref(event),
    )


def _time(at_ms: int | None) -> int | None:
    """Leave out a time that the column cannot hold; it stays in the bytes."""
    return at_ms if at_ms is not None and _EARLIEST_MS <= at_ms <= _LATEST_MS else None


def _source_ref(event: ConsentEvent) -> str | None:
    if event.evidence_key_id or not event.evidence:
        return None
    try:
        return decode_evidence(event.evidence).source_ref
    except CodecError:
        return None  # the event stands without it, and the bytes lie beside it
