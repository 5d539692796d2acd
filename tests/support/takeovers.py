"""Documented consents as an older system has them, and the manifest of a list of them."""

from __future__ import annotations

from typing import Any

from consentlog.domain.ids import case_id
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason
from producers.takeovers.manifest import Manifest, digest_of


def row(**fields: Any) -> dict[str, Any]:
    """A consent with its proof; None leaves a field out."""
    found = {
        "number": "13800138000",
        "method": "web",
        "occurred_at": "2024-05-01T10:00:00+08:00",
        "consent_text_version": "privacy-7",
        "evidence_ref": "crm-1",
        "channel": "sms",
        **fields,
    }
    return {name: value for name, value in found.items() if value is not None}


def manifest(*batches: list[Any], **fields: Any) -> dict[str, Any]:
    """The manifest of a list that has these batches."""
    return {
        "list": "crm-2024",
        "entity": "acme",
        "rows": sum(map(len, batches)),
        "file_sha256": "ab" * 32,
        "first_at": "2024-01-01T00:00:00Z",
        "last_at": "2024-12-31T00:00:00Z",
        "batches": [digest_of(batch) for batch in batches],
        **fields,
    }


def approval_of(listed: dict[str, Any], id_key: bytes, at_ms: int) -> ReviewEvent:
    """The decision of a second person about a list of the demo's source `takeover`."""
    reason, payload = ReviewReason.TAKEOVER, Manifest.model_validate(listed).canonical
    return ReviewEvent(
        case_id(id_key, "takeover", reason, payload),
        reason,
        at_ms,
        "takeover",
        action=ReviewAction.DECIDED,
        decision="approved",
        decided_by="compliance-1",
        decided_at_ms=at_ms,
    )
