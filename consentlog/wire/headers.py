"""Kafka headers of an event: CloudEvents binary mode, and the caller's trace.

Source: CloudEvents 1.0.2, Kafka protocol binding, binary content mode; W3C Trace Context.
"""

from __future__ import annotations

from datetime import UTC, datetime

from consentlog.domain.events import ConsentEvent


def event_headers(event: ConsentEvent, traceparent: str | None = None) -> list[tuple[str, bytes]]:
    """Return the headers that stand beside an event.

    Args:
        event: The event; `ce_time` is its `accepted_at`.
        traceparent: W3C trace context of the request, if it had one.
    """
    accepted = datetime.fromtimestamp(event.fact.accepted_at_ms / 1000, UTC)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event.fact.event_id.hex(),
        "ce_type": f"io.consentlog.consent.{event.fact.action}.v1",
        "ce_source": f"/sources/{event.fact.source}",
        "ce_time": accepted.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content-type": "avro/binary",
    }
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return [(name, value.encode()) for name, value in headers.items()]


def with_id(headers: list[tuple[str, bytes]], event_id: bytes) -> list[tuple[str, bytes]]:
    """Return the headers of an event that differs from another in its id alone.

    Args:
        headers: Of the other event, from `event_headers`.
        event_id: 16 bytes.
    """
    return [headers[0], ("ce_id", event_id.hex().encode()), *headers[2:]]
