"""Messages that ask for nothing: recorded as received, and nothing else.

The rules have no such action, and a message that is no act must not touch the state of a number.
So it stands in the review log as a case that was closed when it was opened: who wants to know
whether a message came finds it there, and nobody has to look at it.
"""

from __future__ import annotations

from typing import Final

from consentlog.domain.ids import case_id
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason

DECISION: Final = "message_received"
DECIDED_BY: Final = "words engine"


def received(  # noqa: PLR0913  # the parts of a case, keyword-only
    id_key: bytes,
    *,
    source: str,
    at_ms: int,
    payload: bytes,
    rule: str,
    subject: str | None,
    decided_by: str = DECIDED_BY,
) -> ReviewEvent:
    """Record a message that asks for nothing.

    Args:
        id_key: The deployment's id key.
        source: Registry id of the source.
        at_ms: Gateway's clock, ms UTC.
        payload: The message as it came.
        rule: Which rule said so.
        subject: E.164 if one is recognisable.
        decided_by: Whose rule it is.

    Returns:
        A case that is decided already; the same message told again is the same case.
    """
    return ReviewEvent(
        review_id=case_id(id_key, source, DECISION, payload),
        action=ReviewAction.DECIDED,
        reason=ReviewReason.UNKNOWN,
        opened_at_ms=at_ms,
        source=source,
        subject=subject,
        detail=f"a message that asks for nothing: {rule}",
        payload=payload,
        decided_by=decided_by,
        decision=DECISION,
        decided_at_ms=at_ms,
    )
