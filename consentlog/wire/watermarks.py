"""Watermarks as bytes: how far a gateway or a dialer is, as it says itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from consentlog.wire.framing import decode, encode
from consentlog.wire.schemas import WATERMARK_ID


class ReporterKind(StrEnum):
    """What reports."""

    UNKNOWN = "unknown"
    GATEWAY = "gateway"
    DIALER = "dialer"


@dataclass(frozen=True, slots=True)
class Watermark:
    """One report; its topic key is `reporter`.

    `reported_at_ms` is the reporter's own clock; `oldest_unsent_ms` the age of the oldest record
    that a gateway accepted and the log has not, None if none waits.
    """

    reporter: str
    kind: ReporterKind
    reported_at_ms: int
    oldest_unsent_ms: int | None = None
    waiting_count: int = 0
    parked_count: int = 0


def encode_watermark(watermark: Watermark) -> bytes:
    """Encode and frame one report.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    fields: dict[str, Any] = asdict(watermark)
    fields["reported_at"] = fields.pop("reported_at_ms")
    fields["kind"] = watermark.kind.upper()
    return encode(WATERMARK_ID, fields)


def decode_watermark(value: bytes | None) -> Watermark:
    """Decode one report.

    Raises:
        CodecError: `CL-3101` if it is anything else.
    """
    fields = decode(value, WATERMARK_ID)
    reported: datetime = fields.pop("reported_at")
    fields["kind"] = ReporterKind(fields["kind"].lower())
    return Watermark(reported_at_ms=round(reported.astimezone(UTC).timestamp() * 1000), **fields)
