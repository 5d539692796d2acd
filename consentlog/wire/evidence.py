"""Evidence of one event as bytes (rules of refusal 7)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

from consentlog.wire.framing import decode, encode
from consentlog.wire.schemas import EVIDENCE_ID


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves one event; fields as in `schemas/evidence-v1.avsc`, all optional."""

    verbatim: str | None = None
    language: str | None = None
    actor_org: str | None = None
    on_behalf_of: str | None = None
    source_system: str | None = None
    source_ref: str | None = None
    script_version: str | None = None
    recording_uri: str | None = None
    recording_sha256: bytes | None = None
    recording_offset_ms: int | None = None
    consent_text_version: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    data_source: str | None = None
    raw_number: str | None = None


_FIELDS: Final = tuple(field.name for field in fields(Evidence))


def encode_evidence(evidence: Evidence) -> bytes:
    """Encode and frame evidence.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    # Not `asdict`, which copies every text and costs as much as the encoding.
    return encode(EVIDENCE_ID, {name: getattr(evidence, name) for name in _FIELDS})


def decode_evidence(value: bytes) -> Evidence:
    """Decode framed evidence that is not sealed.

    Raises:
        CodecError: `CL-3101` if it is anything else.
    """
    return Evidence(**decode(value, EVIDENCE_ID))
