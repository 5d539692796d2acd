"""Opens cases for what could not be understood; the same input opens the same case."""

from __future__ import annotations

import hashlib
import hmac

from consentlog.domain.ids import ID_BYTES
from consentlog.wire.reviews import ReviewEvent, ReviewReason


def open_review(  # noqa: PLR0913  # the parts of a case, keyword-only
    id_key: bytes,
    reason: ReviewReason,
    *,
    source: str,
    opened_at_ms: int,
    payload: bytes,
    detail: str,
    subject: str | None = None,
) -> ReviewEvent:
    """Open a case.

    Args:
        id_key: The deployment's id key: the id of a case must not tell whose number is in it.
        reason: Why a person must look.
        source: Registry id of the source.
        opened_at_ms: Gateway's clock, ms UTC.
        payload: What came in, as it came.
        detail: One sentence, without a number.
        subject: E.164 if one is recognisable.

    Returns:
        The event; its id is an HMAC over source, reason and payload, so that a delivery repeated
        does not open a second case.
    """
    mac = hmac.new(id_key, digestmod=hashlib.sha256)
    for part in (b"review", source.encode(), reason.encode(), payload):
        mac.update(len(part).to_bytes(4, "big") + part)
    return ReviewEvent(
        review_id=mac.digest()[:ID_BYTES],
        reason=reason,
        opened_at_ms=opened_at_ms,
        source=source,
        subject=subject,
        detail=detail,
        payload=payload,
    )
