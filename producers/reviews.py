"""Opens cases for what could not be understood; the same input opens the same case."""

from __future__ import annotations

from consentlog.domain.ids import case_id
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
        The event; a delivery repeated opens the same case.
    """
    return ReviewEvent(
        review_id=case_id(id_key, source, reason, payload),
        reason=reason,
        opened_at_ms=opened_at_ms,
        source=source,
        subject=subject,
        detail=detail,
        payload=payload,
    )
