"""Consent events as bytes."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from consentlog.domain.events import ConsentEvent
from consentlog.errors import CodecError
from consentlog.wire.build import BUILD
from consentlog.wire.decoding import Decoder, compile_decoder
from consentlog.wire.framing import HEAD_BYTES, encode, head, schema_id_of
from consentlog.wire.schemas import EVENT_ID, pinned

_UPPER: Final = (
    "action", "basis", "purpose", "channel", "occurred_at_set_by", "precision", "hold_kind",
    "method", "actor_type",
)  # fmt: skip
_TIMES: Final = {
    "occurred_at_ms": "occurred_at",
    "accepted_at_ms": "accepted_at",
    "until_ms": "until",
}


def encode_event(event: ConsentEvent) -> bytes:
    """Encode and frame one event.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    return encode(EVENT_ID, event_fields(event))


def event_fields(event: ConsentEvent) -> dict[str, Any]:
    """Return the event as the schema names its fields; times stay ms UTC."""
    fact = {_TIMES.get(name, name): value for name, value in event.fact._asdict().items()}
    fact |= {name: fact[name].upper() for name in _UPPER}
    return {
        "subject": event.subject,
        "fact": fact,
        "recorded_at": event.recorded_at_ms,
        "evidence_key_id": event.evidence_key_id,
        "evidence": event.evidence,
    }


def decode_event(value: bytes | None) -> ConsentEvent:
    """Unframe and decode one event.

    Args:
        value: A record's value as it lies in the log.

    Returns:
        The event; whether it can be folded is `domain.events.defect_of`'s to say.

    Raises:
        CodecError: `CL-3101` for another schema, truncated or corrupt bytes, or bytes left over.
    """
    if value is None or value[:HEAD_BYTES] != _HEAD:
        raise CodecError("CL-3101", reason=f"not a consent event but schema {schema_id_of(value)}")
    try:
        event, end = _decoder()(value, HEAD_BYTES)
    except (LookupError, ValueError) as exc:
        raise CodecError("CL-3101", reason=str(exc)) from exc
    if end != len(value):
        raise CodecError("CL-3101", reason="the record does not end where its bytes end")
    decoded: ConsentEvent = event
    return decoded


_HEAD: Final = head(EVENT_ID)


@cache
def _decoder() -> Decoder:
    return compile_decoder(pinned()[EVENT_ID].schema, BUILD)
